"""Decides which instant a goodAfterTime is, and refuses every text that could mean two.

A time without a zone, with a zone's ambiguous abbreviation (CST is Chicago and Shanghai), without a time of day, with
day and month in either order, or in the hour that a clock change skips or repeats: 400 with what to write instead.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ib_trading.errors import RequestError
from ib_trading.schema.strict import FieldError

KEY = "orderProperties.goodAfterTime"
EXAMPLE = 'write it like "15:45 America/New_York" or "2024-06-03 15:45 America/New_York"'
_OFFSET = re.compile(r"(\b(UTC|GMT)|(?<=\d)Z|(?<=\d)\s*[+-]\d\d:?\d\d)$", re.IGNORECASE)

_TIME_OF_DAY = re.compile(r"\d:\d\d|\d\s*[ap]\.?m\b", re.IGNORECASE)


def good_after(text: str, now: datetime) -> datetime:
    """The instant in UTC, a time of day alone meaning the day that `now` is in its zone. RequestError otherwise."""
    words, _, last = text.strip().rpartition(" ")
    zone = _zone(last)
    if zone is None and not _OFFSET.search(text.strip()):
        raise _refused(f"{text!r} names no time zone; {EXAMPLE}")
    if not _TIME_OF_DAY.search(text):
        # "tomorrow" and "in 2 hours" would be another instant at every call, a date alone midnight.
        raise _refused(f"{text!r} says no time of day; {EXAMPLE}")
    readings = {_read(words if zone else text, zone, now, order) for order in ("MDY", "DMY", "YMD")}
    if None in readings:
        raise _refused(f"{text!r} is not a time; {EXAMPLE}")
    if len(readings) > 1:
        raise _refused(f"{text!r} could mean two days; {EXAMPLE}")
    (instant,) = readings
    assert instant is not None
    return instant


def check_future(at: datetime | None, now: datetime) -> None:
    """RequestError for a start that has passed: the order would work at once, which is not what was asked for."""
    if at is not None and at <= now:
        raise _refused(
            f"{at:%Y-%m-%dT%H:%M:%SZ} has passed (it is {now:%Y-%m-%dT%H:%M:%SZ}); give a later time"
        )


def _read(text: str, zone: ZoneInfo | None, now: datetime, date_order: str) -> datetime | None:
    # Imported here because it takes long, and few requests need it.
    import dateparser

    settings: dict[str, Any] = {
        "RELATIVE_BASE": now.astimezone(zone or UTC).replace(tzinfo=None),
        "DATE_ORDER": date_order,
        "TIMEZONE": "UTC",
        "PREFER_DATES_FROM": "current_period",
    }
    read = dateparser.parse(text, languages=["en"], settings=settings)
    if read is None or (read.tzinfo is None) is (zone is None):
        return None
    if zone is None:
        return read.astimezone(UTC)
    first, second = (read.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        raise _refused(f"{text!r} is skipped or repeated by a clock change in {zone.key}; write it in UTC")
    return first.astimezone(UTC)


def _zone(word: str) -> ZoneInfo | None:
    if "/" not in word:
        return None
    try:
        return ZoneInfo(word)
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _refused(message: str) -> RequestError:
    return RequestError(f"{KEY}: {message}", errors=(FieldError(KEY, message),))
