"""Decides when an instrument trades: as its contract details say on the days that they tell, else by its market's
calendar (calendar.py); and says where the two contradict each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from ib_trading.core.calendar import Session, holidays_known, session_on, trade_date, zone_of
from ib_trading.core.instruments import Instrument
from ib_trading.core.markets import market_of

DAY = timedelta(days=1)

CLOSES_APART = timedelta(minutes=30)
"""Closing auctions, and indices that are computed a little longer than their shares trade, are no contradiction; half
days differ by hours."""


def session_of(instrument: Instrument, day: date) -> Session | None:
    """What it trades on trade date `day`; None when it does not."""
    told = _told(instrument, day)
    if told is not None:
        return told
    charted = session_on(market_of(instrument), day)
    return None if charted is not None and _called_closed(instrument, charted) else charted


def day_now(instrument: Instrument, at: datetime) -> date:
    """The trade date that `at` belongs to."""
    return trade_date(market_of(instrument), at)


def last_complete_session(instrument: Instrument, at: datetime) -> Session:
    """The latest one that is over at `at`."""
    day = day_now(instrument, at)
    while True:
        session = session_of(instrument, day)
        if session is not None and session.close <= at:
            return session
        day -= DAY


def sessions_missed(instrument: Instrument, newest: date, at: datetime) -> int:
    """How many sessions after trade date `newest` are over at `at`."""
    days = (newest + n * DAY for n in range(1, (day_now(instrument, at) - newest).days + 1))
    return sum(1 for day in days if (session := session_of(instrument, day)) and session.close <= at)


def contradictions(instrument: Instrument) -> Iterator[str]:
    """Each told day on which the calendar of its market knows better, or worse: trading or none, or another close.

    A future's liquid hours are a part of its session: of these only the days are compared.
    """
    market = market_of(instrument)
    days = {_closing_day(instrument, hours.close) for hours in instrument.liquid_hours}
    for day in sorted(days | instrument.closed_days):
        if not holidays_known(market, day):
            continue
        told, charted = session_of(instrument, day), session_on(market, day)
        if told is None and charted is not None:
            yield f"{instrument.local_symbol} does not trade on {day} by its contract details; {market} does"
        elif told is not None and charted is None:
            yield f"{instrument.local_symbol} trades on {day} by its contract details; {market} does not"
        elif told is None or charted is None or instrument.sec_type == "FUT":
            continue
        elif abs(told.close - charted.close) > CLOSES_APART:
            yield (
                f"{instrument.local_symbol} closes at {told.close:%H:%M} UTC on {day} by its contract details;"
                f" {market} at {charted.close:%H:%M}"
            )


def _told(instrument: Instrument, day: date) -> Session | None:
    hours = [one for one in instrument.liquid_hours if _closing_day(instrument, one.close) == day]
    if not hours:
        return None
    pauses = tuple(
        (before.close, after.open) for before, after in pairwise(hours) if before.close < after.open
    )
    return Session(day, hours[0].open, hours[-1].close, pauses)


def _called_closed(instrument: Instrument, charted: Session) -> bool:
    """Where trading begins on the evening before, the details call a day closed by its evening, which is of the next
    trade date: nothing is learnt from that."""
    opens = charted.open.astimezone(zone_of(market_of(instrument))).date()
    return opens == charted.day and charted.day in instrument.closed_days


def _closing_day(instrument: Instrument, close: datetime) -> date:
    """The trade date of what ends at `close`; at midnight, the day that ends."""
    return (close - timedelta(microseconds=1)).astimezone(ZoneInfo(instrument.time_zone)).date()
