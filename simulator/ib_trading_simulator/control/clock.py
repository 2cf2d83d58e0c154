"""What time it is in the simulated world, and how it passes.

Three ways: the real time (optionally from another start), a virtual time that flows at a given speed, and a
virtual time that stands still until it is advanced. Decides only the time; what happens while it passes is
the broker's.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

from ib_trading_simulator.market.sessions import FIRST_DAY, LAST_DAY

# The exchange calendars (sessions.py) cover these years; outside them nobody knows what is open.
FIRST = datetime(FIRST_DAY.year, 1, 2, tzinfo=UTC)
LAST = datetime(LAST_DAY.year, 12, 1, tzinfo=UTC)

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(second|minute|hour|day|week)s?\s*", re.IGNORECASE)


class UnreadableTime(ValueError):
    """A time or a duration that cannot be read; the text says what would do."""


class Clock:
    """`speed` is simulated seconds per real second: 1 for the real clock, 0 for one that stands still."""

    def __init__(self, start: datetime, speed: float) -> None:
        self.speed = speed
        self._base = start
        self._since = time.monotonic()

    def now(self) -> datetime:
        if not self.speed:
            return self._base
        return self._base + timedelta(seconds=(time.monotonic() - self._since) * self.speed)

    def set(self, to: datetime) -> None:
        """Goes on from `to`."""
        self._base = to
        self._since = time.monotonic()

    def real_seconds_until(self, moment: datetime) -> float | None:
        """How long until then, in real seconds; None if the clock stands still and it will never come by
        itself.
        """
        if not self.speed:
            return None
        return max(0.0, (moment - self.now()).total_seconds() / self.speed)


def moment_of(spelled: str) -> datetime:
    """An ISO date and time as a moment in UTC; without a zone it is UTC.

    Raises UnreadableTime, also for a moment that no calendar covers.
    """
    try:
        moment = datetime.fromisoformat(spelled)
    except ValueError:
        raise UnreadableTime(f"{spelled!r} is no date and time such as 2019-01-02T14:30:00Z") from None
    return covered(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC))


def covered(moment: datetime) -> datetime:
    """The moment itself. Raises UnreadableTime where the calendars do not reach."""
    if not FIRST <= moment <= LAST:
        raise UnreadableTime(f"{moment:%Y-%m-%d} is not between {FIRST:%Y-%m-%d} and {LAST:%Y-%m-%d}")
    return moment


def duration_of(spelled: str | float) -> timedelta:
    """Seconds, or words such as "90 seconds", "2 hours", "1 day" (24 hours). Raises UnreadableTime."""
    if isinstance(spelled, int | float) and not isinstance(spelled, bool):
        return _seconds(spelled)
    match = _DURATION.fullmatch(spelled) if isinstance(spelled, str) else None
    if match is None:
        raise UnreadableTime(
            f'{spelled!r} is no duration: give seconds, or words such as "90 seconds", "1 day"'
        )
    return _seconds(float(match[1]) * _UNITS[match[2].lower()])


def _seconds(seconds: float) -> timedelta:
    if not abs(seconds) <= (LAST - FIRST).total_seconds():
        raise UnreadableTime(f"{seconds:g} seconds are longer than the calendars reach")
    return timedelta(seconds=seconds)
