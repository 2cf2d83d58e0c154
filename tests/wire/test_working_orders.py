"""What live orders may still bring counts, for the limits as for the strategy that ordered it."""

from __future__ import annotations

from pathlib import Path

from ib_trading.strategies import stocks
from ib_trading_simulator.launch import Launched
from tests.scripted_strategies import WAITS, Says, holdings, told
from tests.service import ServiceUnderTest


def sent(simulator: Launched) -> int:
    return len(simulator.state(messages=False)["orders"])


def test_leverage_counts_the_orders_of_an_earlier_run_that_still_work(
    tmp_path: Path, simulator: Launched
) -> None:
    """With a limit of 0.5 on gross leverage alpha's purchase of 0.45 waited, beta's passed as if it were not there: 0.9
    were on their way."""
    service, alpha, beta = told(tmp_path, simulator, max_gross_leverage="0.5")
    alpha.says, beta.says = {"KO": 1}, {"JNJ": 1}
    first = service.post("/allocation", {"strategies": ["alpha"], "orderProperties": WAITS})
    assert [order["status"] for order in first.body["orders"]] == ["working"]
    second = service.post("/allocation", {"strategies": ["beta"], "orderProperties": WAITS})
    assert (second.status, sent(simulator)) == (422, 1)
    assert "gross leverage after the run: 0.9 " in second.body["detail"]


def dropped(service: ServiceUnderTest, alpha: Says) -> None:
    """Alpha's order for KO works, and alpha now deals in JNJ only."""
    alpha.says = {"KO": 0.5}
    service.post("/allocation", {"strategies": ["alpha"], "orderProperties": WAITS})
    alpha.instruments, alpha.says = stocks("JNJ"), {"JNJ": 0.9}


def test_a_live_order_in_an_instrument_that_its_strategy_has_dropped_is_not_forgotten(
    tmp_path: Path, simulator: Launched
) -> None:
    """Alpha put 0.9 of its capital into JNJ while its order for KO worked on, which filled later: 1.4 of it. A second
    order in KO would race the first, so the run is refused and says which."""
    service, alpha, _ = told(tmp_path, simulator)
    dropped(service, alpha)
    reply = service.post("/allocation", {"strategies": ["alpha"]}, Idempotency_Key="2")
    assert (reply.status, sent(simulator), holdings(service)) == (422, 1, {})
    assert "no live order of ours on the contract: KO" in reply.body["detail"]
    plan = reply.body["plan"]
    assert plan["trades"]["alpha"]["KO"] == -plan["working"]["alpha"]["KO"] < 0


def test_when_the_dropped_order_has_filled_it_is_sold(tmp_path: Path, simulator: Launched) -> None:
    service, alpha, _ = told(tmp_path, simulator)
    dropped(service, alpha)
    simulator.set_price("KO", 38)
    simulator.advance(by=60)
    reply = service.post("/allocation", {"strategies": ["alpha"]}, Idempotency_Key="2")
    assert reply.status == 200, reply.text
    assert [(order["localSymbol"], order["action"]) for order in reply.body["orders"]] == [
        ("JNJ", "BUY"),
        ("KO", "SELL"),
    ]
    assert len(holdings(service)["alpha"]) == 1
