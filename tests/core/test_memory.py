"""What a strategy wants to remember counts once its decision is carried out, and of two decisions the later one's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.journal import Run, RunState
from ib_trading.core.memory import Memory, memories_now, memories_of, newest
from ib_trading.core.order import Order
from ib_trading.core.order_state import OrderState
from tests.contracts.samples import NOON, a_run, after, an_order

SENT = (RunState.SETTLING, RunState.SETTLED, RunState.NEEDS_REVIEW)


def decided(state: RunState, memories: Mapping[str, str] | None = None) -> Run:
    plan = {"memories": {"trend": "7"} if memories is None else memories}
    return a_run("run-1", state=state, plan=json.dumps(plan).encode())


def orders(*states: OrderState) -> Sequence[Order]:
    return [an_order(f"ref-{number}", "run-1", state) for number, state in enumerate(states)]


def remembered(seconds: float, text: str = "7") -> Memory:
    return Memory(text, after(seconds))


@pytest.mark.parametrize("state", SENT)
@pytest.mark.parametrize(
    "states",
    [
        (),
        (OrderState.FILLED,),
        (OrderState.WORKING,),
        (OrderState.FILLED, OrderState.REJECTED),
        (OrderState.UNKNOWN, OrderState.ABANDONED),
    ],
)
def test_a_decision_of_which_something_was_sent_is_remembered(
    state: RunState, states: tuple[OrderState, ...]
) -> None:
    """Also one that wanted nothing to be sent: it kept what there was, and that is what it wanted."""
    assert memories_of(decided(state), orders(*states)) == {"trend": Memory("7", NOON)}


@pytest.mark.parametrize("state", [one for one in RunState if one not in SENT])
def test_until_it_is_carried_out_and_where_it_was_refused_nothing_is(state: RunState) -> None:
    assert memories_of(decided(state), orders(OrderState.FILLED)) == {}


@pytest.mark.parametrize("state", SENT)
def test_of_a_decision_whose_orders_were_all_abandoned_nothing_is(state: RunState) -> None:
    assert memories_of(decided(state), orders(OrderState.ABANDONED, OrderState.ABANDONED)) == {}


@pytest.mark.parametrize("run", [decided(RunState.SETTLED, {}), a_run("run-1", state=RunState.SETTLED)])
def test_who_wants_to_remember_nothing_keeps_what_it_had(run: Run) -> None:
    assert memories_of(run, orders(OrderState.FILLED)) == {}


def test_of_two_decisions_the_later_one_stays_whichever_is_told_first() -> None:
    told = [{"trend": remembered(second, str(second)), f"only {second}": remembered(second)} for second in (1, 2, 3)]
    for several in permutations(told):
        found = newest(*several)
        assert found["trend"] == remembered(3, "3")
        assert set(found) == {"trend", "only 1", "only 2", "only 3"}


def test_of_two_decisions_of_one_instant_the_one_that_was_told_first_stays() -> None:
    assert newest({"trend": remembered(1, "1")}, {"trend": remembered(1, "2")}) == {"trend": remembered(1, "1")}


def test_a_memory_goes_to_the_name_of_today() -> None:
    assert memories_now({"old": remembered(1)}, {"old": "new"}) == {"new": remembered(1)}


@given(st.integers(0, 9), st.integers(0, 9))
def test_of_two_strategies_that_have_become_one_the_later_decided_memory_is_theirs(one: int, other: int) -> None:
    memories = {"old": remembered(one, "old"), "new": remembered(other, "new")}
    found = memories_now(memories, {"old": "new"})
    assert set(found) == {"new"}
    assert found["new"].decided_at == NOON + timedelta(seconds=max(one, other))
