"""What one contract is worth, when it trades, and in which steps it is counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.instruments import ContractSpec, round_to_increment, symbol_of, whole_increments
from ib_trading.core.order_kind import OrderType
from tests.core.builders import HOURS, STOCK

QUANTITIES = st.decimals(-(10**9), 10**9, places=6)
INCREMENTS = st.sampled_from([Decimal(1), Decimal(100), Decimal("0.01"), Decimal("0.25"), Decimal("0.0001")])


def test_the_value_of_a_contract_is_price_times_multiplier_by_magnifier() -> None:
    """Wheat: 5,000 bushels, quoted in cents."""
    wheat = replace(STOCK, sec_type="FUT", multiplier=Decimal(5000), price_magnifier=Decimal(100))
    assert wheat.value(Decimal("612.25")) == Decimal("30612.5")


@pytest.mark.parametrize(("told", "used"), [("0.0001", "1"), ("1", "1"), ("100", "100")])
def test_stocks_are_traded_in_whole_shares_or_larger_lots(told: str, used: str) -> None:
    assert replace(STOCK, size_increment=Decimal(told)).increment == Decimal(used)


def test_what_is_no_stock_is_traded_in_its_own_increment() -> None:
    assert replace(STOCK, sec_type="CASH", size_increment=Decimal("0.01")).increment == Decimal("0.01")


@pytest.mark.parametrize(
    ("quantity", "rounded"),
    [("0.5", "0"), ("1.5", "2"), ("2.5", "2"), ("-0.5", "0"), ("-1.5", "-2"), ("2.51", "3")],
)
def test_half_an_increment_goes_to_the_even_multiple(quantity: str, rounded: str) -> None:
    assert round_to_increment(Decimal(quantity), Decimal(1)) == Decimal(rounded)


@given(QUANTITIES, INCREMENTS)
def test_rounding_gives_the_nearest_multiple_and_favours_no_direction(
    quantity: Decimal, increment: Decimal
) -> None:
    rounded = round_to_increment(quantity, increment)
    assert Fraction(rounded) % Fraction(increment) == 0
    assert abs(Fraction(rounded) - Fraction(quantity)) <= Fraction(increment) / 2
    assert round_to_increment(-quantity, increment) == -rounded


@given(QUANTITIES, INCREMENTS)
def test_whole_increments_never_go_beyond_the_quantity(quantity: Decimal, increment: Decimal) -> None:
    whole = whole_increments(quantity, increment)
    assert Fraction(whole) % Fraction(increment) == 0
    assert whole * quantity >= 0
    assert abs(quantity) - increment < abs(whole) <= abs(quantity)


def test_the_exchange_is_open_from_its_opening_until_just_before_its_close() -> None:
    moment = timedelta(microseconds=1)
    assert [
        STOCK.is_open(at) for at in (HOURS.open - moment, HOURS.open, HOURS.close - moment, HOURS.close)
    ] == [False, True, True, False]


def test_adaptive_is_for_contracts_whose_details_list_algos() -> None:
    assert STOCK.takes_adaptive()
    assert not replace(STOCK, order_types=frozenset({"MKT", "LMT"})).takes_adaptive()


def test_a_spec_says_what_it_is() -> None:
    assert str(ContractSpec("AAPL")) == "AAPL (STK, SMART, USD)"


def test_a_contract_is_a_us_stock_by_the_smart_route_unless_more_is_said() -> None:
    spec = ContractSpec("AAA")
    assert (spec.sec_type, spec.exchange, spec.currency, spec.primary_exchange) == ("STK", "SMART", "USD", "")


def test_what_a_contract_takes_its_details_say_and_where_they_say_nothing_all_is_tried() -> None:
    assert STOCK.takes(OrderType.LIMIT)
    assert not STOCK.takes(OrderType.STOP)
    assert replace(STOCK, order_types=frozenset()).takes(OrderType.STOP)
    assert replace(STOCK, order_types=frozenset({"STPLMT"})).takes(OrderType.STOP_LIMIT)


def test_what_the_broker_knows_no_more_is_called_by_its_id() -> None:
    assert [symbol_of(con_id, {1: STOCK}) for con_id in (1, 2)] == ["AAA", "contract 2"]


@pytest.mark.parametrize(("sec_type", "forex"), [("CASH", True), ("STK", False), ("FUT", False)])
def test_a_currency_pair_is_the_broker_s_security_type_cash(sec_type: str, forex: bool) -> None:
    assert replace(STOCK, sec_type=sec_type).is_forex is forex
