"""Which requests are repetitions, and which runs are over."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from ib_trading.core.journal import (
    Run,
    RunState,
    body_hash,
    came_to_nothing,
    crosses_stand,
    given_up,
    outcome,
    signature,
)
from ib_trading.core.mode import TradingMode
from ib_trading.core.order_state import OrderState
from tests.contracts.samples import NOON, an_order

PAPER, LIVE = TradingMode.PAPER, TradingMode.LIVE


def test_the_same_request_in_another_spelling_has_the_same_signature() -> None:
    one = {"strategies": ["trend"], "share": Decimal("0.50")}
    other = {"share": Decimal("0.5"), "strategies": ("trend",)}
    assert signature(PAPER, "allocation", one) == signature(PAPER, "allocation", other)
    assert body_hash("allocation", one) == body_hash("allocation", other)


def test_mode_intent_and_body_each_make_another_signature() -> None:
    signatures = {
        signature(PAPER, "allocation", {}),
        signature(LIVE, "allocation", {}),
        signature(PAPER, "close-all", {}),
        signature(PAPER, "allocation", {"strategies": None}),
    }
    assert len(signatures) == 4
    assert all(text.startswith("signature:") for text in signatures)


def test_another_body_or_intent_is_another_hash() -> None:
    assert (
        len({body_hash("allocation", {}), body_hash("close-all", {}), body_hash("allocation", {"a": 1})}) == 3
    )


@pytest.mark.parametrize("state", RunState)
def test_a_run_is_over_when_it_is_settled_refused_failed_or_for_a_person_to_review(state: RunState) -> None:
    assert state.ended is (state.value in {"settled", "refused", "failed", "needs_review"})


def test_a_signature_is_told_from_a_callers_own_key() -> None:
    assert re.fullmatch(r"signature:[0-9a-f]{64}", signature(PAPER, "allocation", {}))


def run(state: RunState) -> Run:
    return Run("run-1", "key:monday", "hash", "allocation", state, NOON)


@pytest.mark.parametrize("state", [RunState.CLAIMED, RunState.PLANNED])
def test_an_interrupted_run_came_to_nothing_where_no_order_of_it_can_have_been_sent(state: RunState) -> None:
    planned, abandoned, sending = (
        an_order("ib-pabc", "run-1", each)
        for each in (OrderState.PLANNED, OrderState.ABANDONED, OrderState.SENDING)
    )
    assert came_to_nothing(run(state), ())
    assert came_to_nothing(run(state), (planned, abandoned))
    assert not came_to_nothing(run(state), (planned, sending))


def test_a_run_that_was_being_sent_came_to_something_without_any_order() -> None:
    """Its internal crosses are booked."""
    assert not came_to_nothing(run(RunState.SUBMITTING), ())
    assert crosses_stand(run(RunState.SUBMITTING), ())


def test_crosses_do_not_stand_where_every_order_was_abandoned() -> None:
    abandoned = an_order("ib-pabc", "run-1", OrderState.ABANDONED)
    filled = an_order("ib-pdef", "run-1", OrderState.FILLED)
    assert not crosses_stand(run(RunState.SUBMITTING), (abandoned, abandoned))
    assert crosses_stand(run(RunState.SUBMITTING), (abandoned, filled))


def test_what_came_to_nothing_gives_its_key_back() -> None:
    given = given_up(run(RunState.CLAIMED))
    assert (given.state, given.key) == (RunState.FAILED, "given up by run-1: key:monday")


@pytest.mark.parametrize(
    ("states", "outcome_of_run"),
    [
        ((), RunState.SETTLED),
        ((OrderState.FILLED, OrderState.CANCELLED), RunState.SETTLED),
        ((OrderState.FILLED, OrderState.WORKING), RunState.SETTLING),
        ((OrderState.FILLED, OrderState.UNKNOWN), RunState.NEEDS_REVIEW),
        ((OrderState.WORKING, OrderState.SENDING), RunState.NEEDS_REVIEW),
        ((OrderState.INACTIVE, OrderState.CANCELLED), RunState.NEEDS_REVIEW),
    ],
)
def test_a_run_is_what_its_worst_order_makes_of_it(
    states: tuple[OrderState, ...], outcome_of_run: RunState
) -> None:
    """One order that nobody knows of is a person's matter, however well the others went."""
    orders = [an_order(f"ib-p{number}", "run-1", state) for number, state in enumerate(states)]
    assert outcome(orders) is outcome_of_run
