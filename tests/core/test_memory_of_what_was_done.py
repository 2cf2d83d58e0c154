"""A strategy remembers what it decided once something of it was done."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.journal import Run, RunState
from ib_trading.core.memory import Memory, memories_of, newest
from ib_trading.core.mode import TradingMode
from ib_trading.core.netting import InternalCross
from ib_trading.core.order import Order, written_down
from ib_trading.core.order_state import OrderState
from ib_trading.core.plan import make_plan
from tests.core.builders import NOW, answers, asked, order, snapshot

BOTH = {"alpha": '"a"', "beta": '"b"'}
CROSS = InternalCross(1, Decimal(100), {"alpha": Decimal(5), "beta": Decimal(-5)})


def settled(*crosses: InternalCross, state: RunState = RunState.SETTLED) -> Run:
    """A run of alpha and beta, which both want to remember something."""
    told = make_plan(asked(snapshot(), {"alpha": answers(), "beta": answers()}))
    plan = replace(told, memories=BOTH, internal_crosses=crosses)
    return Run("run", "key", "hash", "allocation", state, NOW, NOW, plan.to_json())


def became(state: OrderState, filled: str = "0", **source: int) -> Order:
    decided = order(1, "10", source={name: Decimal(share) for name, share in source.items()})
    written = written_down(decided, TradingMode.PAPER, "run", Decimal(1), NOW)
    return replace(written.became(state, NOW), filled=Decimal(filled))


def remembered(run: Run, *orders: Order) -> set[str]:
    return {name for name, memory in memories_of(run, orders).items() if memory.text == BOTH[name]}


def test_who_keeps_what_there_is_remembers_without_an_order() -> None:
    assert remembered(settled()) == {"alpha", "beta"}


@pytest.mark.parametrize("state", [OrderState.ABANDONED, OrderState.REJECTED, OrderState.CANCELLED])
def test_a_strategy_that_got_nothing_does_not_believe_to_have_it(state: OrderState) -> None:
    """The broker refused all that it wanted: believed to be there, it would never be asked for again."""
    orders = became(state, alpha=10), became(OrderState.FILLED, "10", beta=10)
    assert remembered(settled(), *orders) == {"beta"}


def test_a_part_is_something() -> None:
    orders = became(OrderState.PARTLY_FILLED, "3", alpha=10), became(OrderState.CANCELLED, "1", beta=10)
    assert remembered(settled(), *orders) == {"alpha", "beta"}


def test_one_order_of_several_is_something() -> None:
    orders = became(OrderState.REJECTED, alpha=10), became(OrderState.WORKING, alpha=5, beta=5)
    assert remembered(settled(), *orders) == {"alpha", "beta"}


def test_what_strategies_took_from_each_other_is_something() -> None:
    assert remembered(settled(CROSS), became(OrderState.REJECTED, alpha=10)) == {"alpha", "beta"}


@pytest.mark.parametrize("state", [OrderState.WORKING, OrderState.UNKNOWN, OrderState.SENDING])
def test_what_may_still_come_counts(state: OrderState) -> None:
    assert remembered(settled(), became(state, alpha=10, beta=5)) == {"alpha", "beta"}


@pytest.mark.parametrize("state", [RunState.CLAIMED, RunState.PLANNED, RunState.REFUSED, RunState.FAILED])
def test_a_run_that_was_not_carried_out_leaves_what_was_there(state: RunState) -> None:
    assert remembered(settled(state=state), became(OrderState.FILLED, "10", alpha=10)) == set()


@given(st.permutations(range(4)))
def test_the_later_decided_memory_stays_in_whatever_order_they_are_told(order_told: list[int]) -> None:
    told = [{"alpha": Memory(str(n), datetime(2024, 6, 3, tzinfo=UTC) + timedelta(n))} for n in range(4)]
    assert newest(*(told[n] for n in order_told))["alpha"].text == "3"
