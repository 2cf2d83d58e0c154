"""A Firestore on this machine: Google's own emulator, which answers the official client, on a free port.

FIRESTORE_EMULATOR_JAR names its jar; else it is looked for in the SDK of the gcloud on PATH.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from emulators.programs import Missing, require_client, running

HOST = "FIRESTORE_EMULATOR_HOST"
"""Where Google's client looks for an emulator: host:port."""

_JAR = Path("platform/cloud-firestore-emulator/cloud-firestore-emulator.jar")
_START = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_REMEDY = (
    "install it (apt-get install google-cloud-cli-firestore-emulator default-jre-headless, or gcloud components install"
    " cloud-firestore-emulator), or say in FIRESTORE_EMULATOR_JAR where it is"
)


def jar(environment: Mapping[str, str]) -> Path | None:
    """The emulator of this machine, if it has one."""
    if named := environment.get("FIRESTORE_EMULATOR_JAR"):
        return Path(named) if Path(named).is_file() else None
    gcloud = shutil.which("gcloud", path=environment.get("PATH"))
    # The command is a link to <SDK>/bin/gcloud, whoever installed it.
    found = Path(gcloud).resolve().parents[1] / _JAR if gcloud else None
    return found if found is not None and found.is_file() else None


def program() -> tuple[str, ...]:
    """The command, but for where to listen. Missing where something of it is not installed."""
    require_client("google.cloud.firestore", "Firestore")
    found = jar(os.environ)
    if found is None or shutil.which("java") is None:
        raise Missing(f"The Firestore emulator is not installed; {_REMEDY}")
    return ("java", "-Xmx768m", "-cp", str(found), _START, "start")


@contextmanager
def emulated_firestore(folder: Path) -> Generator[str]:
    """host:port of an emulator with nothing in it. Missing where there is none."""
    command = program()
    address = f"127.0.0.1:{_free_port()}"
    host, _, port = address.partition(":")
    listening = (f"--host={host}", f"--port={port}")
    with running((*command, *listening), until="is now running", environment=os.environ, folder=folder):
        yield address


def _free_port() -> int:
    """The emulator does not tell which port it took when it is given 0."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
