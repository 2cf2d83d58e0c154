"""Two strategies that say what a test tells them to, and a service that trades by them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from ib_trading.core.instruments import ContractSpec
from ib_trading.host.in_process import InProcess
from ib_trading.strategies import Strategy, StrategyView, stocks
from ib_trading_simulator.launch import Launched
from tests.service import ServiceUnderTest

STACK = """\
config:
  ib-trading:trading:
    exposure:
      overall: "0.9"
      strategies: {alpha: "0.5", beta: "0.5"}
    minTradePercent: "0"
    maxCommissionPercent: null
    fillSeconds: "2"
    limits: {maxGrossLeverage: "%s", maxWeightPerInstrument: "5", maxNetLeverage: "5"}
"""

WAITS = {"orderType": "LMT", "limitOffsetBps": "-500"}
"""Order properties of an order that rests far from the market."""


class Says(Strategy):
    """`says` is symbol → weight, what it does not name having weight 0; or what it raises."""

    instruments = stocks("KO", "JNJ")

    def __init__(self) -> None:
        self.says: Mapping[str, float] | Exception = {}

    def weights(self, view: StrategyView) -> Mapping[ContractSpec, float]:
        if isinstance(self.says, Exception):
            raise self.says
        return {spec: self.says.get(spec.symbol, 0) for spec in self.instruments}


class Alpha(Says):
    name = "alpha"


class Beta(Says):
    name = "beta"


def told(
    folder: Path, simulator: Launched, max_gross_leverage: str = "5"
) -> tuple[ServiceUnderTest, Says, Says]:
    """The service with the strategies alpha and beta, each with 0.45 of the account."""
    return with_both(ServiceUnderTest.over(folder, simulator.port, stack_file=STACK % max_gross_leverage))


def with_both(service: ServiceUnderTest) -> tuple[ServiceUnderTest, Says, Says]:
    """`service` with alpha and beta alone."""
    alpha, beta = Alpha(), Beta()
    return service.having(strategies=InProcess({"alpha": alpha, "beta": beta})), alpha, beta


def holdings(service: ServiceUnderTest) -> dict[str, dict[int, Decimal]]:
    """The ledger as it is stored."""
    return {name: dict(held) for name, held in service.services.ledger.holdings().items() if held}
