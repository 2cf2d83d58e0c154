"""Strategies that take their time: prices move meanwhile, and a run's own time may be over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ib_trading.adapters.local.clock import SystemClock
from ib_trading.core.instruments import ContractSpec
from ib_trading.host.in_process import InProcess
from ib_trading.strategies import Strategy, StrategyView, stocks
from ib_trading_simulator.launch import Launched
from tests.service import ServiceUnderTest

STACK = """\
config:
  ib-trading:trading:
    exposure: {overall: "1", strategies: {slow: "1"}}
    runDeadlineSeconds: "60"
    priceMaxAgeSeconds: "10"
    fillSeconds: "2"
"""


class LateClock(SystemClock):
    """It is so much later than it was."""

    late = timedelta()

    def now(self) -> datetime:
        return super().now() + self.late


class Slow(Strategy):
    """Buys one share; while it thinks, `seconds` pass and the price becomes 90."""

    name = "slow"
    instruments = stocks("AAPL")

    def __init__(self, simulator: Launched, clock: LateClock, seconds: float) -> None:
        self.simulator, self.clock, self.seconds = simulator, clock, seconds

    def weights(self, view: StrategyView) -> Mapping[ContractSpec, float]:
        self.simulator.advance(by=self.seconds)
        self.simulator.set_price("AAPL", 90)
        self.clock.late = timedelta(seconds=self.seconds)
        return {self.instruments[0]: 0.2}


def slow(folder: Path, simulator: Launched, seconds: float) -> ServiceUnderTest:
    plain, clock = ServiceUnderTest.over(folder, simulator.port, stack_file=STACK), LateClock()
    return plain.having(clock=clock, strategies=InProcess({"slow": Slow(simulator, clock, seconds)}))


@pytest.mark.parametrize("seconds", [11, 40])
def test_what_took_longer_than_a_price_may_be_old_is_sized_at_a_new_one(
    tmp_path: Path, simulator: Launched, seconds: float
) -> None:
    reply = slow(tmp_path, simulator, seconds).post("/allocation")
    assert reply.status == 200, reply.text
    [price] = reply.body["prices"].values()
    assert (round(price["price"]), price["ageSeconds"]) == (90, 0)
    [order] = reply.body["orders"]
    assert order["filled"] == 200_000 // price["price"]


@pytest.mark.parametrize("dry_run", [False, True])
def test_when_the_runs_time_is_over_nothing_is_sent_any_more(
    tmp_path: Path, simulator: Launched, dry_run: bool
) -> None:
    """It was sent, and the run reported that it could not wait for it."""
    reply = slow(tmp_path, simulator, 61).post("/allocation", {"dryRun": dry_run})
    assert reply.status == 504, reply.text
    assert (
        "runDeadlineSeconds passed when the strategies had decided; nothing was sent" in reply.body["detail"]
    )
    assert simulator.state(messages=False)["orders"] == []
