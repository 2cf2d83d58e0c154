"""Asks the broker for exchange rates: the listed pair of each currency with the base currency, and its price."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ib_trading.core.account import AccountState
from ib_trading.core.fx import FxRate, base_rate, pair_specs, rate_of_pair
from ib_trading.core.instruments import Instrument
from ib_trading.core.market import sizing_price
from ib_trading.core.refusals import PriceRefused, RequestError
from ib_trading.ports.broker import Broker
from ib_trading.schema.trading_config import TradingConfig

QUOTED_ON = "IDEALPRO"
"""The broker's own venue for spot forex: what it lists, it quotes there."""


def read_rates(
    broker: Broker, config: TradingConfig, state: AccountState, currencies: Iterable[str], at: datetime
) -> dict[str, FxRate]:
    """A rate to the account's base currency for each of `currencies` that has one, and for the base itself. One that
    has none is left out: whether it is needed, who values something decides."""
    base = state.base_currency
    pairs = {
        currency: pair
        for currency in sorted({*currencies} - {base})
        if (pair := listed_pair(broker, currency, base, QUOTED_ON)) is not None
    }
    quotes = broker.quotes(pairs.values()) if pairs else {}
    rates = {base: base_rate(base, at)}
    for currency, pair in pairs.items():
        try:
            price = sizing_price(pair, quotes.get(pair.con_id), at, config)
        except PriceRefused:
            continue
        own = state.rates.get(currency)
        rates[currency] = rate_of_pair(currency, pair, price.price, price.as_of, own)
    return rates


def listed_pair(broker: Broker, currency: str, base: str, exchange: str) -> Instrument | None:
    """The pair in the direction in which the broker lists it; None if it lists neither there."""
    for spec in pair_specs(currency, base, exchange):
        try:
            return broker.instruments([spec])[spec]
        except RequestError:
            # Error 200, no such contract: how the broker says that this direction is not listed.
            continue
    return None
