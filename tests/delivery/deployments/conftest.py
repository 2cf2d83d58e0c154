"""Paper and live, each in a Google project of its own, after a first `pulumi up` without an image; and everything that
a deployment asks. The stacks are made once a session, for all workers."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.delivery.deployments.site import Site, image, path, site
from tests.engine.checkout import Checkout
from tests.engine.conftest import engine, once, project, providers, stock

__all__ = ["engine", "project", "providers", "stock"]

STAMP = "20260102T030405Z"


@pytest.fixture(scope="session")
def without_image(stock: Path, project: Checkout) -> Checkout:
    def deploy(checkout: Checkout) -> None:
        for stack in ("paper", "live"):
            checkout.up(stack, "--skip-preview")
        checkout.world.forget_calls()

    return once(stock, "without-image", project, deploy)


@pytest.fixture
def empty(without_image: Checkout, tmp_path: Path) -> Generator[Site]:
    """Nothing serves, nothing was pushed."""
    with site(without_image.copied(tmp_path / "checkout"), tmp_path / "registry") as made:
        yield made


@pytest.fixture(scope="session")
def with_image(stock: Path, without_image: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Paper with its first image, whose digest is that of its content."""

    def deploy(checkout: Checkout) -> None:
        with site(checkout, tmp_path_factory.mktemp("registry")) as made:
            digest = made.push("paper", "first")
        checkout.configure("paper", {"ib-trading:image": image("paper", digest)})
        checkout.up("paper", "--skip-preview")
        checkout.world.forget_calls()

    return once(stock, "with-image", without_image, deploy)


@pytest.fixture
def paper(with_image: Checkout, tmp_path: Path) -> Generator[Site]:
    """Paper serves its first image, as a deployment leaves it."""
    with site(with_image.copied(tmp_path / "checkout"), tmp_path / "registry") as made:
        digest = made.push("paper", "first")
        for verb in ("deploying", "deployed"):
            made.registry.tag(path("paper"), f"{verb}-paper-{STAMP}", digest)
        yield made
