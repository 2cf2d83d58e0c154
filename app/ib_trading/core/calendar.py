"""Decides when a market trades: its sessions, each with its trade date, its half days and its lunch break.

Which market an instrument trades on is markets.py's to decide, what its contract details say otherwise sessions.py's.
Sessions come from a market's timetable (timetable.py). Where its figures end, and for a market that has none, weekdays
at regular hours stand in; `holidays_known` says where.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ib_trading.core.timetable import Timetable, timetable

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Session:
    """What a market trades on one trade date: from `open` until before `close`, but for `breaks`; all in UTC."""

    day: date
    open: datetime
    close: datetime
    breaks: tuple[tuple[datetime, datetime], ...] = ()

    def __contains__(self, at: datetime) -> bool:
        return self.open <= at < self.close and not any(begin <= at < end for begin, end in self.breaks)


def sessions(market: str, first: date, last: date) -> tuple[Session, ...]:
    """Those of the trade dates from `first` to `last`, both included, oldest first."""
    table = timetable(market)
    days = (first + n * DAY for n in range((last - first).days + 1))
    return tuple(session for day in days if (session := _session(table, day)) is not None)


def session_on(market: str, day: date) -> Session | None:
    """The session of trade date `day`; None when the market is closed on it."""
    return _session(timetable(market), day)


def trade_date(market: str, at: datetime) -> date:
    """The day that a moment belongs to: that of the session it lies in, else the day on the market's clock."""
    today = at.astimezone(zone_of(market)).date()
    tomorrow = session_on(market, today + DAY)
    return tomorrow.day if tomorrow is not None and tomorrow.open <= at else today


def last_complete_session(market: str, at: datetime) -> Session:
    """The latest session that is over at `at`."""
    return next(session for session in _backwards(market, at) if session.close <= at)


def next_session(market: str, at: datetime) -> Session:
    """The session that `at` lies in, or else the first that opens after it."""
    day = at.astimezone(zone_of(market)).date()
    while True:
        session = session_on(market, day)
        if session is not None and session.close > at:
            return session
        day += DAY


def holidays_known(market: str, day: date) -> bool:
    """Whether a day without a session, and one with, is known and not guessed: only there a missing bar is a gap."""
    return timetable(market).is_known(day)


def zone_of(market: str) -> ZoneInfo:
    return timetable(market).zone


def _session(table: Timetable, day: date) -> Session | None:
    moments = [_moment(day, offset, table.zone) for span in table.spans_on(day) for offset in span]
    if not moments:
        return None
    inner = moments[1:-1]
    return Session(day, moments[0], moments[-1], tuple(zip(inner[::2], inner[1::2], strict=True)))


def _backwards(market: str, at: datetime) -> Iterator[Session]:
    day = at.astimezone(zone_of(market)).date() + DAY
    while True:
        session = session_on(market, day)
        if session is not None:
            yield session
        day -= DAY


def _moment(day: date, offset: timedelta, zone: ZoneInfo) -> datetime:
    """By the clock on the wall: on days that it is put forward or back, 9:30 is 9:30."""
    return (datetime.combine(day, time()) + offset).replace(tzinfo=zone).astimezone(UTC)
