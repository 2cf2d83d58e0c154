"""What holds for every test: it cannot leave this machine, the developer's own environment does not reach it, and the
adapter trades through the library that was chosen (`--ib-library ib_async`)."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import settings

from emulators.bigquery import HOST as BIGQUERY_HOST
from emulators.bigquery import emulated_bigquery
from emulators.firestore import HOST, emulated_firestore
from ib_trading.adapters.ib import library
from ib_trading.logs import say_through_logging
from tests.required import installed

# Variables of a developer's shell that would steer the product or Google's clients.
FOREIGN = (
    "BACKEND",
    "CLOCK",
    "CLOUDSDK_CORE_PROJECT",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_PROJECT",
    "K_SERVICE",
    "PROJECT_ID",
    "TRADING_MODE",
)

# The container's, whose tests run there as well (`./nox -s tests -- --in-image`).
CONTAINERS_PYTHON = (3, 12)

# They speak Google's protocols by Google's libraries, which only the session `emulators` installs.
collect_ignore = [] if find_spec("grpc") else ["emulators"]

# A slow machine is no failure, and the pipeline tries the same examples every time.
settings.register_profile("here", deadline=None)
settings.register_profile("pipeline", deadline=None, derandomize=True)
settings.load_profile("pipeline" if "CI" in os.environ else "here")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--ib-library", default=library.NAME, help="the client library that the ib adapter is run with"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Before anything has asked for the library; with xdist in each of its processes."""
    library.NAME = config.getoption("--ib-library")
    # pytest shows a failed test's lines, as it does those of libraries; tests/captured.py hands them to who asks.
    say_through_logging()
    # What a shell starts behind & ignores Ctrl-C, and whatever that starts would too; a terminal's programs do not.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is long comes first: with several processes, one that is met at the end is all that is still running."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    if sys.version_info[:2] != CONTAINERS_PYTHON:
        elsewhere = pytest.mark.skip(reason=f"runs once, on Python {'.'.join(map(str, CONTAINERS_PYTHON))}")
        for item in items:
            if item.get_closest_marker("once"):
                item.add_marker(elsewhere)


class LeftTheMachineError(AssertionError):
    """A test tried to reach another machine: use the simulator, or a server of its own on 127.0.0.1."""


def _stay_here(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: connections and name look-ups are for this machine."""
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if host not in {None, "", "localhost", b"localhost"} and not _is_loopback(host):
        raise LeftTheMachineError(f"{LeftTheMachineError.__doc__} (it was {host!r})")


def _is_loopback(host: str | bytes) -> bool:
    try:
        address = ip_address(host.decode() if isinstance(host, bytes) else host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


sys.addaudithook(_stay_here)


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FOREIGN:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def firestore_emulator(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """host:port of a Firestore emulator, which Google's client finds, in child processes too: the one that
    `./nox -s emulators` has started for all processes of the run, or one of this process's own."""
    if HOST in os.environ:
        yield os.environ[HOST]
        return
    with (
        installed(emulated_firestore(tmp_path_factory.mktemp("firestore"))) as address,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv(HOST, address)
        yield address


@pytest.fixture(scope="session")
def bigquery_address(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """host:port of a BigQuery stand-in: the run's for the first of its processes, and for each other one of its own. It
    computes on one core, and is what the tests wait for."""
    if BIGQUERY_HOST in os.environ and os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0":
        yield os.environ[BIGQUERY_HOST]
        return
    with installed(emulated_bigquery(tmp_path_factory.mktemp("bigquery"))) as address:
        yield address
