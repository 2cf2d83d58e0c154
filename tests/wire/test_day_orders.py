"""Over the real wire: the morning after a DAY order that still worked when its day ended."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ib_trading_simulator.launch import Launched
from tests.service import STACK_FILE, ServiceUnderTest

IMPATIENT = f'{STACK_FILE}    fillSeconds: "1"\n'
BELOW = {"orderType": "LMT", "limitOffsetBps": "-2000"}


@pytest.fixture
def service(tmp_path: Path, simulator: Launched) -> ServiceUnderTest:
    return ServiceUnderTest.over(tmp_path, simulator.port, stack_file=IMPATIENT)


def allocate(service: ServiceUnderTest, key: str, **properties: Any) -> Any:
    body = {"strategies": ["dummy"], "orderProperties": properties}
    return service.post("/allocation", body, Idempotency_Key=key)


def working(service: ServiceUnderTest) -> list[Any]:
    """What a run that buys far below the market leaves working."""
    reply = allocate(service, "monday", **BELOW)
    assert reply.status == 200, reply.text
    orders = [order for order in reply.body["orders"] if order["status"] == "working"]
    assert orders
    return orders


def states(service: ServiceUnderTest, orders: list[Any]) -> dict[str, set[str]]:
    """State → symbols of `orders`, as the journal has them."""
    found: dict[str, set[str]] = {}
    for order in orders:
        journalled = service.services.ledger.order(order["orderRef"])
        assert journalled is not None
        found.setdefault(journalled.state.value, set()).add(journalled.local_symbol)
    return found


def test_it_ended_with_its_day_and_the_next_morning_trades(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    """Each of them used to be unknown, and its instrument locked."""
    orders = working(service)
    simulator.advance(by="1 day")
    dry = service.post("/allocation", {"strategies": ["dummy"], "dryRun": True})
    assert set(states(service, orders)) == {"working"}, "a dry-run writes nothing"
    reply = allocate(service, "tuesday")
    assert (dry.status, reply.status) == (200, 200), reply.text
    assert dry.body["plan"] == reply.body["plan"]
    assert reply.body["orders"]
    assert set(states(service, orders)) == {"cancelled"}
    assert {run.state.value for run in service.services.ledger.runs(5)} == {"settled"}


def test_one_that_filled_unseen_stays_unknown_and_its_fill_is_proposed(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    """Its executions are no longer told the next day: a person says whose the position is."""
    orders = working(service)
    symbol = orders[0]["localSymbol"]
    simulator.set_price(symbol, 1)
    simulator.advance(by="1 day")
    [repair] = service.post("/trade-reconciliation", {"dryRun": True}).body["repairs"]
    assert (repair["kind"], repair["localSymbol"]) == ("bookAsFill", symbol)
    assert allocate(service, "tuesday").status == 423
    found = states(service, orders)
    assert found.pop("unknown") == {symbol}
    assert set(found) <= {"cancelled"}
    service.post("/trade-reconciliation", {"accept": [repair["id"]]})
    held = service.services.ledger.holdings()["dummy"][orders[0]["conId"]]
    assert held == Decimal(orders[0]["quantity"])
    assert states(service, orders)["filled"] == {symbol}
