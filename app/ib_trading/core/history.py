"""Decides what a bar is, which day's bars no longer form, and which of those that arrive may be stored.

Which days are asked for is coverage.py's to decide, and by which questions collection.py's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from ib_trading.core.bars import MINUTES
from ib_trading.core.calendar import trade_date
from ib_trading.core.coverage import DaySpan
from ib_trading.core.instruments import Instrument
from ib_trading.core.market import DailyClose
from ib_trading.core.sessions import session_of


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. `start` is in UTC; a daily bar starts at midnight UTC of its trading day, a weekly one at that of its
    Monday. `volume` is in the instrument's own unit, None where the series has none."""

    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """Which history a bar belongs to. Adjusted and raw series are told apart by `what_to_show`."""

    con_id: int
    local_symbol: str
    what_to_show: str
    bar_size: str


@dataclass(frozen=True, slots=True)
class NewestBar:
    """Where the stored history of a series ends."""

    start: datetime
    close: Decimal


@dataclass(frozen=True, slots=True)
class StoredSeries:
    """What the warehouse knows of a series: where it ends, which days it was asked for and when first, which days have
    bars as far as somebody wanted to know, and of which days the broker said twice that there is none and when last."""

    newest: NewestBar | None = None
    asked: tuple[DaySpan, ...] = ()
    asked_at: Mapping[DaySpan, datetime] = field(default_factory=dict)
    days: frozenset[date] = frozenset()
    empty: Mapping[DaySpan, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Portion:
    """Bars to store together with the days whose question they answer: both are written or neither is.

    With `replaces` every bar and every day asked for that is stored of the series is forgotten in the same transaction.
    `empty` are days that are known to have no bar. `answered_at` is the business time of the answer; None is when it is
    stored.
    """

    series: Series
    bars: Sequence[Bar]
    asked: tuple[DaySpan, ...] = ()
    replaces: bool = False
    empty: tuple[DaySpan, ...] = ()
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A bar that is not stored, and why."""

    start: datetime
    reason: str


def daily_start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def last_complete_day(instrument: Instrument, at: datetime) -> date:
    """The latest day whose daily bar no longer forms: today once today's session is over, else yesterday."""
    today = at.astimezone(ZoneInfo(instrument.time_zone)).date()
    session = session_of(instrument, today)
    return today if session is not None and session.close <= at else today - timedelta(days=1)


def complete_closes(
    instrument: Instrument, closes: Sequence[DailyClose], at: datetime, count: int
) -> tuple[DailyClose, ...]:
    """The last `count` of `closes`, oldest first, that no longer form at `at`."""
    last = last_complete_day(instrument, at)
    return tuple(close for close in closes if close.day <= last)[-count:]


def day_of(bar: Bar, bar_size: str, market: str) -> date:
    """The trading day that `bar` belongs to; of a week its Monday."""
    return trade_date(market, bar.start) if bar_size in MINUTES else bar.start.date()


def sift(
    bars: Sequence[Bar], previous_close: Decimal | None, max_jump_percent: Decimal
) -> tuple[Sequence[Bar], Sequence[Rejected]]:
    """Bars that may be stored, and those that may not with the reason; `bars` oldest first.

    A jump is believed once the bar after it has stayed there, as the raw series does after a split; else every later
    bar of that series would jump too, and none would ever be stored again.
    """
    good: list[Bar] = []
    bad: list[Rejected] = []
    seen: set[datetime] = set()
    for bar, following in zip(bars, [*bars, None][1:], strict=True):
        reason = "duplicate" if bar.start in seen else fault_of(bar)
        if not reason and _jumps(bar, previous_close, max_jump_percent):
            stayed = (
                following and not fault_of(following) and not _jumps(following, bar.close, max_jump_percent)
            )
            if not stayed or following.start == bar.start:
                reason = f"jumps more than maxBarJumpPercent ({max_jump_percent:f} %) from the close before"
        if reason:
            bad.append(Rejected(bar.start, reason))
            continue
        seen.add(bar.start)
        good.append(bar)
        previous_close = bar.close
    return good, bad


def unconfirmed_jump(bars: Sequence[Bar], good: Sequence[Bar]) -> Bar | None:
    """The last bar, if it is not among the `good` ones for nothing but its jump: only the bar after it can tell what
    it was."""
    if not bars or fault_of(bars[-1]) or bars[-1].start in {bar.start for bar in good}:
        return None
    return bars[-1]


def _jumps(bar: Bar, previous_close: Decimal | None, max_jump_percent: Decimal) -> bool:
    return previous_close is not None and abs(bar.close / previous_close - 1) * 100 > max_jump_percent


def fault_of(bar: Bar) -> str:
    prices = (bar.open, bar.high, bar.low, bar.close)
    if not all(price.is_finite() and price > 0 for price in prices):
        return "a price is not a number above zero"
    if bar.high < bar.low or not bar.low <= bar.open <= bar.high or not bar.low <= bar.close <= bar.high:
        return "open or close lies outside low and high"
    if bar.volume is not None and not (bar.volume.is_finite() and bar.volume >= 0):
        return "negative volume"
    return ""
