"""An order that the broker calls Inactive, over the real wire: neither done nor working, it is cancelled."""

from __future__ import annotations

from pathlib import Path

from simulator.launch import Launched
from tests.service import START, ServiceUnderTest


def test_an_inactive_order_is_cancelled_at_the_broker_and_told(tmp_path: Path) -> None:
    """A comparable system took Inactive for an end. The order came to life later, and nobody knew whose it was.

    The library alone would only call it cancelled: its cancelOrder on such an order changes its own copy.
    """
    with Launched.start("--clock", "virtual", "--start", START, "--cash", "USD=1000000") as simulator:
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

        journalled = service.services.journal.order(held_back[0]["orderRef"])
        assert journalled is not None
        assert [moment.state.value for moment in journalled.life][-2:] == ["inactive", "cancelled"]
        # Nothing is in doubt any more, so that the next run may order it again.
        again = service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="2")
        assert (again.status, [order["localSymbol"] for order in again.body["orders"]]) == (200, ["KO"])
