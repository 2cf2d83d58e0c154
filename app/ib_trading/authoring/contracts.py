"""How an author names an instrument. The broker resolves each to exactly one contract, or says which there are."""

from __future__ import annotations

from ib_trading.core.instruments import ContractSpec


def stock(
    symbol: str, *, exchange: str = "SMART", primary_exchange: str = "", currency: str = "USD"
) -> ContractSpec:
    """A stock or ETF. Where a symbol is listed several times, `primary_exchange` tells them apart."""
    return ContractSpec(symbol, "STK", exchange, currency, primary_exchange)


etf = stock
"""The broker makes no difference between a stock and an ETF."""


def stocks(*symbols: str, currency: str = "USD") -> tuple[ContractSpec, ...]:
    """US stocks and ETFs, routed SMART."""
    return tuple(stock(symbol, currency=currency) for symbol in symbols)


def forex(pair: str) -> ContractSpec:
    """A currency pair such as EURUSD or EUR.USD. ValueError for what is none."""
    letters = pair.replace(".", "").replace("/", "").upper()
    if len(letters) != 6 or not letters.isalpha():
        raise ValueError(f"{pair!r} is no currency pair; write e.g. EURUSD")
    return ContractSpec(letters[:3], "CASH", "IDEALPRO", letters[3:])


def index(symbol: str, exchange: str, currency: str = "USD") -> ContractSpec:
    """An index such as index("SPX", "CBOE"): to look at, never to trade."""
    return ContractSpec(symbol, "IND", exchange, currency)
