"""How a value is written in a field, and how a field is read as a value.

Decides spelling only: decimals without exponent, booleans as 0 and 1, "not set" as empty or, where the
gateway says so, as the largest number of its type.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

UNSET_INTEGER = "2147483647"
# Java's spelling of the largest double, which is how the gateway says "no value" where empty is not allowed.
UNSET_DOUBLE = "1.7976931348623157E308"
_UNSET = frozenset({UNSET_INTEGER, UNSET_DOUBLE, "1.7976931348623157e+308", "9223372036854775807"})

# `20190102-14:30:00` is UTC; `20190102 09:30:00 US/Eastern` names its zone; without one it is the default
# zone.
_MOMENT = re.compile(r"(\d{8})([- ])\s*(\d{2}:\d{2}(?::\d{2})?)(?:\s+(\S+))?")

# The last server version that spells times without their zone (INSTRUMENT_TIMEZONE is 174).
_ZONED_TIMES_SINCE = 174

Value = str | int | bool | Decimal | None


class UnreadableField(ValueError):
    """A field that is not the number or flag it has to be; the text names the field."""


def text(value: object) -> str:
    """A Value as its field; None is the empty field. Raises TypeError for what is no Value."""
    # By the exact type first: this is called for every field of every message.
    kind = type(value)
    if kind is int:
        return str(value)
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if kind is bool:
        return "1" if value else "0"
    raise TypeError(f"{value!r} cannot be written in one field")


def decimal_text(value: Decimal) -> str:
    """Without exponent and without trailing zeros: 100, 0.01, 12.5."""
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def given(field: str) -> str:
    """The field, or "" if it holds one of the spellings of "not set"."""
    return "" if field in _UNSET else field


def decimal_of(field: str, name: str) -> Decimal | None:
    """None for an unset field. Raises UnreadableField for what is no finite number."""
    if not given(field):
        return None
    try:
        number = Decimal(field)
    except InvalidOperation:
        raise UnreadableField(f"{name} is {field!r}, which is not a number") from None
    if not number.is_finite():
        raise UnreadableField(f"{name} is {field!r}, which is not a finite number")
    return number


def integer_of(field: str, name: str, default: int = 0) -> int:
    if not given(field):
        return default
    try:
        return int(field)
    except ValueError:
        raise UnreadableField(f"{name} is {field!r}, which is not a whole number") from None


def flag_of(field: str) -> bool:
    """True for 1 (the protocol) and for true (some older clients)."""
    return field in {"1", "true", "True"}


def time_text(at: datetime, zone: str, version: int) -> str:
    """A moment in the instrument's zone: `20190102 09:30:05 US/Eastern`, before 174 `20190102  09:30:05`."""
    local = at.astimezone(ZoneInfo(zone))
    if version >= _ZONED_TIMES_SINCE:
        return f"{local:%Y%m%d %H:%M:%S} {zone}"
    return f"{local:%Y%m%d  %H:%M:%S}"


def moment_of(field: str, name: str, default_zone: str) -> datetime | None:
    """A moment in UTC, None for an empty field. Raises UnreadableField, also for a zone that does not exist."""
    if not field.strip():
        return None
    match = _MOMENT.fullmatch(field.strip())
    if match is None:
        raise UnreadableField(f"{name} is {field!r}, which is no date and time")
    day, separator, clock, zone = match.groups()
    if separator == "-" and zone is None:
        zone = "UTC"
    try:
        spelled = datetime.fromisoformat(f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock}")
        return spelled.replace(tzinfo=ZoneInfo(zone or default_zone)).astimezone(UTC)
    except (ValueError, ZoneInfoNotFoundError):
        raise UnreadableField(
            f"{name} is {field!r}, which is no date and time, or its zone does not exist"
        ) from None
