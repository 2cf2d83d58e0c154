"""Quotes as the broker shows them.

Decides what a tick says and which contracts count as not priced. Whether a price may size anything is core/market.py's
to decide.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ib_trading.adapters.ib import error_codes, translate
from ib_trading.adapters.ib.connection import Connection, broker_fault
from ib_trading.adapters.ib.contracts import current_time
from ib_trading.core.instruments import Instrument
from ib_trading.core.market import Quote, QuoteType
from ib_trading.core.refusals import QuestionRefused, Unanswered

# The gateway serves about 100 market data lines; half of them leaves room for others.
_QUOTES_AT_ONCE = 50

_KINDS = {1: QuoteType.LIVE, 2: QuoteType.FROZEN, 3: QuoteType.DELAYED, 4: QuoteType.DELAYED_FROZEN}
# Tick types, live and delayed.
_PRICES = {1: "bid", 66: "bid", 2: "ask", 67: "ask", 4: "last", 68: "last", 9: "close", 75: "close"}
_DELAYED = frozenset({66, 67, 68, 75, 88})
_LAST_TIME = frozenset({45, 88})


async def quotes(
    connection: Connection, instruments: Iterable[Instrument], *, expendable: bool = False
) -> Mapping[int, Quote]:
    """A snapshot of each; of one that the broker refuses to price, with its words in the place of figures.

    All carry the broker's time at which the question began, so that their age is never understated and is right
    where the broker's clock is not ours. BrokerFault if a snapshot is refused otherwise or does not end; where it is
    `expendable`, only a lost connection is one.
    """
    wanted = tuple({one.con_id: one for one in instruments}.values())
    if not wanted:
        return {}
    as_of = await current_time(connection)
    # Live prices, or none: what the broker shows instead it marks as frozen or delayed.
    connection.tell(lambda: connection.client.reqMarketDataType(1))
    lines = asyncio.Semaphore(_QUOTES_AT_ONCE)
    ticks = await asyncio.gather(*(_snapshot(connection, one, lines, expendable) for one in wanted))
    return {
        one.con_id: Quote(as_of, QuoteType.LIVE, refused=told)
        if isinstance(told, str)
        else quote_of(told, as_of, one.price_magnifier)
        for one, told in zip(wanted, ticks, strict=True)
        if told is not None
    }


async def _snapshot(
    connection: Connection, instrument: Instrument, lines: asyncio.Semaphore, expendable: bool
) -> list[tuple[str, int, Any]] | str | None:
    """The ticks; why there are none, in the broker's words with a remedy; None where it said nothing."""
    contract = translate.ib_contract(instrument)
    what = f"a quote of {instrument.local_symbol}"
    async with lines:
        try:
            return await connection.ask(
                what,
                lambda req_id: connection.client.reqMktData(req_id, contract, "", True, False, []),
                seconds=connection.deadlines.snapshot,
            )
        except QuestionRefused as refused:
            if expendable or refused.code in error_codes.NOT_PRICED:
                remedy = error_codes.NOT_PRICED.get(refused.code, "look at what the broker says")
                return f"{refused.code} {refused.text.rstrip('.')}; {remedy}"
            raise broker_fault(what, refused) from None
        except Unanswered:
            connection.check()
            if expendable:
                return None
            raise


def quote_of(
    ticks: Iterable[tuple[str, int, Any]], as_of: datetime, magnifier: Decimal = Decimal(1)
) -> Quote:
    """The quote that ("kind" | "price" | "text", type, value) add up to; the latest of each counts."""
    prices: dict[str, Decimal | None] = {}
    kind, told_kind, last_at = QuoteType.LIVE, False, None
    for what, tick_type, value in ticks:
        if what == "kind":
            kind, told_kind = _KINDS.get(tick_type, QuoteType.DELAYED_FROZEN), True
        elif what == "price" and tick_type in _PRICES:
            prices[_PRICES[tick_type]] = price(value, magnifier)
        elif what == "text" and tick_type in _LAST_TIME and value.isdigit():
            last_at = datetime.fromtimestamp(int(value), UTC)
        if tick_type in _DELAYED and what != "kind" and not told_kind:
            kind = QuoteType.DELAYED
    bid, ask, last, close = (prices.get(name) for name in ("bid", "ask", "last", "close"))
    return Quote(as_of, kind, bid, ask, last, last_at, close)


def price(value: object, magnifier: Decimal = Decimal(1)) -> Decimal | None:
    """None where the broker shows no price, which it writes as -1, 0 or an unset number; where prices are in hundredths
    of a currency, -1 may have been made -100 as well."""
    number = translate.amount(value)
    return None if number in {None, Decimal(-1), -magnifier, Decimal(0)} else number
