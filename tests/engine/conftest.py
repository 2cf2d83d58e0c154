"""The stacks that the scenarios start from: each deployed once a session, for all workers, and copied for each test."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from tests.engine.checkout import Checkout
from tests.engine.cloud.attached import end_all
from tests.engine.stacks import IMAGE, in_one_project, in_own_project
from tests.required import tool

SECONDS = 900
"""A test may have to deploy the stack that it starts from, while others do the same."""

Prepare = Callable[[Checkout], None]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.timeout(SECONDS))


@pytest.fixture(scope="session", autouse=True)
def engine() -> None:
    tool("pulumi")


@pytest.fixture(autouse=True)
def providers() -> Generator[None]:
    """Those that a test's engines were attached to end with it."""
    yield
    end_all()


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of this session."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "engine"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def project(stock: Path, engine: None) -> Checkout:
    """A fresh clone with both stacks initialised: each in a Google project of its own that was bootstrapped,
    no image, nothing deployed."""

    def initialise(checkout: Checkout) -> None:
        for stack in ("paper", "live"):
            checkout.done("stack", "init", stack)
            checkout.configure(stack, in_own_project(stack))
            for place in (in_own_project(stack), in_one_project(stack)):
                checkout.bootstrapped(place["gcp:project"])

    return once(stock, "project", None, initialise)


@pytest.fixture(scope="session")
def started(stock: Path, project: Checkout) -> Checkout:
    """Paper after its first `up`, without an image."""
    return once(stock, "started", project, lambda checkout: _deploy(checkout, "paper"))


@pytest.fixture(scope="session")
def running(stock: Path, started: Checkout) -> Checkout:
    """Paper with its service."""

    def deploy(checkout: Checkout) -> None:
        checkout.configure("paper", {"ib-trading:image": IMAGE})
        _deploy(checkout, "paper")

    return once(stock, "running", started, deploy)


@pytest.fixture(scope="session")
def both(stock: Path, project: Checkout) -> Checkout:
    """Paper and live in one Google project, each with its service."""

    def deploy(checkout: Checkout) -> None:
        for stack in ("paper", "live"):
            checkout.configure(stack, in_one_project(stack))
            _deploy(checkout, stack)

    return once(stock, "both", project, deploy)


@pytest.fixture
def fresh(project: Checkout, tmp_path: Path) -> Checkout:
    return project.copied(tmp_path / "checkout")


@pytest.fixture
def first(started: Checkout, tmp_path: Path) -> Checkout:
    return started.copied(tmp_path / "checkout")


@pytest.fixture
def paper(running: Checkout, tmp_path: Path) -> Checkout:
    return running.copied(tmp_path / "checkout")


@pytest.fixture
def two(both: Checkout, tmp_path: Path) -> Checkout:
    return both.copied(tmp_path / "checkout")


def _deploy(checkout: Checkout, stack: str) -> None:
    checkout.up(stack, "--skip-preview")
    checkout.world.forget_calls()


def once(stock: Path, name: str, start: Checkout | None, prepare: Prepare) -> Checkout:
    """The checkout of that name, prepared by whichever worker comes first; the others wait for it."""
    folder, bytecode = stock / name, stock / "bytecode"
    with (stock / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            making = stock / f"{name}.making"
            checkout = start.copied(making) if start else Checkout.clone(making, bytecode)
            prepare(checkout)
            making.rename(folder)
    return Checkout(folder, bytecode)
