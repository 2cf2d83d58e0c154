"""Runs a simulator as a process of its own and talks to its control port: for tests, demonstrations and
notebooks.

    with Launched.start("--clock", "virtual", "--cash", "USD=50000") as simulator:
        ib.connect("127.0.0.1", simulator.port, clientId=1)
        simulator.advance(by="1 day")
        simulator.state()["executions"]

Waits only for what the process says (its first line, its answers, its end), never for time to pass. Both
ports are picked by the system unless options say otherwise.
"""

from __future__ import annotations

import http.client
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HOST = "127.0.0.1"

# Where the process finds the package, installed or not, whatever its present directory is.
_HOME = Path(__file__).resolve().parent.parent


class LaunchError(Exception):
    """The simulator did not start; the text is what it wrote to stderr."""


class ControlError(Exception):
    """The control port refused; the text is its sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(slots=True)
class Launched:
    """A running simulator. `account` is the first of its accounts."""

    port: int
    control_port: int
    account: str
    process: subprocess.Popen[str]

    @classmethod
    def start(cls, *options: str | Path, timeout: float = 60) -> Self:
        """Starts `python -m ib_trading_simulator` and waits for its first line, at most `timeout` seconds. Raises
        LaunchError.
        """
        spelled = [str(option) for option in options]
        if "--port" not in spelled:
            spelled += ["--port", "0"]
        process = subprocess.Popen(
            [sys.executable, "-m", "ib_trading_simulator", *spelled],
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(_HOME), os.environ.get("PYTHONPATH", "")))},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        readable, _, _ = select.select([process.stdout], [], [], timeout)
        line = process.stdout.readline() if readable else ""
        if not line:
            process.kill()
            _, complaint = process.communicate()
            raise LaunchError(complaint.strip() or f"the simulator said nothing for {timeout} seconds")
        ports = json.loads(line)
        return cls(ports["port"], ports["controlPort"], ports["account"], process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self, number: signal.Signals = signal.SIGTERM, timeout: float = 60) -> tuple[int, str]:
        """Ends the process with a signal and waits for it: its exit code and what it wrote to stderr."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            _, complaint = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        return self.process.returncode, complaint

    # The control port

    def state(self, *, messages: bool = True, since: int = 0) -> dict[str, Any]:
        """Everything the simulator knows; the message log from entry `since` on, or none of it."""
        return self.ask("GET", f"/state?since={since}" if messages else "/state?messages=no")

    def advance(self, *, by: float | str | None = None, to: datetime | str | None = None) -> dict[str, Any]:
        """Lets simulated time pass; returns when everything due is done and written to the sockets."""
        if to is not None:
            return self.ask("POST", "/advance", {"to": to.isoformat() if isinstance(to, datetime) else to})
        return self.ask("POST", "/advance", {"by": by})

    def trade(self, symbol: str, action: str, quantity: int, **more: str | int) -> dict[str, Any]:
        """A trade by hand at the gateway; `more` may be price, account, orderRef."""
        return self.ask("POST", "/trade", {"symbol": symbol, "action": action, "quantity": quantity, **more})

    def set_price(self, symbol: str, price: str | int) -> dict[str, Any]:
        return self.ask("POST", "/price", {"symbol": symbol, "price": price})

    def transfer(self, amount: Decimal | int, **more: str) -> dict[str, Any]:
        """Deposits cash, or withdraws it if the amount is below 0; `more` may be currency, account."""
        return self.ask("POST", "/cash", {"amount": str(amount), **more})

    def fault(self, what: str | Mapping[str, Any], **when: str | int | bool) -> dict[str, Any]:
        """Has the simulator misbehave, see faults.py: `fault({"do": "reject", "reason": "..."}, symbol="AAPL")`."""
        return self.ask("POST", "/fault", {"when": when, "what": what})

    def behave(self) -> dict[str, Any]:
        """Ends all misbehaviour."""
        return self.ask("POST", "/fault", {"clear": True})

    def restart(self, down: float = 0) -> dict[str, Any]:
        """Closes every socket of the API and, `down` real seconds later, listens again on the same port."""
        return self.ask("POST", "/restart", {"down": down})

    def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, timeout: float = 300
    ) -> dict[str, Any]:
        """Any request to the control port. Raises ControlError for an answer that is not 200."""
        connection = http.client.HTTPConnection(HOST, self.control_port, timeout=timeout)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None)
            answer = connection.getresponse()
            document = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise ControlError(answer.status, document["error"])
        return document
