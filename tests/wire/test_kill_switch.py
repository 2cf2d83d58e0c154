"""The kill switch over the real wire: it stops what is under way, and whoever asks is told."""

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

OPERATOR = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from ib_trading.adapters.local.sqlite_database import SqliteDatabase
from ib_trading.adapters.local.sqlite_journal import SqliteJournal
from ib_trading.core.snapshot import TradingSwitch

journal = SqliteJournal(SqliteDatabase(Path(sys.argv[1])))
journal.set_trading_switch(TradingSwitch(False, "margin call"), datetime.now(UTC))
"""
"""Another process that disables trading, as a second instance of the service would."""


def test_the_switch_is_thrown_over_http_and_says_how_it_stands(service: ServiceUnderTest) -> None:
    off = service.put("/trading-enabled", {"enabled": False, "reason": "audit"})
    assert (off.status, off.body["enabled"], off.body["reason"]) == (200, False, "audit")
    refused = service.post("/allocation", {"strategies": ["dummy"]})
    assert (refused.status, "audit" in refused.body["detail"]) == (423, True)
    assert service.put("/trading-enabled", {"enabled": True}).body["enabled"] is True
    traded = service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="after-the-audit")
    assert (traded.status, bool(traded.body["orders"])) == (200, True)


@pytest.mark.parametrize("body", [{}, {"enabeld": False}, {"enabled": "false"}, {"enabled": 0}])
def test_a_switch_that_says_nothing_clear_is_refused(service: ServiceUnderTest, body: object) -> None:
    assert service.put("/trading-enabled", body).status == 400
    assert service.services.switch.trading_switch().enabled


def test_a_switch_thrown_by_another_process_stops_a_run_that_is_under_way(
    service: ServiceUnderTest, simulator: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The orders that had left stay and are booked; the others end as abandoned, and the answer is 423."""
    sent: list[str] = []
    throw_after(2, service, sent, monkeypatch)
    reply = service.post("/allocation", {"strategies": ["dummy"]})
    assert reply.status == 423
    assert reply.headers["Content-Type"] == "application/problem+json"
    states = [order["status"] for order in reply.body["orders"]]
    assert states == ["filled"] * 2 + ["abandoned"] * (len(states) - 2)
    assert len(states) > 2
    assert len(simulator.state(messages=False)["orders"]) == len(sent) == 2
    held = service.get("/summary").body["holdings"]["dummy"]
    assert set(held) == {order["localSymbol"] for order in reply.body["orders"][:2]}


def throw_after(
    count: int, service: ServiceUnderTest, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lets another process throw the switch right after the `count`th order has left."""
    with service.services.gateway.session() as broker:
        kind: Any = type(broker)
    place, database = kind.place, service.folder / "stores" / "paper.sqlite"

    def placing(broker: Broker, order: Order, *to: Any) -> None:
        place(broker, order, *to)
        sent.append(order.order_ref)
        if len(sent) == count:
            subprocess.run(
                [sys.executable, "-c", OPERATOR, str(database)], check=True, cwd=Path(__file__).parents[2]
            )

    monkeypatch.setattr(kind, "place", placing)
