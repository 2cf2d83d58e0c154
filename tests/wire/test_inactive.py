"""An order that the broker calls Inactive, over the real wire: neither done nor working, it is cancelled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ib_trading.intents import cancel_orders, submit
from ib_trading_simulator.launch import Launched
from tests.service import ServiceUnderTest


def of_ko(simulator: Launched) -> list[str]:
    """The status of every order for KO that the broker ever got."""
    return [one["status"] for one in simulator.state(messages=False)["orders"] if one["symbol"] == "KO"]


def left_inactive(
    service: ServiceUnderTest, simulator: Launched, monkeypatch: pytest.MonkeyPatch, cancels_lost: int
) -> Any:
    """A run whose order for KO stays inactive, because so many cancellations never arrive. The repair for it."""
    # What is lost is not worth ten seconds.
    monkeypatch.setattr(submit, "INACTIVE_CANCEL_SECONDS", 1.0)
    simulator.fault({"do": "inactive"}, symbol="KO", times=1)
    simulator.fault({"do": "drop"}, message="cancelOrder", times=cancels_lost)
    assert service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="1").status == 502
    [repair] = service.post("/trade-reconciliation", {"dryRun": True}).body["repairs"]
    assert (repair["kind"], repair["localSymbol"]) == ("cancelOrder", "KO")
    return repair


def test_an_inactive_order_stays_locked_until_the_broker_says_that_it_ended(
    tmp_path: Path, simulator: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closeOrder was proposed for it. Accepting that unlocked the contract while the broker still showed the order,
    and the next run sent the same 5,191 shares again."""
    monkeypatch.setattr(cancel_orders, "CANCEL_SECONDS", 1.0)
    service = ServiceUnderTest.over(tmp_path, simulator.port)
    repair = left_inactive(service, simulator, monkeypatch, cancels_lost=9)
    accepted = service.post("/trade-reconciliation", {"accept": [repair["id"]]})
    assert (accepted.status, "cancel these orders at the broker" in accepted.text) == (502, True)
    assert service.services.ledger.booked_ids(["repair:" + repair["id"]]) == frozenset()
    again = service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="2")
    assert again.body["orders"] == []
    assert of_ko(simulator) == ["Inactive"]


def test_accepting_its_repair_cancels_an_inactive_order_and_the_next_run_trades_again(
    tmp_path: Path, simulator: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first cancellation was lost, the accepted one arrives; the repair is accepted once, however often."""
    service = ServiceUnderTest.over(tmp_path, simulator.port)
    repair = left_inactive(service, simulator, monkeypatch, cancels_lost=1)
    for _ in range(2):
        accepted = service.post("/trade-reconciliation", {"accept": [repair["id"]]})
        assert accepted.status == 200, accepted.text
        assert (accepted.body["repairs"], accepted.body["unsettledOrders"]) == ([], [])
    assert of_ko(simulator) == ["Cancelled"]
    assert service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="2").status == 200
    assert of_ko(simulator) == ["Cancelled", "Filled"]


def test_an_inactive_order_is_cancelled_at_the_broker_and_told(tmp_path: Path, simulator: Launched) -> None:
    """A comparable system took Inactive for an end. The order came to life later, and nobody knew whose it was.

    The library alone would only call it cancelled: its cancelOrder on such an order changes its own copy.
    """
    simulator.fault({"do": "inactive", "reason": "held by compliance"}, symbol="KO")
    service = ServiceUnderTest.over(tmp_path, simulator.port)
    reply = service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="1")
    assert reply.status == 502, reply.text
    held_back = [order for order in reply.body["orders"] if order["status"] != "filled"]
    assert [(order["localSymbol"], order["status"]) for order in held_back] == [("KO", "cancelled")]

    record = simulator.state()
    at_the_broker = {order["symbol"]: order["status"] for order in record["orders"]}
    assert at_the_broker == dict.fromkeys(at_the_broker, "Filled") | {"KO": "Cancelled"}
    assert [one["name"] for one in record["messages"]].count("cancelOrder") == 1

    journalled = service.services.ledger.order(held_back[0]["orderRef"])
    assert journalled is not None
    assert [moment.state.value for moment in journalled.life][-2:] == ["inactive", "cancelled"]
    # Nothing is in doubt any more, so that the next run may order it again.
    again = service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="2")
    assert (again.status, [order["localSymbol"] for order in again.body["orders"]]) == (200, ["KO"])
