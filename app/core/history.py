"""Decides which bars of history are missing, and which of those that arrive may be stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from app.core.instruments import Instrument

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. `start` is in UTC; a daily bar starts at midnight UTC of its trading day. `volume` is in the
    instrument's own unit, None where the series has none."""

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
class Rejected:
    """A bar that is not stored, and why."""

    start: datetime
    reason: str


def daily_start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def last_complete_day(instrument: Instrument, at: datetime) -> date:
    """The latest day whose daily bar no longer forms: today once today's trading hours are over, else yesterday."""
    zone = ZoneInfo(instrument.time_zone)
    today = at.astimezone(zone).date()
    todays = [hours for hours in instrument.liquid_hours if hours.open.astimezone(zone).date() == today]
    over = bool(todays) and all(hours.close <= at for hours in todays)
    return today if over else today - timedelta(days=1)


def missing_days(newest: NewestBar | None, since: date, until: date) -> tuple[date, date] | None:
    """First and last day still to be asked for, or None. What is stored is never asked for again, nor a weekend."""
    first = since if newest is None else max(since, newest.start.date() + timedelta(days=1))
    while first <= until and until.weekday() >= SATURDAY:
        until -= timedelta(days=1)
    return (first, until) if first <= until else None


def sift(
    bars: Iterable[Bar], previous_close: Decimal | None, max_jump_percent: Decimal
) -> tuple[Sequence[Bar], Sequence[Rejected]]:
    """Bars that may be stored, and those that may not with the reason; `bars` oldest first."""
    good: list[Bar] = []
    bad: list[Rejected] = []
    seen: set[datetime] = set()
    for bar in bars:
        reason = "duplicate" if bar.start in seen else _fault(bar, previous_close, max_jump_percent)
        if reason:
            bad.append(Rejected(bar.start, reason))
            continue
        seen.add(bar.start)
        good.append(bar)
        previous_close = bar.close
    return good, bad


def _fault(bar: Bar, previous_close: Decimal | None, max_jump_percent: Decimal) -> str:
    prices = (bar.open, bar.high, bar.low, bar.close)
    if not all(price.is_finite() and price > 0 for price in prices):
        return "a price is not a number above zero"
    if bar.high < bar.low or not bar.low <= bar.open <= bar.high or not bar.low <= bar.close <= bar.high:
        return "open or close lies outside low and high"
    if bar.volume is not None and not (bar.volume.is_finite() and bar.volume >= 0):
        return "negative volume"
    if previous_close and abs(bar.close / previous_close - 1) * 100 > max_jump_percent:
        return f"jumps more than maxBarJumpPercent ({max_jump_percent:f} %) from the close before"
    return ""
