"""A strategy remembers what it decided once something of it was done, and of two decisions the later one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.journal import Run, RunState
from ib_trading.core.memory import Memory, memories_awaited, memories_now, memories_of, newest
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
    orders = became(OrderState.REJECTED, alpha=10), became(OrderState.FILLED, "10", alpha=5, beta=5)
    assert remembered(settled(), *orders) == {"alpha", "beta"}


def test_what_strategies_took_from_each_other_is_something() -> None:
    assert remembered(settled(CROSS), became(OrderState.REJECTED, alpha=10)) == {"alpha", "beta"}


@pytest.mark.parametrize("state", [OrderState.WORKING, OrderState.UNKNOWN, OrderState.SENDING])
@pytest.mark.parametrize("before", [(), (became(OrderState.REJECTED, alpha=10),)])
def test_what_may_still_come_counts_and_is_not_written_before_it_has_come(
    state: OrderState, before: tuple[Order, ...]
) -> None:
    """An order that nobody could explain counted as done: it had never arrived, and was not asked for again."""
    orders = *before, became(state, alpha=10, beta=5)
    assert memories_awaited(settled(), orders).keys() == {"alpha", "beta"}
    assert remembered(settled(), *orders) == set()


def test_what_has_come_to_nothing_is_not_awaited_any_more() -> None:
    orders = became(OrderState.CANCELLED, alpha=10), became(OrderState.WORKING, beta=5)
    assert memories_awaited(settled(), orders).keys() == {"beta"}


def test_the_orders_of_a_strategy_that_was_renamed_since_are_its_own() -> None:
    """They stand under the name of today, the plan under the one of then."""
    former = {"alpha": "gamma"}
    assert memories_of(settled(), [became(OrderState.REJECTED, gamma=10)], former).keys() == {"beta"}
    filled = [became(OrderState.FILLED, "10", gamma=10)]
    assert memories_of(settled(), filled, former).keys() == {"alpha", "beta"}


@pytest.mark.parametrize("state", [RunState.CLAIMED, RunState.PLANNED, RunState.REFUSED, RunState.FAILED])
def test_a_run_that_was_not_carried_out_leaves_what_was_there(state: RunState) -> None:
    assert remembered(settled(state=state), became(OrderState.FILLED, "10", alpha=10)) == set()


def test_who_wants_to_remember_nothing_keeps_what_it_had() -> None:
    filled = became(OrderState.FILLED, "10", alpha=10)
    silent = replace(make_plan(asked(snapshot(), {"alpha": answers()})), memories=None)
    assert memories_of(replace(settled(), plan=silent.to_json()), [filled]) == {}
    assert memories_of(replace(settled(), plan=None), [filled]) == {}


def later(seconds: float, text: str = "7") -> Memory:
    return Memory(text, NOW + timedelta(seconds=seconds))


def test_of_two_decisions_the_later_one_stays_whichever_is_told_first() -> None:
    told = [{"alpha": later(second, str(second)), f"only {second}": later(second)} for second in (1, 2, 3)]
    for several in permutations(told):
        found = newest(*several)
        assert found["alpha"] == later(3, "3")
        assert set(found) == {"alpha", "only 1", "only 2", "only 3"}


def test_of_two_decisions_of_one_instant_the_one_that_was_told_first_stays() -> None:
    assert newest({"alpha": later(1, "1")}, {"alpha": later(1, "2")}) == {"alpha": later(1, "1")}


def test_a_memory_goes_to_the_name_of_today() -> None:
    assert memories_now({"old": later(1)}, {"old": "new"}) == {"new": later(1)}


@given(st.integers(0, 9), st.integers(0, 9))
def test_of_two_strategies_that_have_become_one_the_later_decided_memory_is_theirs(
    one: int, other: int
) -> None:
    found = memories_now({"old": later(one, "old"), "new": later(other, "new")}, {"old": "new"})
    assert set(found) == {"new"}
    assert found["new"].decided_at == NOW + timedelta(seconds=max(one, other))
