"""What one currency is worth in another: the arithmetic, and constants to begin from.

The constants, rounded from early 2019, are the references around which forex.py constructs its prices. What
an account is valued at is the market of the moment (accounts.py); where a market has no pairs, the references.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

# USD for one unit.
_IN_USD = {
    "USD": Decimal(1),
    "AUD": Decimal("0.70"),
    "CAD": Decimal("0.74"),
    "CHF": Decimal("1.02"),
    "EUR": Decimal("1.14"),
    "GBP": Decimal("1.27"),
    "HKD": Decimal("0.128"),
    "JPY": Decimal("0.0092"),
    "SEK": Decimal("0.112"),
}

CURRENCIES = tuple(_IN_USD)

_PLACES = Decimal("0.0000001")


def in_usd(currency: str) -> Decimal:
    """The reference: USD for one unit. Raises KeyError for one not in CURRENCIES."""
    return _IN_USD[currency]


def rate(currency: str, base: str, usd_of: Callable[[str], Decimal] = in_usd) -> Decimal:
    """Units of `base` for one unit of `currency`, to seven places, from what each is worth in dollars."""
    if currency == base:
        return Decimal(1)
    return (usd_of(currency) / usd_of(base)).quantize(_PLACES)
