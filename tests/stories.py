"""Runs whose stories are told in docs/logs.md, and tested: done over the wire on recorded prices, each with a simulator
of its own, and the lines that the service writes meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ib_trading_simulator.launch import Launched
from tests.captured import read, written
from tests.scripted_strategies import Says, with_both
from tests.service import START, ServiceUnderTest

STACK = """\
config:
  ib-trading:trading:
    exposure:
      overall: "0.9"
      strategies: {alpha: "0.5", beta: "0.5"}
    acknowledgeSeconds: "2"
    minTradePercent: "0"
    maxCommissionPercent: null
    onStrategyError: %s
    limits: {maxGrossLeverage: "1", maxWeightPerInstrument: "5"}
"""

MOMENTARY = {"acknowledged", "working"}
"""States of an order that one run sees before it is filled, and another does not."""
MASKED = {
    "time",
    "at",
    "asOf",
    "seconds",
    "orderRef",
    "execId",
    "runId",
    "settledBy",
    "answeredBy",
    "from",
    "trace",
}
"""Members that are others in each run; that they are there is the same."""
IDS = re.compile("[0-9a-f]{32}")

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scene:
    """A service with the strategies alpha and beta, each with 0.45 of the account."""

    service: ServiceUnderTest
    simulator: Launched
    alpha: Says
    beta: Says

    def allocate(self, key: str) -> None:
        self.service.post("/allocation", Idempotency_Key=key)


def an_allocation(scene: Scene) -> None:
    scene.alpha.says = {"KO": 0.5}
    scene.allocate("monday")
    scene.allocate("monday")


def a_refusal(scene: Scene) -> None:
    scene.alpha.says = {"KO": 3}
    scene.allocate("tuesday")


def a_strategy_that_fails(scene: Scene) -> None:
    scene.alpha.says, scene.beta.says = ZeroDivisionError("no returns"), {"JNJ": 0.1}
    scene.allocate("wednesday")


def an_interrupted_run(scene: Scene) -> None:
    """The connection is lost with the order, of which the run hears no more; the next one finds it filled."""
    scene.alpha.says = {"JNJ": 0.2}
    scene.simulator.fault({"do": "disconnect"}, message="placeOrder")
    scene.allocate("thursday")
    scene.allocate("friday")


STORIES: Mapping[str, tuple[Callable[[Scene], None], str]] = {
    "an allocation": (an_allocation, "refuse"),
    "a refusal": (a_refusal, "refuse"),
    "a strategy that fails": (a_strategy_that_fails, "refuse"),
    "a strategy that is left alone": (a_strategy_that_fails, "isolate"),
    "an interrupted run": (an_interrupted_run, "refuse"),
}
"""What happens, and what the configuration says of strategies that fail."""


def told(folder: Path, name: str) -> list[Line]:
    """The lines of one of STORIES."""
    story, on_strategy_error = STORIES[name]
    with Launched.start("--clock", "virtual", "--start", START) as simulator:
        plain = ServiceUnderTest.over(folder, simulator.port, stack_file=STACK % on_strategy_error)
        service, alpha, beta = with_both(plain)
        with written() as stream:
            story(Scene(service, simulator, alpha, beta))
    return read(stream)


def comparable(lines: list[Line]) -> list[Line]:
    """`lines` without what is another in each run."""
    return [
        {name: "…" if name in MASKED else _comparable(value) for name, value in sorted(line.items())}
        for line in lines
        if line.get("to") not in MOMENTARY
    ]


def _comparable(value: Any) -> Any:
    return IDS.sub("…", value) if isinstance(value, str) else value
