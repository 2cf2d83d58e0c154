"""What one currency is worth in another, to value an account that holds several.

Forex contracts do not exist yet. Until they do, the rates are constants, rounded from early 2019, and do not
move; they serve valuation only, nothing trades at them.
"""

from __future__ import annotations

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


def rate(currency: str, base: str) -> Decimal:
    """Units of `base` for one unit of `currency`, to seven places. Raises KeyError for one not in CURRENCIES."""
    if currency == base:
        return Decimal(1)
    return (_IN_USD[currency] / _IN_USD[base]).quantize(_PLACES)
