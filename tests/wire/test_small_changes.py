"""What becomes of small changes: daily runs bought single shares, and paid the broker's least commission for each."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from ib_trading_simulator.launch import Launched
from tests.scripted_strategies import with_both
from tests.service import ServiceUnderTest

STACK = """\
config:
  ib-trading:trading:
    exposure:
      overall: "0.9"
      strategies: {alpha: "0.5", beta: "0.5"}
    fillSeconds: "2"
    limits: {maxGrossLeverage: "1", maxWeightPerInstrument: "5"}
"""


@pytest.fixture
def simulated() -> tuple[str, ...]:
    return ("--start", "2019-06-03T15:00:00Z", "--cash", "USD=100000")


def test_a_share_more_waits_until_the_change_is_worth_its_commission_and_the_plan_says_so(
    tmp_path: Path, simulator: Launched
) -> None:
    service, alpha, _ = with_both(ServiceUnderTest.over(tmp_path, simulator.port, stack_file=STACK))
    alpha.says = {"KO": 0.2}
    opened = service.post("/allocation", {"strategies": ["alpha"]}, Idempotency_Key="1")
    assert [one["status"] for one in opened.body["orders"]] == ["filled"]

    alpha.says = {"KO": 0.203}
    (said,) = service.post("/allocation", {"strategies": ["alpha"], "dryRun": True}).body["plan"]["warnings"]
    waits = service.post("/allocation", {"strategies": ["alpha"]}, Idempotency_Key="2")
    assert (waits.status, waits.body["orders"]) == (200, [])
    assert waits.body["plan"]["warnings"] == [said]
    assert said.startswith("KO: +3 (alpha +3) not traded: worth 1")
    assert said.endswith("more than maxCommissionPercent (0.25 %)")

    alpha.says = {"KO": 0.22}
    made = service.post("/allocation", {"strategies": ["alpha"]}, Idempotency_Key="3")
    (order,) = made.body["orders"]
    worth = Decimal(str(order["quantity"])) * Decimal(str(order["averagePrice"]))
    assert (order["status"], worth > 400, made.body["plan"]["warnings"]) == ("filled", True, [])


def test_a_small_position_is_closed_all_the_same(tmp_path: Path, simulator: Launched) -> None:
    service, alpha, _ = with_both(ServiceUnderTest.over(tmp_path, simulator.port, stack_file=STACK))
    for key, says in (("1", {"KO": 0.002}), ("2", {})):
        alpha.says = says
        done = service.post("/allocation", {"strategies": ["alpha"]}, Idempotency_Key=key)
        assert [one["status"] for one in done.body["orders"]] == ["filled"]
