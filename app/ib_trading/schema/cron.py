"""Decides what a schedule's cron expression means: when a job is due, in the schedule's own time zone.

Cloud Scheduler's dialect, as far as Google documents it ("Cron job format and time zone"): five fields (minute, hour,
day of month, month, day of week), each `*`, a value, a range `a-b`, a list `a,b`; stars and ranges with a step `/n`;
months and days of the week also by their first three English letters, 7 is Sunday too. A day matches if day of month or
day of week does, where both are restricted. No L, W, #, ?, @daily or seconds; what crons read in two ways is refused.
Both the deployment (is it valid?) and the service (was a run due?) ask here, so the answer is the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    # Name, lowest and highest value, and the words that may stand for the values from the lowest on.
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 7, _DAYS),
)


class CronError(ValueError):
    """The expression is no schedule; the text says which field and what it takes."""


@dataclass(frozen=True, slots=True)
class Cron:
    """Sets of the values that match, one a field; Sunday is 0."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool
    """Both day fields are restricted: one of them is enough."""

    def matches_day(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_month, by_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_month or by_week if self.either_day else by_month and by_week

    def ever(self) -> bool:
        """Whether any date matches: the 30th of February never comes. After 28 years dates and days of the week meet
        again in the same way."""
        first = date(2024, 1, 1)
        return any(self.matches_day(first + timedelta(days=number)) for number in range(28 * 366))

    def due(self, after: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """The instants in (after, until] at which a job is due, ascending, in UTC.

        A local time that a clock change skips is not due that day; one that it repeats is due once, the first time.
        """
        day, last = after.astimezone(zone).date(), until.astimezone(zone).date()
        while day <= last:
            if self.matches_day(day):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        at = datetime.combine(day, time(hour, minute), zone).astimezone(UTC)
                        exists = at.astimezone(zone).time() == time(hour, minute)
                        if exists and after < at <= until:
                            yield at
            day += timedelta(days=1)


def parse_cron(expression: str) -> Cron:
    """`expression` understood, or CronError."""
    parts = expression.split()
    if len(parts) != len(_FIELDS):
        raise CronError(
            f"{expression!r} has {len(parts)} fields; write five: minute, hour, day of month, month, day of week"
        )
    minutes, hours, days, months, weekdays = (
        _values(part, *field) for part, field in zip(parts, _FIELDS, strict=True)
    )
    _check_days(parts[2], parts[4])
    return Cron(
        minutes,
        hours,
        days,
        months,
        frozenset(day % 7 for day in weekdays),
        either_day="*" not in (parts[2], parts[4]),
    )


def as_documented(expression: str) -> str:
    """`expression` in the documentation's own spelling: names in capitals, one space between the fields."""
    return " ".join(expression.upper().split())


def _check_days(of_month: str, of_week: str) -> None:
    """CronError for a star with a step beside another restricted day: for Debian's cron both must match, for others one
    of them is enough, and Google does not say."""
    if "*" in (of_month, of_week):
        return
    for name, text, whole in (("day of month", of_month, "1-31"), ("day of week", of_week, "0-6")):
        starred = next((item for item in text.split(",") if item.startswith("*")), None)
        if starred is not None:
            raise CronError(
                f"{name}: beside the other day, {starred!r} means both to some crons and either to others;"
                f" write {starred.replace('*', whole)!r} for either"
            )


def _values(text: str, name: str, low: int, high: int, words: tuple[str, ...]) -> frozenset[int]:
    return frozenset(value for item in text.split(",") for value in _range(item, name, low, high, words))


def _range(item: str, name: str, low: int, high: int, words: tuple[str, ...]) -> range:
    span, slash, step_text = item.partition("/")
    if slash and not (step_text.isascii() and step_text.isdecimal() and int(step_text) > 0):
        raise CronError(f"{name}: {item!r} has no step above zero behind its slash")
    step = int(step_text) if slash else 1
    # 7 is a second name for Sunday, not an eighth day that a step could reach.
    end = low + len(words) - 1 if words else high
    if span == "*":
        return range(low, end + 1, step)
    first_text, dash, last_text = span.partition("-")
    first = _value(first_text, item, name, low, high, words)
    last = _value(last_text, item, name, low, high, words) if dash else first
    if slash and not dash:
        raise CronError(
            f"{name}: {item!r} has a step behind a single value; write '{first}-{max(first, end)}/{step}'"
        )
    if last < first:
        raise CronError(f"{name}: the range {item!r} runs backwards")
    return range(first, last + 1, step)


def _value(text: str, item: str, name: str, low: int, high: int, words: tuple[str, ...]) -> int:
    if text.lower() in words:
        return words.index(text.lower()) + low
    if text.isascii() and text.isdecimal() and low <= int(text) <= high:
        return int(text)
    known = f" or {words[0]} to {words[-1]}" if words else ""
    raise CronError(f"{name}: {item!r} is not from {low} to {high}{known}")
