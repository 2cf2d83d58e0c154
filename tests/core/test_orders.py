"""An order's properties, its reference, and which of its states are the end."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.mode import TradingMode
from ib_trading.core.order import names_an_order_of, order_ref, written_down
from ib_trading.core.order_kind import OrderType, TimeInForce
from ib_trading.core.order_state import OrderMoment, OrderState
from tests.core.builders import NOW, order

PAPER = TradingMode.PAPER


@given(st.text(max_size=40), st.integers(1, 10**9))
def test_an_order_reference_is_short_plain_and_a_pure_function(run_id: str, con_id: int) -> None:
    one = replace(order(1, "5"), con_id=con_id)
    ref = order_ref(PAPER, run_id, one)
    assert re.fullmatch(r"ib-p[a-z2-7]{16}", ref)
    assert ref == order_ref(PAPER, run_id, replace(one, quantity=Decimal(9), tif=TimeInForce.GTC))


def test_an_order_reference_tells_apart_runs_contracts_legs_and_modes() -> None:
    one = order(1, "5")
    refs = {
        order_ref(PAPER, "run-1", one),
        order_ref(PAPER, "run-2", one),
        order_ref(PAPER, "run-1", order(2, "5")),
        order_ref(PAPER, "run-1", replace(one, leg="2")),
        order_ref(TradingMode.LIVE, "run-1", one),
    }
    assert len(refs) == 5


def test_an_order_reference_stays_what_it_is_between_releases() -> None:
    """Another spelling would not recognise the orders that the release before it sent."""
    assert order_ref(PAPER, "run-1", order(1, "5")) == "ib-pijd53j2nnyq64kme"


@pytest.mark.parametrize("state", OrderState)
def test_final_are_the_states_that_nothing_can_follow(state: OrderState) -> None:
    """Inactive is not final (the broker still holds it), and unknown is for a person to end."""
    assert state.final is (state.value in {"filled", "partly_filled", "cancelled", "rejected", "abandoned"})


@pytest.mark.parametrize("state", OrderState)
def test_only_filled_and_working_orders_let_a_run_call_itself_done(state: OrderState) -> None:
    assert state.well is (state.value in {"filled", "working"})


def test_a_state_has_the_word_that_journals_were_written_with() -> None:
    assert [state.value for state in OrderState] == [
        "planned", "sending", "acknowledged", "working", "filled", "partly_filled", "cancelled", "rejected",
        "inactive", "unknown", "abandoned",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"order_type": OrderType.LIMIT}, "a LMT order cannot have the limit price None"),
        ({"limit_price": Decimal(100)}, "a MKT order cannot have the limit price 100"),
        ({"order_type": OrderType.STOP}, "a STP order cannot have the stop price None"),
        (
            {"order_type": OrderType.TRAIL, "stop_price": Decimal(98)},
            "a TRAIL order cannot have the trailing percent None",
        ),
        (
            {
                "order_type": OrderType.TRAIL,
                "stop_price": Decimal(98),
                "trailing_percent": Decimal(1),
                "limit_offset": Decimal("0.5"),
            },
            "a TRAIL order cannot have the limit offset 0.5",
        ),
    ],
)
def test_an_order_without_a_price_of_its_type_or_with_another_is_none(
    changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        order(1, "5", **changes).check_prices()


def test_an_order_with_the_prices_of_its_type_is_one() -> None:
    order(1, "5").check_prices()
    order(1, "5", order_type=OrderType.LIMIT, limit_price=Decimal(100)).check_prices()


def test_an_order_works_at_once_and_in_regular_hours_unless_more_is_said() -> None:
    plain = order(1, "5")
    assert (plain.leg, plain.good_after, plain.outside_rth) == ("1", None, False)
    assert (plain.is_priced, plain.outlives_request, plain.is_conversion) == (False, False, False)


def test_a_state_that_lasts_is_one_moment_of_an_order_s_life() -> None:
    later = NOW + timedelta(seconds=5)
    new = written_down(order(1, "-5"), PAPER, "run-1", Decimal(1), NOW)
    assert (new.state, new.life) == (OrderState.PLANNED, (OrderMoment(OrderState.PLANNED, NOW),))
    assert (new.order_ref, new.run_id, new.filled) == (order_ref(PAPER, "run-1", order(1, "-5")), "run-1", 0)
    assert new.became(OrderState.PLANNED, later).life == new.life
    working = new.became(OrderState.WORKING, later, filled=Decimal(2))
    assert [moment.state for moment in working.life] == [OrderState.PLANNED, OrderState.WORKING]
    assert (working.state, working.filled, working.life[-1].at) == (OrderState.WORKING, 2, later)
    assert replace(new, life=()).became(OrderState.PLANNED, later).life == (
        OrderMoment(OrderState.PLANNED, later),
    )


@pytest.mark.parametrize(
    ("ref", "ours"),
    [
        ("ib-pijd53j2nnyq64kme", True),
        ("ib-lijd53j2nnyq64kme", False),
        ("ib-pijd53j2nnyq64km", False),
        ("ib-pijd53j2nnyq64kmee", False),
        ("xb-pijd53j2nnyq64kme", False),
        ("", False),
    ],
)
def test_an_order_is_this_mode_s_own_by_its_name(ref: str, ours: bool) -> None:
    """A name of another length is somebody else's, who begins his as we do."""
    assert names_an_order_of(PAPER, ref) is ours
