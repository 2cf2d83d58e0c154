"""What an order is expected to cost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.commission import currency_of_commission, expected_commission
from ib_trading.core.instruments import Instrument
from ib_trading_simulator.brokerage import commission as simulated
from tests.core.builders import AAA, stock

LISTED = {"USD": "NASDAQ", "EUR": "IBIS", "GBP": "LSE", "CHF": "EBS", "HKD": "SEHK", "JPY": "TSEJ"}
EURO = replace(
    AAA, sec_type="CASH", symbol="EUR", local_symbol="EUR.USD", exchange="IDEALPRO", primary_exchange=""
)


def listed(currency: str) -> Instrument:
    return stock(1, "AAA", currency=currency, primary_exchange=LISTED[currency])


def cost(shares: str, price: str, instrument: Instrument = AAA) -> tuple[Decimal, bool]:
    quantity = Decimal(shares)
    expected = expected_commission(instrument, quantity, quantity * Decimal(price))
    assert expected is not None
    return expected.amount, expected.is_least


@pytest.mark.parametrize(
    ("shares", "price", "amount", "is_least"),
    [
        ("100", "25", "1.00", True),
        ("1000", "25", "5.00", False),
        # The broker's own example: 1 % of the value goes before half a cent a share.
        ("1000", "0.25", "2.50", False),
        # One share of AMD: the maximum goes before the least too.
        ("1", "28.73", "0.2873", True),
        ("200", "25", "1.00", False),
    ],
)
def test_an_american_share_costs_half_a_cent_a_dollar_at_least_and_one_percent_at_most(
    shares: str, price: str, amount: str, is_least: bool
) -> None:
    assert cost(shares, price) == (Decimal(amount), is_least)


@pytest.mark.parametrize(
    ("shares", "amount", "is_least"), [("10", "3.00", True), ("100", "3.00", True), ("400", "8.00", False)]
)
def test_a_german_share_costs_a_part_of_its_value(shares: str, amount: str, is_least: bool) -> None:
    assert cost(shares, "40", listed("EUR")) == (Decimal(amount), is_least)


def test_an_exchange_of_currencies_costs_two_dollars_whatever_the_pair() -> None:
    assert currency_of_commission(replace(EURO, symbol="USD", currency="CHF")) == "USD"
    assert cost("20000", "1.1", EURO) == (Decimal("2.00"), True)
    assert cost("200000", "1.1", EURO) == (Decimal("4.40"), False)


@pytest.mark.parametrize(
    "unknown",
    [
        replace(AAA, sec_type="FUT", exchange="CME", primary_exchange=""),
        stock(1, "AAA", currency="SEK", primary_exchange="SFB"),
        stock(1, "CSPX", currency="USD", primary_exchange="LSEETF"),
    ],
    ids=["a future", "in crowns", "in dollars, in London"],
)
def test_of_what_nobody_knows_nothing_is_expected(unknown: Instrument) -> None:
    assert currency_of_commission(unknown) is None
    assert expected_commission(unknown, Decimal(1), Decimal(100)) is None


@given(
    shares=st.integers(1, 100_000).map(Decimal),
    price=st.decimals("0.01", 1000, places=2),
    currency=st.sampled_from(sorted(LISTED)),
)
def test_the_simulator_charges_what_is_expected(shares: Decimal, price: Decimal, currency: str) -> None:
    expected, _ = cost(str(shares), str(price), listed(currency))
    charged = simulated.of_order(shares, shares * price, currency)
    assert abs(expected - charged) <= Decimal("0.000001")


@given(value=st.decimals(1, 10**7, places=2))
def test_the_simulator_charges_what_is_expected_for_currencies(value: Decimal) -> None:
    expected = expected_commission(EURO, Decimal(1), value)
    assert expected is not None
    assert simulated.of_forex(value) == expected.amount.quantize(Decimal("0.000001"))


@given(shares=st.integers(1, 10_000), more=st.integers(1, 10_000), price=st.decimals("0.5", 1000, places=2))
def test_only_where_the_least_is_charged_a_larger_order_is_cheaper_a_share(
    shares: int, more: int, price: Decimal
) -> None:
    small, is_least = cost(str(shares), str(price))
    large, _ = cost(str(shares + more), str(price))
    assert large * shares <= small * (shares + more)
    if not is_least:
        assert large * shares == small * (shares + more)
