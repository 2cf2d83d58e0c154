"""Decides how a goodAfterTime is written, and which instant it is: one of three forms, each of which means one instant.

ISO 8601 with an offset, a time of day with its zone (today there), or date, time and zone as the broker writes them.
Both the deployment (will a scheduled call be understood?) and the service read it here. Whether the instant has passed
is the service's to say.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

from ib_trading.schema.strict import nearest

FORMS = (
    'write it like "2024-06-03T15:45:00-04:00" (or with Z), "15:45 America/New_York", which is today there,'
    ' or "20240603 15:45:00 America/New_York"'
)
"""The remedy of every refusal."""

# No \d, which takes the digits of every script. An offset is at most 14 hours: Kiritimati's.
_CLOCK = "(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
_SECOND = ":(?P<second>[0-9]{2})"
_OFFSET = "(?P<offset>Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])"
_ZONE = r"(?P<zone>\S+)"
_SHAPES = (
    re.compile(
        f"(?P<year>20[0-9]{{2}})-(?P<month>[0-9]{{2}})-(?P<day>[0-9]{{2}})T{_CLOCK}({_SECOND})?{_OFFSET}"
    ),
    re.compile(f"{_CLOCK}({_SECOND})? {_ZONE}"),
    re.compile(
        f"(?P<year>20[0-9]{{2}})(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}}) {_CLOCK}{_SECOND} {_ZONE}",
    ),
)


class GoodAfterTimeError(ValueError):
    """The text is none of the forms, or no instant; the message says why, and what to write."""


def good_after_time(text: str, now: datetime) -> datetime:
    """The instant in UTC, a time of day alone meaning the day that `now` is in its zone. GoodAfterTimeError for every
    other text, and for an hour that a clock change skips or repeats."""
    said = _said(text)
    if "offset" in said:
        return _on_the_clock(text, said, now).replace(tzinfo=_offset(said["offset"])).astimezone(UTC)
    zone = ZoneInfo(said["zone"])
    shown = _on_the_clock(text, said, now.astimezone(zone))
    # By the offset before a clock change and the one after it; far from one, they are the same.
    before, after = (shown.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    at = before.astimezone(UTC)
    if before.utcoffset() != after.utcoffset():
        does = "repeated" if at < after.astimezone(UTC) else "skipped"
        offsets = f'"{before.isoformat()}" or "{after.isoformat()}"'
        raise GoodAfterTimeError(
            f"{text!r} is {does} by a clock change in {zone.key}; name an offset: {offsets}"
        )
    return at


def check_form(text: str) -> None:
    """GoodAfterTimeError for a text that is an instant on no day, whatever the day is."""
    _on_the_clock(text, _said(text), datetime(2000, 1, 1, tzinfo=UTC))


def pattern() -> str:
    """The forms in JSON Schema's words. What fits is an instant, but for the hours of a clock change."""
    hours, seconds = "([01][0-9]|2[0-3]):[0-5][0-9]", ":[0-5][0-9]"
    offset = _OFFSET.replace("?P<offset>", "")
    names = "|".join(re.escape(name) for name in sorted(zones()))
    return (
        f"^({_days('-')}T{hours}({seconds})?{offset}"
        f"|({hours}({seconds})?|{_days('')} {hours}{seconds}) ({names}))$"
    )


def zones() -> frozenset[str]:
    """The time zones that may be named: the IANA database's Area/City, and UTC. No abbreviations (EST is never in
    summer), and no Etc/GMT+5, which is five hours behind."""
    cities = {name for name in available_timezones() if "/" in name and not name.startswith("Etc/")}
    return frozenset(cities | {"UTC", "Etc/UTC"})


def _days(hyphen: str) -> str:
    """Every day from 2000 to 2099, and no 30 February."""
    return (
        f"(20[0-9][0-9]{hyphen}((0[1-9]|1[0-2]){hyphen}(0[1-9]|1[0-9]|2[0-8])"
        f"|(0[13-9]|1[0-2]){hyphen}(29|30)|(0[13578]|1[02]){hyphen}31)"
        f"|20([02468][048]|[13579][26]){hyphen}02{hyphen}29)"
    )


def _said(text: str) -> dict[str, str]:
    """What the text says by name, of which the zone is known."""
    found = next((match for shape in _SHAPES if (match := shape.fullmatch(text))), None)
    if found is None:
        raise GoodAfterTimeError(f"{text!r} is not written in one of the three forms; {FORMS}")
    said = {name: value for name, value in found.groupdict().items() if value is not None}
    if "zone" in said and said["zone"] not in zones():
        meant = nearest(said["zone"], tuple(zones()))
        meant = meant if meant.startswith("did you mean") else "name it as Area/City, or UTC"
        raise GoodAfterTimeError(f"{text!r} names the unknown time zone {said['zone']!r}; {meant}; {FORMS}")
    return said


def _on_the_clock(text: str, said: dict[str, str], today: datetime) -> datetime:
    """What a clock there shows, without its zone; the date is `today`'s where the text says none."""
    year, month, day = (
        int(said.get(unit, default))
        for unit, default in (("year", today.year), ("month", today.month), ("day", today.day))
    )
    try:
        return datetime(year, month, day, int(said["hour"]), int(said["minute"]), int(said.get("second", 0)))  # noqa: DTZ001  its zone is put on by the caller
    except ValueError:
        raise GoodAfterTimeError(f"{text!r} is no time that a clock shows; {FORMS}") from None


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    ahead = timedelta(hours=int(text[1:3]), minutes=int(text[4:]))
    return timezone(-ahead if text[0] == "-" else ahead)
