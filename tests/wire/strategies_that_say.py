"""Two strategies over the real wire that weigh what a test tells them to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from ib_trading.composition import create
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
    fillSeconds: "2"
    limits: {maxGrossLeverage: "%s", maxWeightPerInstrument: "5", maxNetLeverage: "5"}
"""

WAITS = {"orderType": "LMT", "limitOffsetBps": "-500"}
"""Order properties of an order that rests far from the market."""


class Says(Strategy):
    """`says` is symbol → weight; what it does not name has weight 0."""

    instruments = stocks("KO", "JNJ")

    def __init__(self) -> None:
        self.says: Mapping[str, float] = {}

    def weights(self, view: StrategyView) -> Mapping[ContractSpec, float]:
        return {spec: self.says.get(spec.symbol, 0) for spec in self.instruments}


class Alpha(Says):
    name = "alpha"


class Beta(Says):
    name = "beta"


def told(
    folder: Path, simulator: Launched, max_gross_leverage: str = "5"
) -> tuple[ServiceUnderTest, Says, Says]:
    """The service with the strategies alpha and beta, each with 0.45 of the account."""
    service = ServiceUnderTest.over(folder, simulator.port, stack_file=STACK % max_gross_leverage)
    alpha, beta = Alpha(), Beta()
    services = replace(service.services, strategies=InProcess({"alpha": alpha, "beta": beta}))
    return ServiceUnderTest(services, create(services).test_client(), folder), alpha, beta


def holdings(service: ServiceUnderTest) -> dict[str, dict[int, Decimal]]:
    """The ledger as it is stored."""
    return {name: dict(held) for name, held in service.services.ledger.holdings().items() if held}
