"""The service as tests use it: the real application over SQLite, DuckDB and a gateway's port, called without sockets
of its own."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from ib_trading.adapters.ib.deadlines import Deadlines
from ib_trading.adapters.ib.session import IbGateway
from ib_trading.adapters.local.sqlite_database import SqliteDatabase
from ib_trading.adapters.local.sqlite_positions import SqlitePositions
from ib_trading.composition import build_services, create
from ib_trading.core.attribution import Booking
from ib_trading.core.snapshot import TradingSwitch
from ib_trading.host.in_process import InProcess
from ib_trading.intents.services import Services
from ib_trading.settings import Settings, read_settings

STACK_FILE = """\
config:
  ib-trading:trading:
    exposure:
      overall: "0.9"
      strategies: {dummy: "0.2", trend: "0.6"}
"""

START = "2019-06-03T15:00:00Z"
"""A Monday in trading hours at which the simulator's stocks have years of history behind them."""


@dataclass(frozen=True, slots=True)
class Reply:
    """`body` is the parsed JSON, `text` what it was parsed from."""

    status: int
    body: Any
    text: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ServiceUnderTest:
    services: Services
    client: FlaskClient
    folder: Path

    @classmethod
    def of(cls, services: Services, folder: Path) -> ServiceUnderTest:
        """One over services that are there already, which keep their files in `folder`."""
        return cls(services, create(services).test_client(), folder)

    @classmethod
    def over(
        cls, folder: Path, gateway_port: int, *, mode: str = "paper", stack_file: str = STACK_FILE
    ) -> ServiceUnderTest:
        """A service that keeps its files in `folder` and expects the gateway at `gateway_port`."""
        built = build_services(settings(folder, gateway_port, mode=mode, stack_file=stack_file))
        return cls.of(replace(built, strategies=InProcess.discovered()), folder)

    @classmethod
    def impatient(cls, folder: Path, gateway_port: int, *, stack_file: str = STACK_FILE) -> ServiceUnderTest:
        """The same, but it waits for no answer longer than two seconds: for brokers that fall silent."""
        patient = cls.over(folder, gateway_port, stack_file=stack_file)
        deadlines = Deadlines(answer=2, snapshot=2)
        client_id = patient.services.mode.client_id
        return patient.having(gateway=IbGateway("127.0.0.1", gateway_port, client_id, deadlines=deadlines))

    def having(self, **others: Any) -> ServiceUnderTest:
        """The same, with other members of its Services in the place of its own."""
        return self.of(replace(self.services, **others), self.folder)

    def bookings(self) -> tuple[Booking, ...]:
        """All that has ever been booked, as it is stored."""
        with closing(
            SqliteDatabase(self.folder / "stores" / f"{self.services.mode.value}.sqlite")
        ) as database:
            return SqlitePositions(database).bookings()

    def disable_trading(self, reason: str) -> None:
        """Throws the kill switch, whatever is under way."""
        self.services.switch.set_trading_switch(TradingSwitch(False, reason), self.services.clock.now())

    def get(self, path: str, **headers: str) -> Reply:
        return _reply(self.client.get(path, headers=headers))

    def post(self, path: str, body: object = None, *, raw: bytes | None = None, **headers: str) -> Reply:
        """POSTs `body` as JSON, or `raw` as it is; header names are written with underscores."""
        return self._send("POST", path, body, raw, headers)

    def put(self, path: str, body: object = None, **headers: str) -> Reply:
        return self._send("PUT", path, body, None, headers)

    def _send(
        self, method: str, path: str, body: object, raw: bytes | None, headers: Mapping[str, str]
    ) -> Reply:
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        spelled = {name.replace("_", "-"): value for name, value in headers.items()}
        return _reply(
            self.client.open(
                path, method=method, data=data, headers={"Content-Type": "application/json"} | spelled
            )
        )


def settings(
    folder: Path, gateway_port: int, *, mode: str = "paper", stack_file: str = STACK_FILE
) -> Settings:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"Pulumi.{mode}.yaml"
    path.write_text(stack_file)
    return read_settings(
        {
            "TRADING_MODE": mode,
            "LOCAL_DATA_DIR": str(folder / "stores"),
            "IB_GATEWAY": f"127.0.0.1:{gateway_port}",
            "TRADING_CONFIG": str(path),
            "CLOCK": "broker" if mode == "paper" else "system",
        }
    )


def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _reply(response: Any) -> Reply:
    text = response.get_data(as_text=True)
    is_json = "json" in (response.content_type or "") and "ndjson" not in response.content_type
    return Reply(response.status_code, json.loads(text) if is_json else None, text, dict(response.headers))
