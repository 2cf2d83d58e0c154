"""A service whose own gateway is the scripted one: what it was started with, what it said, and what is left of it."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ib_trading.adapters.ib.gateway.installation import Installation
from ib_trading.adapters.ib.gateway.session_lease import SessionLease
from ib_trading.adapters.ib.gateway.source import SupervisedGateway
from ib_trading.adapters.ib.gateway.supervisor import Supervisor
from ib_trading.adapters.ib.gateway.timeouts import GatewayTimeouts
from ib_trading.adapters.ib.session import IbGateway
from ib_trading.adapters.local.clock import SystemClock
from ib_trading.adapters.local.secret_file import SecretFile
from ib_trading.adapters.local.sqlite_database import SqliteDatabase
from ib_trading.adapters.local.sqlite_lease import SqliteLease, gateway_lease
from ib_trading.composition import build_services
from ib_trading.core.mode import TradingMode
from ib_trading.host.in_process import InProcess
from ib_trading.schema.credentials import GatewayCredentials
from tests.elapsed import stretched
from tests.service import STACK_FILE, START, ServiceUnderTest, closed_port, settings

ROOT = Path(__file__).parents[2]
MARKED = "Zq7xW3kMarker9"
MARKER = f" {MARKED}!=\\:wörd #1 "
USER = "marker-user"
SERVED = ["--clock", "virtual", "--start", START, "--cash", "USD=1000000"]

QUICK = GatewayTimeouts(
    login=20,
    second_factor=4,
    silent=2,
    look=0.05,
    look_when_ready=0.2,
    answer=0.5,
    stop=1.5,
    leave=1,
    lease=3,
    pause=0.05,
    login_pause=0.05,
    longest_login_pause=0.4,
    longest_pause=0.4,
    starts_a_minute=20,
    by_itself=1,
    locked=30,
    taken_over=30,
    second_factor_again=0,
)
ROOM = 3.0
"""Processes to a core that these seconds have room for already: the tests' own, four at a time on two cores."""

LOGIN = [{"say": "2026-11-22 10:00:00:000 IBC: Login attempt: 1"}]
UP = [{"serve": SERVED}, {"say": "2026-11-22 10:00:09:000 IBC: Login has completed"}]
SECOND_FACTOR = [{"say": "2026-11-22 10:00:02:000 IBC: Second Factor Authentication initiated"}]
TITLE = "Unrecognized Username or Password"
WRONG_PASSWORD = [{"say": f"2026-11-22 10:00:03:000 IBC: detected dialog entitled: {TITLE}; event=Opened"}]
STUCK = [{"await": "never"}]

Scene = list[dict[str, Any]]


def _longer(timeouts: GatewayTimeouts, late: float) -> GatewayTimeouts:
    """The same, with `late` times the seconds in which somebody else has to do something."""
    return replace(
        timeouts,
        login=timeouts.login * late,
        second_factor=timeouts.second_factor * late,
        silent=timeouts.silent * late,
        answer=timeouts.answer * late,
    )


@dataclass
class Stage:
    """`gateway` may be closed; `service` answers HTTP over it."""

    folder: Path
    port: int
    service: ServiceUnderTest
    gateway: SupervisedGateway
    lease: SqliteLease
    secret: Path

    @classmethod
    def built(
        cls,
        folder: Path,
        *scenes: Scene,
        timeouts: GatewayTimeouts = QUICK,
        wait: int = 40,
        always: bool = False,
        device: str = "",
    ) -> Stage:
        """The n-th start plays the n-th scene. A request waits `wait` seconds for the gateway; this and what `timeouts`
        waits for others is longer on a machine on which they come late."""
        late = max(1.0, stretched(1) / ROOM)
        wait, timeouts = int(wait * late), _longer(timeouts, late)
        port = closed_port()
        install(folder, *scenes)
        stack_file = STACK_FILE.replace("    exposure:", f"    gatewayStartSeconds: {wait}\n    exposure:")
        built = build_services(settings(folder, port, stack_file=stack_file))
        services = replace(built, strategies=InProcess.discovered())
        lease = gateway_lease(SqliteDatabase(folder / "stores" / "paper.sqlite"))
        secret = folder / "credentials.json"
        write_secret(secret, MARKER)
        supervisor = Supervisor(
            installation(folder, port, device),
            SecretFile(secret),
            SessionLease(lease, SystemClock(), "this instance", timeouts.lease),
            timeouts,
            persistent=always,
        )
        sessions = IbGateway("127.0.0.1", port, TradingMode.PAPER.client_id)
        gateway = SupervisedGateway(
            supervisor,
            sessions,
            lambda: services.config.read().gateway_start_seconds,
            timeouts,
            always=always,
        )
        service = ServiceUnderTest.of(replace(services, gateway=gateway), folder)
        return cls(folder, port, service, gateway, lease, secret)

    @property
    def starts(self) -> list[str]:
        """The arguments of each start of the script."""
        return lines(self.folder / "starts")

    @property
    def state(self) -> str | None:
        return self.gateway.status().state

    def ready(self) -> tuple[int, dict[str, Any]]:
        """The status of /ready and what it says of the gateway."""
        reply = self.service.get("/ready")
        [told] = [one for one in reply.body["dependencies"] if one["name"] == "gateway"]
        return reply.status, told

    def program(self) -> dict[str, Any]:
        return json.loads((self.folder / "program.json").read_text())

    def left_over(self) -> list[str]:
        """The processes, zombies too, that still belong to this gateway."""
        return [line for line in processes() if str(self.folder) in line or f"--port {self.port}" in line]


def install(folder: Path, *scenes: Scene) -> None:
    """IBC and a gateway below `folder`, as the image has them."""
    script = folder / "ibc" / "scripts" / "ibcstart.sh"
    script.parent.mkdir(parents=True)
    (folder / "opt" / "ibgateway" / "1037").mkdir(parents=True)
    source = (Path(__file__).parent / "scripted_gateway.py").read_text()
    script.write_text(f"#!{sys.executable}\n{source}")
    script.chmod(0o755)
    (folder / "scenes.json").write_text(json.dumps(scenes))
    (folder / "home").write_text(str(ROOT))


def installation(folder: Path, port: int, device: str = "") -> Installation:
    environment = {"PATH": os.environ["PATH"], "TZ": "Etc/UTC"}
    return Installation(
        folder / "ibc", folder / "opt", folder / "run", port, TradingMode.PAPER, environment, device
    )


def write_secret(path: Path, password: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(GatewayCredentials(USER, password).spelled())


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def processes() -> list[str]:
    """pid, state and command line of every process of this machine."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                found.append(f"{entry.name} {command}")
    return found


def until(true: Callable[[], object], seconds: float = 120) -> None:
    """Waits for something that happens in another process, which reports it to nobody."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
