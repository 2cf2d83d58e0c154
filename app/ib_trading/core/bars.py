"""Decides what a strategy's bars are made of, how long a bar of each size lasts, and which bars no longer form.

A bar is complete when nothing that happens can change it. Taken for complete too early, it would be stored half made,
never corrected, and show a strategy what it could not have known; so where the broker's alignment is not certain, the
later instant counts. Which days have sessions, core/calendar.py knows; which bars may be stored, core/history.py
decides.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from ib_trading.core.calendar import last_complete_session, next_session, sessions, zone_of

DAILY, WEEKLY = "1 day", "1 week"

MINUTES: dict[str, int] = {
    "1 min": 1,
    "2 mins": 2,
    "3 mins": 3,
    "5 mins": 5,
    "10 mins": 10,
    "15 mins": 15,
    "20 mins": 20,
    "30 mins": 30,
    "1 hour": 60,
    "2 hours": 120,
    "3 hours": 180,
    "4 hours": 240,
    "8 hours": 480,
}
"""Broker's bar size → how long one lasts at most, of those shorter than a day."""

ALIGNED_MINUTES = 60
"""Up to here bars begin at multiples of their size on the exchange's clock: of New York's stocks the hours are 9:30 to
10:00, 10:00 to 11:00, and so on. For longer ones the broker does not say where they begin after an opening."""

_A_DAY_IN_MINUTES = 390


def trading_days(bar_size: str) -> float:
    """How many trading days one bar takes, about: of six hours and a half, five a week."""
    return MINUTES[bar_size] / _A_DAY_IN_MINUTES if bar_size in MINUTES else 5 if bar_size == WEEKLY else 1


@dataclass(frozen=True, slots=True)
class BarColumns:
    """Bars of one series, oldest first, a column each: `start` in seconds since the epoch (UTC), figures as binary
    fractions, `volume` NaN where the series has none. A day starts at midnight UTC of its date, a week at that of its
    Monday."""

    start: array[int] = field(default_factory=lambda: array("q"))
    open: array[float] = field(default_factory=lambda: array("d"))
    high: array[float] = field(default_factory=lambda: array("d"))
    low: array[float] = field(default_factory=lambda: array("d"))
    close: array[float] = field(default_factory=lambda: array("d"))
    volume: array[float] = field(default_factory=lambda: array("d"))

    @classmethod
    def of(cls, start: Iterable[int], *figures: Iterable[Decimal | str | None]) -> BarColumns:
        """From columns as a store tells them, in the order of the fields; None is NaN."""
        return cls(
            array("q", start),
            *(array("d", (math.nan if one is None else float(one) for one in column)) for column in figures),
        )

    def __len__(self) -> int:
        return len(self.start)

    def part(self, first: int, last: int) -> BarColumns:
        """The bars from the one numbered `first` to before the one numbered `last`, from 0."""
        return BarColumns(*(getattr(self, name)[first:last] for name in self.__slots__))


def monday_of(day: date) -> date:
    """The first day of the week of `day`, by which its weekly bar is dated."""
    return day - timedelta(days=day.weekday())


def complete_before(bar_size: str, market: str, at: datetime) -> datetime:
    """The instant (UTC) from which on bars of this size still form, or have not begun, at `at`: those that start before
    it are complete.

    A day is complete when its session is over, a week when its last session is, and a bar within a day at its own end
    or its session's, whichever is earlier.
    """
    last = last_complete_session(market, at)
    if bar_size == DAILY:
        return _midnight(last.day + timedelta(days=1))
    if bar_size == WEEKLY:
        week = monday_of(last.day)
        over = monday_of(next_session(market, last.close).day) > week
        return _midnight(week + timedelta(days=7) if over else week)
    minutes = MINUTES[bar_size]
    if minutes > ALIGNED_MINUTES:
        # One that began so long ago has ended, wherever bars of this size begin.
        return max(last.close, at - timedelta(minutes=minutes) + timedelta(microseconds=1))
    local = at.astimezone(zone_of(market))
    past = timedelta(minutes=local.minute % minutes, seconds=local.second, microseconds=local.microsecond)
    return max(last.close, at - past)


def forms(bar_size: str, market: str, at: datetime) -> bool:
    """Whether a bar of this size is begun and not complete at `at`: in a session, of a day also in its lunch break, and
    of a week from its first session's opening to its last one's close."""
    running = next_session(market, at)
    if bar_size == WEEKLY:
        monday = monday_of(running.day)
        return sessions(market, monday, running.day)[0].open <= at
    return running.open <= at if bar_size == DAILY else at in running


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
