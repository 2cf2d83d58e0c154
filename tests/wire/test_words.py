"""What strategies say beside weights, over the real wire: a number of contracts, KEEP through a price that moves and a
split, and notes that whoever asks why can read."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ib_trading.host.in_process import InProcess
from ib_trading.strategies import KEEP, Contracts, Decision, Strategy, StrategyView, stocks
from ib_trading_simulator.launch import Launched
from tests.positions import broker_positions_by_symbol
from tests.scripted_strategies import STACK
from tests.service import Reply, ServiceUnderTest

KO, JNJ = stocks("KO", "JNJ")


class Alpha(Strategy):
    """Says what a test tells it to."""

    name = "alpha"
    instruments = (KO, JNJ)

    def __init__(self) -> None:
        self.says: Any = {}

    def decide(self, view: StrategyView) -> Any:
        return self.says


@pytest.fixture
def alpha() -> Alpha:
    return Alpha()


@pytest.fixture
def service(tmp_path: Path, simulator: Launched, alpha: Alpha) -> ServiceUnderTest:
    stack_file = (STACK % "5").replace(', beta: "0.5"', "")
    plain = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=stack_file)
    return plain.having(strategies=InProcess({"alpha": alpha}))


def allocated(service: ServiceUnderTest, key: str) -> Reply:
    reply = service.post("/allocation", Idempotency_Key=key)
    assert reply.status == 200, reply.text
    return reply


def test_a_number_of_contracts_is_bought_and_an_order_of_it_is_explained_with_the_notes(
    service: ServiceUnderTest, simulator: Launched, alpha: Alpha
) -> None:
    notes = {"regime": "bullish", "macd": 1.27}
    alpha.says = Decision({KO: Contracts(120), JNJ: 0.1}, notes, memory={"since": "today"})
    run = allocated(service, "monday").body
    spelled = {"regime": "bullish", "macd": "1.27"}
    assert run["notes"] == {"alpha": spelled}
    assert run["contracts"] == {"alpha": {"KO": 120}}
    assert broker_positions_by_symbol(simulator)["KO"] == 120
    for order in run["orders"]:
        [part] = service.get(f"/explain/{order['orderRef']}").body["strategies"]
        assert part["notes"] == spelled
        assert part["contracts"] == (120 if order["localSymbol"] == "KO" else None)
        assert (part["signal"] is None) is (order["localSymbol"] == "KO")
        assert part["trade"] == part["ordered"] == part["attributed"] == order["quantity"]
    stored = service.get(f"/runs/{run['runId']}").body
    assert stored["plan"]["notes"] == {"alpha": spelled}
    assert stored["plan"]["memories"] == {"alpha": '{"since":"today"}'}


@pytest.mark.parametrize("words", [KEEP, {KO: KEEP, JNJ: KEEP}], ids=["all of it", "each"])
def test_what_is_kept_is_kept_while_prices_move(
    service: ServiceUnderTest, simulator: Launched, alpha: Alpha, words: Any
) -> None:
    """A weight would have bought and sold with each of them."""
    weights = {KO: 0.3, JNJ: -0.2}
    alpha.says = weights
    allocated(service, "monday")
    held = broker_positions_by_symbol(simulator)
    alpha.says = words
    for number, price in enumerate((90, 20, 55)):
        simulator.set_price("KO", price)
        simulator.set_price("JNJ", 2 * price)
        kept = allocated(service, f"kept {number}").body
        assert (kept["orders"], kept["kept"]) == ([], {"alpha": ["JNJ", "KO"]})
    assert broker_positions_by_symbol(simulator) == held
    alpha.says = weights
    assert allocated(service, "weights again").body["orders"]


def test_what_is_kept_is_kept_through_a_split_before_and_after_the_ledger_knows(
    service: ServiceUnderTest, simulator: Launched, alpha: Alpha
) -> None:
    """Four for one over night: the broker shows four times the shares at a quarter of the price."""
    alpha.says = {KO: Contracts(100), JNJ: 0.1}
    allocated(service, "monday")
    simulator.trade("KO", "BUY", 300, price="0.01")
    simulator.advance(by="1 day")
    simulator.set_price("KO", 12)
    alpha.says = KEEP
    assert allocated(service, "tuesday").body["orders"] == []
    [repair] = service.post("/trade-reconciliation", {"dryRun": True}).body["repairs"]
    reconciled = service.post("/trade-reconciliation", {"accept": [repair["id"]]})
    assert (reconciled.status, reconciled.body["differences"]) == (200, [])
    assert allocated(service, "wednesday").body["orders"] == []
    assert broker_positions_by_symbol(simulator)["KO"] == Decimal(400)
