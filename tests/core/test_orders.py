"""An order's properties, its reference, and which of its states are the end."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.mode import TradingMode
from ib_trading.core.order import order_ref
from ib_trading.core.order_kind import TimeInForce
from ib_trading.core.order_state import OrderState
from tests.core.builders import order

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
