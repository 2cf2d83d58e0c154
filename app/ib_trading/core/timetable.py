"""Decides what a market's timetable is: its clock, its regular hours, the days it is closed, those with other hours.

The figures are calendar_table.py's, by market; the rules of what has none of its own (currency pairs, exchanges that no
calendar knows) stand here. Which sessions follow from a timetable, calendar.py decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from ib_trading.core.calendar_table import CALENDARS

FOREX = "FOREX"
"""Currency pairs at IDEALPRO. A trade date runs from 17:15 of the evening before to 17:00 New York, Monday's from
Sunday evening (Interactive Brokers' page of IDEALPRO: "Sunday - Friday: 17:15 - 17:00 ET"), and there is none on
Christmas Day and New Year's Day."""

ROUND_THE_CLOCK = "24/7"
WEEKDAYS = "24/5"
"""Codes of markets that no calendar knows: these and the name of a zone, `24/5 Asia/Singapore`; each day of it is a
session from midnight to midnight."""

Span = tuple[timedelta, timedelta]
"""From when to when it is open, counted from the trade date's midnight on the market's clock."""

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Timetable:
    """`hours` are regular ones, first day → spans, oldest first. `years` are what is otherwise, as calendar_table.py
    spells it; None where one year is like the other, and every one known."""

    zone: ZoneInfo
    hours: tuple[tuple[date, tuple[Span, ...]], ...]
    years: Mapping[int, str] | None
    closed_each_year: frozenset[tuple[int, int]] = frozenset()
    weekends: bool = False

    def spans_on(self, day: date) -> tuple[Span, ...]:
        """What is open on a trade date; none when it is closed."""
        hours = self._otherwise(day)
        if hours is not None:
            return _spans(hours)
        if day.weekday() >= _SATURDAY and not self.weekends:
            return ()
        if (day.month, day.day) in self.closed_each_year:
            return ()
        return next((spans for start, spans in reversed(self.hours) if start <= day), self.hours[0][1])

    def is_known(self, day: date) -> bool:
        return self.years is None or day.year in self.years

    def _otherwise(self, day: date) -> str | None:
        """The hours of a day that is not like the others of its kind, "" if it is closed."""
        hours, wanted = "", f"{day:%m%d}"
        for word in (self.years or {}).get(day.year, "").split():
            if word == wanted:
                return hours
            if word.endswith(":"):
                hours = word[:-1]
        return None


def timetable(market: str) -> Timetable:
    """Of a code that markets.py gives; KeyError for any other."""
    kind, _, zone = market.partition(" ")
    if kind in (ROUND_THE_CLOCK, WEEKDAYS):
        round_the_clock = kind == ROUND_THE_CLOCK
        whole_day = ((date.min, _spans("0000-2400")),)
        # Of weekdays alone no year is known.
        return Timetable(ZoneInfo(zone), whole_day, None if round_the_clock else {}, weekends=round_the_clock)
    if market == FOREX:
        hours = ((date.min, _spans("<1715-1700")),)
        return Timetable(ZoneInfo("America/New_York"), hours, None, frozenset({(1, 1), (12, 25)}))
    zone, regular, years = CALENDARS[market]
    hours = tuple((date.fromisoformat(start), _spans(text)) for start, text in regular.items())
    return Timetable(ZoneInfo(zone), hours, years)


def _spans(text: str) -> tuple[Span, ...]:
    """`0900-1130+1230-1530`, as calendar_table.py spells it."""
    pairs = (span.partition("-") for span in filter(None, text.split("+")))
    return tuple((_offset(opens), _offset(closes)) for opens, _, closes in pairs)


def _offset(text: str) -> timedelta:
    clock = text.lstrip("<")
    return timedelta(days=len(clock) - len(text), hours=int(clock[:2]), minutes=int(clock[2:]))
