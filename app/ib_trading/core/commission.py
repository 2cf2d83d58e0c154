"""Decides what an order is expected to cost: an estimate before it is sent, by the broker's published prices.

What it did cost the broker tells with each fill; nothing is booked by this. Stocks and funds cost what the broker's
pages "Commissions - Stocks, ETFs, Warrants and Structured Products" say of fixed prices:
interactivebrokers.co.uk/en/pricing/commissions-stocks.php (America), interactivebrokers.com.hk/en/pricing/
commissions-stocks-europe.php (euros, with smart routing), interactivebrokers.com.hk/en/index.php?f=49708 (Hong Kong,
Australia). Currencies cost the first tier of "Commissions Spot Currencies",
interactivebrokers.com.au/en/index.php?f=49818. Pounds and francs are taken to be charged like euros and yen like Hong
Kong dollars, with minima that were not looked up: they are the simulator's. Fees of exchanges and states, and taxes,
are left out. Of anything else nothing is expected.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ib_trading.core.instruments import Instrument
from ib_trading.core.markets import market_of


@dataclass(frozen=True, slots=True)
class Commission:
    """Of one order, in `currency`. `is_least`: the broker's least for an order, so that a larger one costs less a
    contract."""

    amount: Decimal
    currency: str
    is_least: bool


@dataclass(frozen=True, slots=True)
class _Prices:
    """In `currency`: so much a contract and such a part of the value, but no less than `least` an order; and no more
    than `largest_part` of the value, where there is such a bound: it goes before the least."""

    currency: str
    per_contract: Decimal
    part_of_value: Decimal
    least: Decimal
    largest_part: Decimal | None = None


def _per_contract(currency: str, each: str, least: str, largest_part: str) -> _Prices:
    return _Prices(currency, Decimal(each), Decimal(0), Decimal(least), Decimal(largest_part))


def _part_of_value(currency: str, part: str, least: str) -> _Prices:
    return _Prices(currency, Decimal(0), Decimal(part), Decimal(least))


_STOCKS = {
    one.currency: one
    for one in (
        _per_contract("USD", "0.005", "1.00", "0.01"),
        _per_contract("CAD", "0.01", "1.00", "0.005"),
        _part_of_value("EUR", "0.0005", "3.00"),
        _part_of_value("GBP", "0.0005", "3.00"),
        _part_of_value("CHF", "0.0005", "5.00"),
        _part_of_value("HKD", "0.0008", "18.00"),
        _part_of_value("AUD", "0.0008", "6.00"),
        _part_of_value("JPY", "0.0008", "80"),
    )
}
# "Or USD currency equivalent".
_FOREX = _part_of_value("USD", "0.00002", "2.00")

# Elsewhere a stock in dollars is charged as that exchange's others are.
_DOLLARS_AT_HOME = "XNYS"


def currency_of_commission(instrument: Instrument) -> str | None:
    """In which currency its commission is told; None where nobody knows what an order for it costs."""
    prices = _prices_of(instrument)
    return prices.currency if prices else None


def expected_commission(instrument: Instrument, quantity: Decimal, value: Decimal) -> Commission | None:
    """Of one order for `quantity` contracts, above 0, that are worth `value` in the commission's currency."""
    prices = _prices_of(instrument)
    if prices is None:
        return None
    by_size = max(quantity * prices.per_contract, value * prices.part_of_value)
    amount = max(by_size, prices.least)
    if prices.largest_part is not None:
        amount = min(amount, value * prices.largest_part)
    return Commission(amount, prices.currency, by_size < prices.least)


def _prices_of(instrument: Instrument) -> _Prices | None:
    if instrument.is_forex:
        return _FOREX
    if instrument.sec_type != "STK":
        return None
    if instrument.currency == "USD" and market_of(instrument) != _DOLLARS_AT_HOME:
        return None
    return _STOCKS.get(instrument.currency)
