"""Ports that end their process at a chosen point, as SIGKILL does: no `finally` runs, no socket says goodbye.

Each is the real adapter with one call watched; the service itself knows nothing of them.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

from ib_trading.adapters.ib.broker import IbBroker
from ib_trading.adapters.ib.session import IbGateway
from ib_trading.adapters.local.clock import SystemClock
from ib_trading.adapters.local.sqlite_database import SqliteDatabase
from ib_trading.adapters.local.sqlite_journal import SqliteJournal
from ib_trading.adapters.local.sqlite_lease import trading_lease
from ib_trading.adapters.local.sqlite_positions import SqlitePositions
from ib_trading.core.attribution import Booking, Execution
from ib_trading.core.instruments import Instrument
from ib_trading.core.journal import Run, RunState
from ib_trading.core.lease import Lease
from ib_trading.core.order import Order
from ib_trading.intents.leased_ledger import Books
from ib_trading.intents.services import Services
from ib_trading.ports.broker import Broker

POINTS = ("claimed", "planned", "sending", "sent 1", "sent 3", "filled", "booked")
"""After: the claim; the plan was written; orders were marked and no byte has left; k orders were acknowledged; all
have filled and nothing is booked; everything is booked and the run has not ended."""


def _end() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


class StoppingJournal(SqliteJournal):
    point = ""

    def claim(self, run: Run, not_before: datetime | None) -> Run | None:
        earlier = super().claim(run, not_before)
        if self.point == "claimed":
            _end()
        return earlier

    def save_plan(self, run: Run, orders: Sequence[Order], lease: Lease) -> None:
        super().save_plan(run, orders, lease)
        states = {"planned": RunState.PLANNED, "sending": RunState.SUBMITTING}
        if states.get(self.point) is run.state:
            _end()


class StoppingPositions(SqlitePositions):
    point = ""

    def save_renames(self, renames: Mapping[str, str], lease: Lease) -> None:
        if self.point == "renaming":
            _end()
        super().save_renames(renames, lease)
        if self.point == "renamed":
            _end()

    def apply(self, bookings: Sequence[Booking], lease: Lease) -> int:
        applied = super().apply(bookings, lease)
        if self.point == "booked":
            _end()
        return applied


class StoppingBroker(IbBroker):
    """`stop_after`: how many orders the broker has when the process ends."""

    point = ""
    placed: tuple[str, ...] = ()

    def place(self, order: Order, order_id: int, account: str, instrument: Instrument) -> None:
        super().place(order, order_id, account, instrument)
        self.placed = (*self.placed, order.order_ref)
        if self.point == f"sent {len(self.placed)}":
            self.follow(self.placed, until_final=False, seconds=10)
            _end()

    def fills(self, order_refs: Sequence[str], *, seconds: float) -> tuple[Execution, ...]:
        executions = super().fills(order_refs, seconds=seconds)
        if self.point == "filled":
            _end()
        return executions


class StoppingGateway(IbGateway):
    point = ""

    @contextmanager
    def session(self) -> Generator[Broker]:
        with super().session() as broker:
            vars(broker)["point"] = self.point
            broker.__class__ = StoppingBroker
            yield broker


class LaterClock(SystemClock):
    """Real time, and some more: what a process that died had leased has expired by then."""

    def __init__(self, by: timedelta) -> None:
        self._by = by

    def now(self) -> datetime:
        return super().now() + self._by


def stopping(services: Services, folder: Path, point: str) -> Services:
    """`services`, whose stores are in `folder`, that end the process at `point`; "" lets it live."""
    database = SqliteDatabase(folder / "stores" / f"{services.mode.value}.sqlite")
    journal, positions, gateway = StoppingJournal(database), StoppingPositions(database), services.gateway
    gateway.__class__ = StoppingGateway
    for port in (journal, positions, gateway):
        vars(port)["point"] = point
    books = Books(journal, positions, trading_lease(database))
    return replace(services, claims=journal, switch=journal, books=books)


def later(services: Services, minutes: float) -> Services:
    return replace(services, clock=LaterClock(timedelta(minutes=minutes)))
