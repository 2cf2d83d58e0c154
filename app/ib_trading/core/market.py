"""Decides which price sizes a position, and refuses prices that should size nothing.

The mid of a live two-sided quote within `maxSpreadPercent`, else the last trade, else the close. In trading hours
only live and fresh prices count: a delayed, frozen or old one is refused. An average cost is never a price.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from ib_trading.core.instruments import Instrument
from ib_trading.core.refusals import PriceRefused
from ib_trading.schema.trading_config import TradingConfig


class QuoteType(StrEnum):
    """The broker's market data types 1-4."""

    LIVE = "live"
    FROZEN = "frozen"
    DELAYED = "delayed"
    DELAYED_FROZEN = "delayed-frozen"


@dataclass(frozen=True, slots=True)
class Quote:
    """What the broker showed at `as_of`, in the contract's quoted unit. What it did not show is None, never 0.

    `last_at` is when the last trade happened, None if the broker did not say; `refused` why there are no figures, in
    its words with a remedy."""

    as_of: datetime
    kind: QuoteType
    bid: Decimal | None = None
    ask: Decimal | None = None
    last: Decimal | None = None
    last_at: datetime | None = None
    close: Decimal | None = None
    refused: str = ""

    @property
    def mid(self) -> Decimal | None:
        """None unless both sides are there and not crossed."""
        if self.bid is None or self.ask is None or not 0 < self.bid <= self.ask:
            return None
        return (self.bid + self.ask) / 2

    @property
    def spread_percent(self) -> Decimal | None:
        return (
            None
            if self.mid is None or self.bid is None or self.ask is None
            else (self.ask - self.bid) / self.mid * 100
        )


class PriceSource(StrEnum):
    MID = "mid"
    LAST = "last"
    CLOSE = "close"
    STALE = "stale"
    """The best there was, however old: it sizes nothing."""


@dataclass(frozen=True, slots=True)
class Price:
    """A price that may size a position, and where it came from."""

    price: Decimal
    source: PriceSource
    kind: QuoteType
    as_of: datetime
    age_seconds: int


@dataclass(frozen=True, slots=True)
class DailyClose:
    """A stored daily bar's close, as the history serves it (see `whatToShow` for adjustments)."""

    day: date
    close: Decimal


def sizing_price(instrument: Instrument, quote: Quote | None, at: datetime, config: TradingConfig) -> Price:
    """The price that sizes `instrument` at business time `at`, or PriceRefused."""
    if quote is None:
        raise PriceRefused(f"{instrument.local_symbol}: the broker gave no quote")
    if quote.refused:
        raise PriceRefused(f"{instrument.local_symbol}: the broker gave no quote ({quote.refused})")
    open_now = instrument.is_open(at)
    if open_now and quote.kind is not QuoteType.LIVE:
        raise PriceRefused(
            f"{instrument.local_symbol}: the exchange is open but its prices are {quote.kind.value}"
        )
    price = _best_price(quote, config)
    if price is None:
        raise PriceRefused(f"{instrument.local_symbol}: the quote has no usable bid and ask, last or close")
    value, source, as_of = price
    age = max(0, int((at - as_of).total_seconds()))
    if open_now and source is PriceSource.CLOSE:
        raise PriceRefused(
            f"{instrument.local_symbol}: the exchange is open but there is only yesterday's close"
        )
    if open_now and age > config.price_max_age_seconds:
        raise PriceRefused(
            f"{instrument.local_symbol}: the {source} price is {age} s old, more than priceMaxAgeSeconds"
            f" ({config.price_max_age_seconds})"
        )
    return Price(value, source, quote.kind, as_of, age)


def stale_price(quote: Quote | None, at: datetime) -> Price | None:
    """The best there is, however old or delayed: to look at, or to book a cross of positions that are closed. Sizes
    nothing."""
    best = None if quote is None else quote.mid or quote.last or quote.close
    if quote is None or best is None:
        return None
    return Price(
        best, PriceSource.STALE, quote.kind, quote.as_of, max(0, int((at - quote.as_of).total_seconds()))
    )


def _best_price(quote: Quote, config: TradingConfig) -> tuple[Decimal, PriceSource, datetime] | None:
    if (
        quote.mid is not None
        and quote.spread_percent is not None
        and quote.spread_percent <= config.max_spread_percent
    ):
        return quote.mid, PriceSource.MID, quote.as_of
    if quote.last is not None and quote.last > 0:
        return quote.last, PriceSource.LAST, quote.last_at or quote.as_of
    if quote.close is not None and quote.close > 0:
        return quote.close, PriceSource.CLOSE, quote.as_of
    return None
