"""A run that stalls until its lease has expired, over the real wire: who has the lease now trades, and nobody twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ib_trading.core.order import Order
from ib_trading.ports.broker import Broker
from ib_trading_simulator.launch import Launched
from tests.service import ServiceUnderTest

RIVAL = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from ib_trading.adapters.local.sqlite_database import SqliteDatabase
from ib_trading.adapters.local.sqlite_lease import trading_lease

store = trading_lease(SqliteDatabase(Path(sys.argv[1])))
expired = datetime.now(UTC) + timedelta(hours=1)
lease = store.acquire("a run in another process", expired, expired + timedelta(minutes=2))
assert lease is not None
if sys.argv[2] == "ends":
    store.release(lease)
"""
"""Another process to whose clock the lease has expired: it takes it, and then trades on, or ends at once."""


def taken_after(
    count: int, service: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch, *, rival: str
) -> None:
    """Lets another process take the lease right after the `count`th order has left."""
    with service.services.gateway.session() as broker:
        kind: Any = type(broker)
    place, database, sent = kind.place, service.folder / "stores" / "paper.sqlite", []

    def placing(broker: Broker, order: Order, *to: Any) -> None:
        place(broker, order, *to)
        sent.append(order.order_ref)
        if len(sent) == count:
            command = [sys.executable, "-c", RIVAL, str(database), rival]
            subprocess.run(command, check=True, cwd=Path(__file__).parents[2])

    monkeypatch.setattr(kind, "place", placing)


def at_the_broker(simulator: Launched) -> list[tuple[str, str]]:
    return [(order["symbol"], order["quantity"]) for order in simulator.state(messages=False)["orders"]]


def test_no_order_leaves_once_another_process_has_the_lease(
    service: ServiceUnderTest, simulator: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has left cannot be recalled. Its fills are booked by nobody yet: this run may not write any more, and the
    answer says so. The same key waits for the other one."""
    taken_after(2, service, monkeypatch, rival="goes on")
    reply = service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="monday")
    assert (reply.status, "is not the newest" in reply.body["detail"]) == (502, True)
    assert {order["status"] for order in reply.body["orders"]} == {"sending"}
    assert len(at_the_broker(simulator)) == 2
    assert service.services.ledger.holdings() == {}
    again = service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="monday")
    assert (again.status, len(at_the_broker(simulator))) == (409, 2)


def test_what_had_left_before_the_lease_was_lost_is_booked_and_the_rest_is_in_doubt(
    service: ServiceUnderTest, simulator: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of a window is marked in one write before the first of it leaves, so that only the broker can tell which did.
    It shows two: they are booked. Not to show the others is no proof: they are unknown, and not sent again."""
    taken_after(2, service, monkeypatch, rival="ends")
    assert service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="monday").status == 502
    monkeypatch.undo()
    settled = service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="monday")
    assert (settled.status, settled.headers["Idempotency-Replayed"]) == (502, "true")
    states = [order["status"] for order in settled.body["orders"]]
    assert states == ["filled"] * 2 + ["unknown"] * (len(states) - 2)
    assert len(states) > 2
    held = service.get("/summary").body["holdings"]
    assert held["dummy"] == {symbol: int(quantity) for symbol, quantity in at_the_broker(simulator)}
    assert held["unassigned"] == {}
    # What is in doubt is not ordered once more by the next day's run either.
    service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="tuesday")
    assert len(at_the_broker(simulator)) == 2
