"""A person's checkout beside a deployed service: the real one, over the simulator, behind its own address."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ib_trading.composition import create
from ib_trading_simulator.launch import Launched
from tests.control_plane.iam_credentials import IamCredentials
from tests.control_plane.server import ControlPlane, control_plane
from tests.delivery import pulumi_program
from tests.delivery.front import Front, served
from tests.delivery.terminal import Terminal, terminal
from tests.service import START, ServiceUnderTest

ROOT = Path(__file__).resolve().parent.parent.parent
HOST = "ib-paper-abc-oa.a.run.app"
URL = f"https://{HOST}"
OPERATOR = "ib-operator@my-project.iam.gserviceaccount.com"
OUTPUTS = {
    "tradingMode": "paper",
    "serviceName": "ib-paper",
    "serviceUrl": URL,
    "repository": "europe-west6-docker.pkg.dev/my-project/ib-trading",
    "secret": "ib-credentials",
    "operatorAccount": OPERATOR,
}


@dataclass(slots=True)
class Workstation:
    folder: Path
    plane: ControlPlane
    front: Front
    identities: IamCredentials

    @property
    def environment(self) -> dict[str, str]:
        stand_ins = {"control_plane": self.plane.address, "front": self.front.address}
        return {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "HOME": str(self.folder),
            "DELIVERY_STAND_INS": json.dumps(stand_ins),
        }

    def command(self, session: str, *arguments: str) -> list[str]:
        return [sys.executable, "-P", "-m", f"delivery.commands.{session}", *arguments]

    def sit_down(self, session: str, *arguments: str, columns: int = 80) -> AbstractContextManager[Terminal]:
        return terminal(self.command(session, *arguments), self.folder, self.environment, columns)

    def run(self, session: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """With nobody at a terminal."""
        return subprocess.run(
            self.command(session, *arguments),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def outputs(self, changes: Mapping[str, str], stack: str = "paper") -> None:
        pulumi_program.install(self.folder, OUTPUTS | dict(changes), stack)


@contextmanager
def workstation(folder: Path) -> Generator[Workstation]:
    """Without a service behind the address."""
    identities = IamCredentials()
    with control_plane() as plane, served(Front(OPERATOR)) as front:
        identities.serve(plane)
        one = Workstation(folder, plane, front, identities)
        one.outputs({})
        yield one


@contextmanager
def deployed(folder: Path) -> Generator[Workstation]:
    """With the real service, that trades at the simulator with prices of 2019."""
    with workstation(folder) as one, Launched.start("--clock", "virtual", "--start", START) as simulator:
        service = ServiceUnderTest.over(folder / "service", simulator.port)
        one.front.services[HOST] = create(service.services).wsgi_app
        yield one
