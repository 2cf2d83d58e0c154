"""The arithmetic of one order as it is told strategy by strategy; over the wire, tests/wire/test_runs.py."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ib_trading.core.order import Order
from ib_trading.queries.explain import parts_of, plan_now
from tests.contracts.samples import an_order


@pytest.fixture
def order() -> Order:
    """Three AAPL for trend."""
    return an_order("ib-pabc", "run-1")


def test_what_was_at_work_already_is_part_of_the_arithmetic(order: Order) -> None:
    plan = {
        "contractIds": {"AAPL": order.con_id},
        "capital": {"trend": 10_000},
        "baseCurrency": "USD",
        "signals": {"trend": {"AAPL": Decimal("0.2")}},
        "holdings": {"trend": {"AAPL": 4}},
        "working": {"trend": {"AAPL": 5}},
        "targetPositions": {"trend": {"AAPL": 12}},
        "trades": {"trend": {"AAPL": 3}},
    }
    [part] = parts_of(order, plan, ())
    assert part.target is not None
    assert part.target - part.holding - part.working == part.trade == part.ordered == 3
    assert "0.2 of 10000 USD in AAPL: 12; it held 4 and had 5 at work, so it trades 3" in part.why


def test_a_plan_from_before_the_figure_was_written_says_nothing_at_work(order: Order) -> None:
    plan = {"contractIds": {"AAPL": order.con_id}, "trades": {"trend": {"AAPL": 3}}}
    [part] = parts_of(order, plan, ())
    assert (part.working, part.trade) == (0, 3)


def test_a_number_of_contracts_is_told_as_that_with_the_notes_beside_it(order: Order) -> None:
    """It was told as a strategy that closes what it held."""
    plan = {
        "contractIds": {"AAPL": order.con_id},
        "capital": {"trend": 10_000},
        "contracts": {"trend": {"AAPL": 7}},
        "signals": {"trend": {}},
        "holdings": {"trend": {"AAPL": 4}},
        "targetPositions": {"trend": {"AAPL": 7}},
        "trades": {"trend": {"AAPL": 3}},
        "notes": {"trend": {"regime": "bullish"}},
    }
    [part] = parts_of(order, plan, ())
    assert (part.contracts, part.signal, part.notes) == (7, None, {"regime": "bullish"})
    assert part.why.startswith("trend wants 7 AAPL: 7; it held 4, so it trades 3, 0 of that with other")


def test_a_plan_is_told_under_the_names_that_its_strategies_have_today(order: Order) -> None:
    """Of two that have become one each keeps what it wanted, under the name that it had."""
    trades = {"fast": {"AAPL": 3}, "slow": {"AAPL": 1}, "trend": {"AAPL": 2}}
    crosses = [{"conId": order.con_id, "quantities": {"fast": 1, "trend": -1}}]
    notes = {"fast": {"regime": "bullish"}}
    plan = {
        "strategies": ["fast", "slow", "trend"],
        "trades": trades,
        "internalCrosses": crosses,
        "notes": notes,
    }
    now = plan_now(plan, {"fast": "macd", "trend": "drift"})
    assert now["trades"] == {"macd": {"AAPL": 3}, "slow": {"AAPL": 1}, "drift": {"AAPL": 2}}
    assert now["internalCrosses"][0]["quantities"] == {"macd": 1, "drift": -1}
    assert now["notes"] == {"macd": {"regime": "bullish"}}
    assert plan_now(plan, {"fast": "macd", "slow": "macd"}) == plan
