"""An order's properties, its reference, and which of its states are the end."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.mode import TradingMode
from app.core.netting import NetTrade
from app.core.orders import Action, OrderState, PlannedOrder, market_order, order_ref
from tests.core.builders import STOCK, order

PAPER = TradingMode.PAPER


def trade(quantity: str) -> NetTrade:
    return NetTrade(1, Decimal(quantity), {"alpha": Decimal(quantity)})


def test_the_default_order_is_market_for_the_day_with_adaptive() -> None:
    assert market_order(trade("5"), STOCK, "Patient") == PlannedOrder(
        con_id=1,
        local_symbol="AAA",
        action=Action.BUY,
        quantity=Decimal(5),
        order_type="MKT",
        tif="DAY",
        adaptive_priority="Patient",
        source={"alpha": Decimal(5)},
    )


def test_a_negative_trade_is_a_sale_of_a_positive_quantity() -> None:
    sale = market_order(trade("-5"), STOCK, None)
    assert (sale.action, sale.quantity, sale.source) == (Action.SELL, Decimal(5), {"alpha": Decimal(-5)})


def test_adaptive_is_added_only_where_the_contract_takes_it_and_it_is_wanted() -> None:
    plain = replace(STOCK, order_types=frozenset({"MKT"}))
    assert market_order(trade("5"), plain, "Normal").adaptive_priority is None
    assert market_order(trade("5"), STOCK, None).adaptive_priority is None


@given(st.text(max_size=40), st.integers(1, 10**9))
def test_an_order_reference_is_short_plain_and_a_pure_function(run_id: str, con_id: int) -> None:
    one = replace(order(1, "5"), con_id=con_id)
    ref = order_ref(PAPER, run_id, one)
    assert re.fullmatch(r"ib-p[a-z2-7]{16}", ref)
    assert ref == order_ref(PAPER, run_id, replace(one, quantity=Decimal(9), tif="GTC"))


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
