"""Decides the rate that turns a contract's currency into the account's base currency.

It comes from the listed pair, either way round: CHF → USD is USD.CHF, inverted; taking the pair for the rate would
size a Swiss position a quarter too large or small, depending on the year. A rate that is not there, or that the
account's own rate contradicts, refuses the sizing: nothing is ever valued at a guessed rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ib_trading.core.instruments import ContractSpec, Instrument
from ib_trading.core.refusals import RateMissing


@dataclass(frozen=True, slots=True)
class FxRate:
    """One unit of `currency` in base currency; `source` is the listed pair, or "base" for the base itself.

    `account_rate` is the account's own figure for the same, None where the broker reports none.
    """

    currency: str
    rate: Decimal
    source: str
    as_of: datetime
    account_rate: Decimal | None = None


MAX_APART_PERCENT = 2
"""The account's own rate is refreshed every few minutes; further than this from the pair's price one is wrong."""


def pair_specs(currency: str, base_currency: str, exchange: str) -> tuple[ContractSpec, ContractSpec]:
    """Both ways in which the pair could be listed; the broker lists one of them."""
    return (
        ContractSpec(currency, "CASH", exchange, base_currency),
        ContractSpec(base_currency, "CASH", exchange, currency),
    )


def rate_of_pair(
    currency: str, pair: Instrument, price: Decimal, at: datetime, account_rate: Decimal | None
) -> FxRate:
    """From `price`, what one unit of the pair's symbol costs in its currency."""
    rate = price if pair.symbol == currency else 1 / price
    return FxRate(currency, rate, pair.local_symbol, at, account_rate)


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
    account_rate = rates[currency].account_rate
    if account_rate is not None and abs(rate - account_rate) * 100 > MAX_APART_PERCENT * account_rate:
        raise RateMissing(
            f"the exchange rate from {currency} to the base currency is {rate:.6g} by {rates[currency].source} but"
            f" {account_rate:.6g} by the account, over {MAX_APART_PERCENT} % apart: one of them is wrong"
        )
    return rate
