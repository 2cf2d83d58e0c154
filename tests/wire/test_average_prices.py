"""What a strategy sees of its own purchases, over the real wire and from the ledger: a second strategy trades the same
stock at other prices all the while."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ib_trading.authoring.view import Holding
from ib_trading.host.in_process import InProcess
from ib_trading.strategies import Contracts, Strategy, StrategyView, stocks
from ib_trading_simulator.launch import Launched
from tests.scripted_strategies import STACK
from tests.service import ServiceUnderTest

(KO,) = stocks("KO")


@dataclass
class Wants(Strategy):
    """So many, as a test says."""

    instruments = (KO,)
    number: int = 0
    seen: list[Holding] = field(default_factory=list)
    price: float = 0

    def decide(self, view: StrategyView) -> Any:
        self.seen.append(view.holding(KO))
        self.price = view.price(KO).value
        return {KO: Contracts(self.number)}

    @property
    def holding(self) -> Holding:
        return self.seen[-1]


@pytest.fixture
def alpha() -> Wants:
    return Wants()


@pytest.fixture
def beta() -> Wants:
    return Wants()


@pytest.fixture
def service(tmp_path: Path, simulator: Launched, alpha: Wants, beta: Wants) -> ServiceUnderTest:
    plain = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=STACK % "5")
    return plain.having(strategies=InProcess({"alpha": alpha, "beta": beta}))


def traded(service: ServiceUnderTest, key: str) -> Decimal | None:
    """The mean at which this run's order filled."""
    reply = service.post("/allocation", Idempotency_Key=key)
    assert reply.status == 200, reply.text
    prices = [order["averagePrice"] for order in reply.body["orders"]]
    return Decimal(str(prices[0])) if prices else None


def looked(service: ServiceUnderTest) -> None:
    assert service.post("/allocation", {"dryRun": True}).status == 200


def test_purchases_are_averaged_sales_are_not_and_turning_begins_anew(
    service: ServiceUnderTest, simulator: Launched, alpha: Wants, beta: Wants
) -> None:
    alpha.number, beta.number = 100, 10
    first = traded(service, "first")
    simulator.set_price("KO", 60)
    alpha.number, beta.number = 200, 0
    second = traded(service, "second")
    assert first is not None and second is not None
    looked(service)
    mean = alpha.holding.average_price
    assert mean is not None
    # Beta's ten were crossed: alpha bought ninety of its hundred from the market and ten from beta.
    assert mean == pytest.approx(float(100 * first + 100 * second) / 200, abs=0.01)
    assert alpha.holding.profit == pytest.approx(200 * (alpha.price - mean), abs=0.01)
    assert beta.holding == Holding(Decimal(0), 0.0, 0.0, None, 0.0)
    simulator.set_price("KO", 80)
    alpha.number = 50
    traded(service, "third")
    looked(service)
    assert (alpha.holding.quantity, alpha.holding.average_price) == (50, mean)
    simulator.set_price("KO", 40)
    alpha.number = -30
    turned = traded(service, "fourth")
    simulator.set_price("KO", 44)
    looked(service)
    assert turned is not None
    assert (alpha.holding.quantity, alpha.holding.average_price) == (-30, pytest.approx(float(turned)))
    assert alpha.holding.profit == pytest.approx(-30 * (alpha.price - float(turned)), abs=0.01)
    assert alpha.price > float(turned), "short, at a loss"


def test_a_cross_is_at_its_price_for_both(
    service: ServiceUnderTest, simulator: Launched, alpha: Wants, beta: Wants
) -> None:
    """The account trades nothing and the broker's average does not move."""
    alpha.number = 100
    traded(service, "first")
    simulator.set_price("KO", 60)
    alpha.number, beta.number = 0, 100
    assert traded(service, "second") is None
    looked(service)
    assert beta.holding.average_price == pytest.approx(60, abs=0.05)
    assert alpha.holding.average_price is None


def test_after_a_split_nobody_knows_it_before_and_after_the_ledger_does(
    service: ServiceUnderTest, simulator: Launched, alpha: Wants
) -> None:
    """Four for one over night. By the price of before, a strategy that stops its losses would have sold."""
    alpha.number = 100
    traded(service, "monday")
    looked(service)
    assert alpha.holding.average_price is not None
    simulator.trade("KO", "BUY", 300, price="0.01")
    simulator.advance(by="1 day")
    simulator.set_price("KO", 12)
    looked(service)
    assert (alpha.holding.quantity, alpha.holding.average_price, alpha.holding.profit) == (100, None, None)
    [repair] = service.post("/trade-reconciliation", {"dryRun": True}).body["repairs"]
    assert service.post("/trade-reconciliation", {"accept": [repair["id"]]}).status == 200
    looked(service)
    assert (alpha.holding.quantity, alpha.holding.average_price, alpha.holding.profit) == (100, None, None)
    assert alpha.holding.value == pytest.approx(1200, rel=0.01)
