"""Nothing is valued at a guessed rate."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.core.fx import FxRate, RateMissing, base_rate, rate_to_base
from tests.core.builders import NOW

RATES = {"USD": base_rate("USD", NOW), "CHF": FxRate("CHF", Decimal("1.12"), "USD.CHF", NOW)}


def test_a_rate_is_base_currency_for_one_unit() -> None:
    assert rate_to_base("CHF", RATES) == Decimal("1.12")


def test_the_base_currency_is_worth_one_of_itself() -> None:
    assert RATES["USD"] == FxRate("USD", Decimal(1), "base", NOW)


def test_no_rate_refuses() -> None:
    with pytest.raises(RateMissing, match="no exchange rate from EUR"):
        rate_to_base("EUR", RATES)


@pytest.mark.parametrize("rate", ["0", "-1.1", "NaN", "Infinity"])
def test_a_rate_that_is_not_above_zero_is_no_rate(rate: str) -> None:
    """Zero would size an infinite position, a negative one the opposite of what was meant."""
    with pytest.raises(RateMissing, match="has to be above 0"):
        rate_to_base("EUR", {"EUR": FxRate("EUR", Decimal(rate), "EUR.USD", NOW)})
