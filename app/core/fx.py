"""Decides the rate that turns a contract's currency into the account's base currency.

A rate that is not there refuses the sizing: nothing is ever valued at a guessed rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class FxRate:
    """One unit of `currency` in base currency; `source` is the listed pair, or "base" for the base itself."""

    currency: str
    rate: Decimal
    source: str
    as_of: datetime


class RateMissing(ValueError):
    """There is no rate for a currency that has to be valued."""


def base_rate(base_currency: str, at: datetime) -> FxRate:
    return FxRate(base_currency, Decimal(1), "base", at)


def rate_to_base(currency: str, rates: Mapping[str, FxRate]) -> Decimal:
    """Base currency for one unit of `currency`; RateMissing where none is known, or the one that is cannot be one."""
    if currency not in rates:
        raise RateMissing(
            f"no exchange rate from {currency} to the base currency; positions in {currency} cannot be sized"
        )
    rate = rates[currency].rate
    if not (rate.is_finite() and rate > 0):
        raise RateMissing(
            f"the exchange rate from {currency} to the base currency is {rate}; it has to be above 0"
        )
    return rate
