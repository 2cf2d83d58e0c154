"""What became of an order follows from the broker's records; silence is never an answer."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ib_trading.core.account import OrderReport
from ib_trading.core.evidence import ended, judged, merged, updated, without_its_fills
from ib_trading.core.order import Order
from ib_trading.core.order_kind import Side
from ib_trading.core.order_state import OrderMoment, OrderState
from tests.contracts.samples import NOON, after, an_order
from tests.core.builders import execution

LATER = after(5)


def order(state: OrderState, **members: Any) -> Order:
    return an_order("ib-pabc", "run-1", state, quantity=Decimal(10), source={"alpha": Decimal(10)}, **members)


def report(state: OrderState, **members: Any) -> OrderReport:
    said = OrderReport("ib-pabc", 7, 99, 1, "AAA", Side.BUY, Decimal(10), "MKT", state, Decimal(0), None)
    return replace(said, **members)


def test_what_was_never_sent_and_is_nowhere_is_abandoned() -> None:
    assert judged(order(OrderState.PLANNED), (), (), LATER).state is OrderState.ABANDONED


@pytest.mark.parametrize("state", [OrderState.SENDING, OrderState.ACKNOWLEDGED, OrderState.WORKING])
def test_what_may_have_been_sent_and_is_nowhere_is_unknown_and_never_cancelled(state: OrderState) -> None:
    """A comparable system took an order that it did not find for cancelled, sent it again, and held it twice."""
    assert judged(order(state), (), (), LATER).state is OrderState.UNKNOWN


def test_a_report_in_which_nothing_was_heard_proves_nothing() -> None:
    silent = report(OrderState.SENDING, perm_id=0)
    assert judged(order(OrderState.SENDING), (silent,), (), LATER).state is OrderState.UNKNOWN


def test_the_broker_s_word_is_adopted_under_the_orders_own_ref() -> None:
    other = replace(report(OrderState.FILLED), order_ref="ib-pother")
    adopted = judged(order(OrderState.SENDING), (other, report(OrderState.WORKING)), (), LATER)
    assert (adopted.state, adopted.perm_id) == (OrderState.WORKING, 99)


@pytest.mark.parametrize(("told", "kept"), [(Decimal("10.5"), Decimal("10.5")), (None, Decimal(10))])
def test_an_average_price_stays_until_another_is_told(told: Decimal | None, kept: Decimal) -> None:
    before = order(OrderState.WORKING, average_price=Decimal(10))
    assert updated(before, report(OrderState.WORKING, average_price=told), LATER).average_price == kept


def test_executions_prove_a_fill_that_no_report_shows() -> None:
    fills = [execution("a.01", "4"), execution("b.01", "6")]
    assert judged(order(OrderState.SENDING), (), fills, LATER).state is OrderState.FILLED


def test_a_corrected_execution_counts_once() -> None:
    fills = [execution("a.01", "5"), execution("a.02", "5")]
    found = judged(order(OrderState.SENDING), (), fills, LATER)
    assert (found.state, found.filled) == (OrderState.UNKNOWN, Decimal(5))


def test_a_cancelled_order_whose_partial_fill_is_found_later_is_partly_filled() -> None:
    """A partial fill of a cancelled order was never attributed: the strategy bought the same shares again."""
    found = judged(order(OrderState.CANCELLED), (), [execution("a.01", "4")], LATER)
    assert (found.state, found.filled) == (OrderState.PARTLY_FILLED, Decimal(4))


def test_a_final_state_is_not_undone_by_an_older_word() -> None:
    filled = order(OrderState.FILLED, filled=Decimal(10))
    assert updated(filled, report(OrderState.WORKING), LATER) == filled


def test_every_state_is_kept_with_its_time() -> None:
    first = order(OrderState.PLANNED, life=(OrderMoment(OrderState.PLANNED, NOON),))
    then = updated(first.became(OrderState.SENDING, after(1)), report(OrderState.WORKING), after(2))
    again = updated(then, report(OrderState.WORKING), after(3))
    assert [(moment.state.value, moment.at) for moment in again.life] == [
        ("planned", NOON),
        ("sending", after(1)),
        ("working", after(2)),
    ]


def test_a_filled_order_without_its_executions_is_unknown() -> None:
    filled = order(OrderState.FILLED, filled=Decimal(10))
    assert without_its_fills(filled, Decimal(10), LATER) == filled
    short = without_its_fills(filled, Decimal(4), LATER)
    assert (short.state, "executions of 4 only" in short.messages[0]) == (OrderState.UNKNOWN, True)


@pytest.mark.parametrize(("told", "kept"), [("4", "6"), ("8", "8")])
def test_what_was_filled_once_stays_filled_whatever_an_older_word_says(told: str, kept: str) -> None:
    """Reports overtake each other: one of the fill before the last would take shares back."""
    working = order(OrderState.WORKING, filled=Decimal(6))
    assert updated(working, report(OrderState.WORKING, filled=Decimal(told)), LATER).filled == Decimal(kept)


def test_executions_that_are_not_all_told_yet_take_no_fill_back() -> None:
    found = judged(order(OrderState.WORKING, filled=Decimal(6)), (), [execution("a.01", "4")], LATER)
    assert (found.state, found.filled) == (OrderState.UNKNOWN, Decimal(6))


def test_a_sale_that_executions_prove_is_filled_by_its_size() -> None:
    fills = [execution("a.01", "-4"), execution("b.01", "-6")]
    found = judged(order(OrderState.SENDING), (), fills, LATER)
    assert (found.state, found.filled) == (OrderState.FILLED, Decimal(10))


@pytest.mark.parametrize(
    ("filled", "state"),
    [
        ("0", OrderState.CANCELLED),
        ("0.5", OrderState.PARTLY_FILLED),
        ("9", OrderState.PARTLY_FILLED),
        ("10", OrderState.FILLED),
        ("11", OrderState.FILLED),
    ],
)
def test_an_order_ends_by_how_much_of_it_has_filled_and_never_with_more_than_was_ordered(
    filled: str, state: OrderState
) -> None:
    done = ended(order(OrderState.UNKNOWN, messages=("110 price",)), Decimal(filled), LATER, "closed by hand")
    assert (done.state, done.filled) == (state, min(Decimal(filled), Decimal(10)))
    assert done.messages == ("110 price", "closed by hand")


def test_of_two_words_on_an_order_the_newer_one_counts() -> None:
    old, new = order(OrderState.SENDING), order(OrderState.WORKING)
    other = replace(old, order_ref="ib-pother")
    assert merged([old, other], [new]) == {"ib-pabc": new, "ib-pother": other}
