"""A DAY order does not outlive its day: where ledger and broker agree afterwards, what became of it is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ib_trading.core.day_order import after_its_day
from ib_trading.core.order import Order
from ib_trading.core.order_kind import Side
from ib_trading.core.order_state import OrderState
from tests.contracts.samples import NOON, an_order

MONDAY, TUESDAY = date(2024, 6, 3), date(2024, 6, 4)


def order(state: OrderState = OrderState.UNKNOWN, **members: Any) -> Order:
    return an_order("ib-pabc", "run-1", state, quantity=Decimal(10), source={"alpha": Decimal(10)}, **members)


def next_morning(gone: Order, *others: Order, **facts: Any) -> Order:
    """Nothing was filled and ledger and broker agree, unless `facts` say otherwise."""
    said: dict[str, Any] = {"good_for": MONDAY, "today": TUESDAY, "missing": Decimal(0), "booked": Decimal(0)}
    return after_its_day(gone, (gone, *others), at=NOON, **said | facts)


@pytest.mark.parametrize(
    ("booked", "state"),
    [("0", OrderState.CANCELLED), ("4", OrderState.PARTLY_FILLED), ("10", OrderState.FILLED)],
)
def test_it_ended_with_what_is_booked(booked: str, state: OrderState) -> None:
    """It used to be unknown, and its instrument locked, every morning after a quiet day."""
    after = next_morning(order(filled=Decimal(booked)), booked=Decimal(booked))
    assert (after.state, after.filled) == (state, Decimal(booked))
    assert "DAY order of 2024-06-03" in after.messages[-1]


def test_where_ledger_and_broker_differ_it_stays_unknown() -> None:
    """The difference may be its fill, of a day whose executions are no longer told."""
    assert next_morning(order(), missing=Decimal(4)).state is OrderState.UNKNOWN


def test_on_its_own_day_absence_is_no_evidence() -> None:
    """Its bytes may still be on their way."""
    assert next_morning(order(), today=MONDAY).state is OrderState.UNKNOWN


def test_fills_that_the_broker_once_counted_and_nobody_booked_leave_it_unknown() -> None:
    """The positions agree by chance then."""
    assert next_morning(order(filled=Decimal(4))).state is OrderState.UNKNOWN


def test_another_open_order_on_the_other_side_could_hide_its_fill() -> None:
    """Alpha bought ten and beta sold ten, both unseen: the positions agree, and both holdings are wrong."""
    seller = replace(order(), order_ref="ib-pdef", action=Side.SELL, source={"beta": Decimal(-10)})
    assert next_morning(order(), seller).state is OrderState.UNKNOWN


def test_an_order_on_the_same_side_or_on_another_contract_hides_nothing() -> None:
    """Two purchases that had filled would show in the position."""
    buyer = replace(order(), order_ref="ib-pdef")
    elsewhere = replace(order(), order_ref="ib-pghi", con_id=2, action=Side.SELL)
    assert next_morning(order(), buyer, elsewhere).state is OrderState.CANCELLED


@pytest.mark.parametrize("state", [OrderState.WORKING, OrderState.FILLED])
def test_what_the_broker_has_a_word_on_is_left_alone(state: OrderState) -> None:
    """Its word counts for more than the calendar."""
    assert next_morning(order(state)).state is state
