"""The service in its container, as tests run it: embedded stores in a mounted folder, its own supervised gateway.

The image has what BACKEND=google needs. What BACKEND=local needs besides is mounted, like the simulator that the
stand-in for the gateway starts; nothing of either is in the image.
"""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import files
from pathlib import Path

from delivery.image.builder import APPLICATION
from ib_trading.schema.credentials import GatewayCredentials
from tests.images.container import Container, running
from tests.images.workshop import MARKER, REPOSITORY, Workshop

USER = 10001
# `dummy` needs no history.
STACK_FILE = """\
config:
  ib-trading:trading:
    exposure:
      overall: "0.9"
      strategies: {dummy: "0.5"}
"""
EMBEDDED = ("duckdb", "pyyaml")
CREDENTIALS = GatewayCredentials("marker-of-a-user", MARKER)


@contextmanager
def service(
    workshop: Workshop,
    folder: Path,
    *,
    read_only: bool = True,
    stack_file: str = STACK_FILE,
    **environment: str,
) -> Generator[Container]:
    """A container with `folder/stores` for its stores; `environment` is more to set."""
    stores = folder / "stores"
    stores.mkdir()
    (stores / "paper.credentials.json").write_bytes(CREDENTIALS.spelled())
    (stores / "paper.credentials.json").chmod(0o600)
    for path in (stores, *stores.iterdir()):
        shutil.chown(path, USER, USER)
    with running(
        workshop.images,
        APPLICATION,
        folder,
        environment={
            "BACKEND": "local",
            "CLOCK": "broker",
            "IB_GATEWAY": "ibc",
            # As on Cloud Run: the service listens on every interface of a network that is the container's own.
            "K_SERVICE": "ib-paper",
            "LOCAL_DATA_DIR": "/srv/stores",
            "PYTHONPATH": "/srv/packages",
            "TRADING_CONFIG": "/srv/config/Pulumi.paper.yaml",
        }
        | environment,
        mounted=[
            (embedded_packages(folder / "packages"), "/srv/packages"),
            (_stack_file(folder / "config", stack_file), "/srv/config"),
            (REPOSITORY / "simulator", "/srv/tests/simulator"),
        ],
        kept=[(stores, "/srv/stores")],
        read_only=read_only,
    ) as container:
        container.wait_until_up()
        yield container


def gateway_notes(folder: Path) -> list[tuple[str, float]]:
    """What the stand-in for the gateway did (started, logged in, logged out), each with the seconds of a steady
    clock."""
    lines = (folder / "stores/sessions").read_text().splitlines()
    return [(event, float(seconds)) for event, _, seconds in (line.partition("\t") for line in lines)]


def _stack_file(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "Pulumi.paper.yaml").write_text(text)
    return folder


def embedded_packages(folder: Path) -> Path:
    """DuckDB and PyYAML as this environment has them, which is for the image's Python: the same versions of uv.lock."""
    for package in EMBEDDED:
        for file in files(package) or ():
            if file.parts[0] != "..":
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.locate(), folder / file)
    return folder
