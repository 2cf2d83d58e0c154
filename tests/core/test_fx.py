"""Nothing is valued at a guessed rate."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ib_trading.core.fx import FxRate, base_rate, pair_specs, rate_of_pair, rate_to_base
from ib_trading.core.instruments import ContractSpec, Instrument
from ib_trading.core.refusals import RateMissing
from tests.core.builders import NOW, stock

RATES = {"USD": base_rate("USD", NOW), "CHF": FxRate("CHF", Decimal("1.12"), "USD.CHF", NOW)}


def test_a_rate_is_base_currency_for_one_unit() -> None:
    assert rate_to_base("CHF", RATES) == Decimal("1.12")


def test_the_base_currency_is_worth_one_of_itself() -> None:
    assert RATES["USD"] == FxRate("USD", Decimal(1), "base", NOW)


def test_no_rate_refuses() -> None:
    with pytest.raises(RateMissing, match="no exchange rate from EUR"):
        rate_to_base("EUR", RATES)


def pair(symbol: str, currency: str) -> Instrument:
    return stock(9, symbol, sec_type="CASH", currency=currency)


@pytest.mark.parametrize(
    ("listed", "price", "rate"),
    [(pair("EUR", "USD"), "1.25", "1.25"), (pair("USD", "EUR"), "0.8", "1.25")],
)
def test_a_rate_is_the_listed_pair_s_price_or_one_over_it(listed: Instrument, price: str, rate: str) -> None:
    """A comparable system took USD.CHF for CHF → USD and sized Swiss positions by the square of the rate wrongly."""
    assert rate_of_pair("EUR", listed, Decimal(price), NOW, None).rate == Decimal(rate)


def test_a_pair_is_asked_for_in_both_directions() -> None:
    assert pair_specs("CHF", "USD", "IDEALPRO") == (
        ContractSpec("CHF", "CASH", "IDEALPRO", "USD"),
        ContractSpec("USD", "CASH", "IDEALPRO", "CHF"),
    )


@pytest.mark.parametrize(
    ("account_rate", "passed"),
    [(None, True), ("1", True), ("0.9804", True), ("0.98", False), ("1.0205", False), ("0", False)],
)
def test_a_rate_over_two_percent_from_the_account_s_own_is_no_rate(
    account_rate: str | None, passed: bool
) -> None:
    """An inverse pair taken for the pair itself is the mistake that this catches."""
    own = None if account_rate is None else Decimal(account_rate)
    rates = {"EUR": FxRate("EUR", Decimal(1), "EUR.USD", NOW, own)}
    if passed:
        assert rate_to_base("EUR", rates) == 1
    else:
        with pytest.raises(RateMissing, match="one of them is wrong"):
            rate_to_base("EUR", rates)


@pytest.mark.parametrize("rate", ["0", "-1.1", "NaN", "Infinity"])
def test_a_rate_that_is_not_above_zero_is_no_rate(rate: str) -> None:
    """Zero would size an infinite position, a negative one the opposite of what was meant."""
    with pytest.raises(RateMissing, match="has to be above 0"):
        rate_to_base("EUR", {"EUR": FxRate("EUR", Decimal(rate), "EUR.USD", NOW)})
