"""Decides which days of history are still to be asked for: those wanted and not asked before.

What was *asked* is remembered, not only what was stored: a day may have no bar, and judged by its bars alone it would
be asked for on every call for ever (docs/decisions/0017-asked-days.md). A longer history that is wanted later is a gap
like any other.

A session that has no bar is believed to have none only when the broker has said so twice, on different days
(docs/decisions/0076-no-data-is-said-twice.md): its history servers say "no data" too while they are being maintained.
Until then its day counts as not asked, and it does again some time after that was last said.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

SATURDAY = 5
DAY = timedelta(days=1)

LATE_BAR_HOURS = 6
"""A day without a bar counts as a day without trading only so long after its end on the exchange's clock: history
servers publish a day's bar some time after its close."""

BELIEF_HOLDS = timedelta(days=30)
"""That a day has no bar is believed for so long after it was last said. Two days of trouble on end leave a hole, which
nothing shows: this is how long it lasts. What has no bar indeed, as the years before a listing, costs one question in
that time."""


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


def not_believed(
    wanted: DaySpan,
    asked: Iterable[DaySpan],
    with_bars: Collection[date],
    empty: Collection[DaySpan],
    is_session: Callable[[date], bool],
) -> tuple[DaySpan, ...]:
    """Of the days `wanted`, those that were asked for, have no bar, and are not known to be `empty`: each span begins
    and ends with a session, and none lies in it that has a bar."""
    doubtful = (part for span in _within(wanted, joined(asked)) for part in gaps(span, empty))
    return tuple(_without_bars(doubtful, with_bars, is_session))


def unexpired(empty: Mapping[DaySpan, datetime], at: datetime) -> tuple[DaySpan, ...]:
    """Those of the days known to be `empty`, span → when that was last said, of which it is still believed at `at`."""
    return tuple(span for span, said in empty.items() if at - said < BELIEF_HOLDS)


def said_twice(
    answered: DaySpan,
    with_bars: Collection[date],
    asked_at: Mapping[DaySpan, datetime],
    at: datetime,
    zone: str,
    is_session: Callable[[date], bool],
) -> tuple[DaySpan, ...]:
    """Of the days that were `answered` at `at`, those that have no bar and of which the broker has said so on another
    day already, in such spans. Days are the exchange's."""
    today = at.astimezone(ZoneInfo(zone)).date()
    earlier = [span for span, said in asked_at.items() if said.astimezone(ZoneInfo(zone)).date() != today]
    return tuple(_without_bars(_within(answered, joined(earlier)), with_bars, is_session))


def _within(whole: DaySpan, spans: Iterable[DaySpan]) -> Iterator[DaySpan]:
    for span in spans:
        first, last = max(whole.first, span.first), min(whole.last, span.last)
        if first <= last:
            yield DaySpan(first, last)


def _without_bars(
    spans: Iterable[DaySpan], with_bars: Collection[date], is_session: Callable[[date], bool]
) -> Iterator[DaySpan]:
    """Weekends are left to gaps(), so that a calendar is asked about holidays only."""
    for span in spans:
        length = (span.last - span.first).days + 1
        lacking = [
            day
            for n in range(length)
            if (day := span.first + n * DAY) not in with_bars and day.weekday() < SATURDAY
        ]
        for run in _runs(lacking):
            first = next((day for day in run if is_session(day)), None)
            if first is not None:
                yield DaySpan(first, next(day for day in reversed(run) if is_session(day)))


def _runs(weekdays: Sequence[date]) -> Iterator[Sequence[date]]:
    """Runs of weekdays that follow each other."""
    first = 0
    for n, day in enumerate(weekdays, 1):
        days_on = 3 if day.weekday() == SATURDAY - 1 else 1
        if n == len(weekdays) or (weekdays[n] - day).days > days_on:
            yield weekdays[first:n]
            first = n


def joined(spans: Iterable[DaySpan]) -> tuple[DaySpan, ...]:
    """The same days in as few spans as there can be, oldest first; a weekend keeps no two apart."""
    found: list[DaySpan] = []
    for span in sorted(spans):
        if found and _follows(found[-1], span):
            found[-1] = DaySpan(found[-1].first, max(found[-1].last, span.last))
        else:
            found.append(span)
    return tuple(found)


def _follows(one: DaySpan, later: DaySpan) -> bool:
    """Whether no weekday lies between them."""
    day = one.last + DAY
    while day < later.first and day.weekday() >= SATURDAY:
        day += DAY
    return day >= later.first


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
    last = min(asked.last, max(_quiet(at, zone), newest or date.min))
    if doubted is not None:
        last = min(last, doubted - DAY)
    return DaySpan(asked.first, last) if last >= asked.first else None


def all_came(day: date, at: datetime, zone: str) -> bool:
    """Whether a bar of that day of the exchange's would have come by `at`, however late."""
    return day <= _quiet(at, zone)


def _quiet(at: datetime, zone: str) -> date:
    """The latest day whose bar would have come."""
    return (at.astimezone(ZoneInfo(zone)) - timedelta(hours=LATE_BAR_HOURS)).date() - DAY
