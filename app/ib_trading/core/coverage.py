"""Decides which days of history are still to be asked for: those wanted and not asked before.

What was *asked* is remembered, not only what was stored: a holiday has no bar, and judged by its bars alone it would be
asked for on every call for ever. So the broker is the calendar (docs/decisions/0017-asked-days.md), and a longer
history that is wanted later is a gap like any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

SATURDAY = 5
DAY = timedelta(days=1)

LATE_BAR_HOURS = 6
"""A day without a bar counts as a day without trading only so long after its end on the exchange's clock: history
servers publish a day's bar some time after its close."""


@dataclass(frozen=True, slots=True, order=True)
class DaySpan:
    """Days of the exchange's calendar, `first` and `last` both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError(f"{self.first} is after {self.last}")

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def gaps(wanted: DaySpan, asked: Iterable[DaySpan]) -> tuple[DaySpan, ...]:
    """What of `wanted` lies in none of `asked`, oldest first, without weekends at the ends of each."""
    missing: list[DaySpan] = []
    first = wanted.first
    for span in sorted(asked):
        if span.first > wanted.last:
            break
        if first < span.first:
            missing.append(DaySpan(first, span.first - DAY))
        first = max(first, span.last + DAY)
    if first <= wanted.last:
        missing.append(DaySpan(first, wanted.last))
    return tuple(gap for gap in map(_without_weekends, missing) if gap is not None)


def _without_weekends(span: DaySpan) -> DaySpan | None:
    first, last = span.first, span.last
    while first <= last and last.weekday() >= SATURDAY:
        last -= DAY
    while first <= last and first.weekday() >= SATURDAY:
        first += DAY
    return DaySpan(first, last) if first <= last else None


def pieces(span: DaySpan, days: int) -> tuple[DaySpan, ...]:
    """`span` cut into runs of at most `days` days, oldest first; without those that are weekend only."""
    cut: list[DaySpan] = []
    first = span.first
    while first <= span.last:
        piece = _without_weekends(DaySpan(first, min(span.last, first + (days - 1) * DAY)))
        if piece is not None:
            cut.append(piece)
        first += days * DAY
    return tuple(cut)


def believed(
    asked: DaySpan, newest: date | None, doubted: date | None, at: datetime, zone: str
) -> DaySpan | None:
    """The part of `asked` that need not be asked again after an answer at `at` whose newest bar is of `newest`.

    Days after the newest bar count only once a late bar would have come; a bar on `doubted` is to be judged again
    with the one after it, so that the days from there on count as not asked.
    """
    quiet = (at.astimezone(ZoneInfo(zone)) - timedelta(hours=LATE_BAR_HOURS)).date() - DAY
    last = min(asked.last, max(quiet, newest or date.min))
    if doubted is not None:
        last = min(last, doubted - DAY)
    return DaySpan(asked.first, last) if last >= asked.first else None
