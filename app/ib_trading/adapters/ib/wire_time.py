"""Times as gateways write them, and the zones that they name.

Decides every reading of a time on the wire, in one place: a gateway writes the zone of its machine, by whatever name
the machine has for it. A name that nobody knows costs the time its certainty, and nothing else: an execution that could
not be read was one that nobody knew of, and made every question of that day a fault."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ib_trading.adapters.ib.zone_names import ABBREVIATIONS, AMBIGUOUS, SEASONLESS, WINDOWS

_SEASON = re.compile(r" (Standard|Daylight|Summer)? ?Time$")
_OFFSET = re.compile(r"(?:UTC|GMT)([+-])(\d{1,2})(?::?(\d{2}))?")
# 20190603 11:00:00 US/Eastern; two blanks and no zone up to server version 173; a dash means UTC.
_MOMENT = re.compile(r"(\d{8})(-| +)(\d{2}:\d{2}:\d{2})(?: +(\S.*))?")


class Moment(NamedTuple):
    """`certain` is False where the zone that was named is not known, or could be another one of that name."""

    at: datetime
    certain: bool


def zone(name: str) -> ZoneInfo:
    """`US/Eastern`, `EST (Eastern Standard Time)`, `Central European Standard Time`, ... as a zone; ValueError for a
    name that is none."""
    found = _named(name)
    if found is None:
        raise ValueError(f"{name!r} is no time zone")
    return found


def moment(text: str) -> Moment:
    """In UTC. Without a zone it is UTC, which is the gateway's setting for what it writes; so is, for want of anything
    better, one that nobody knows. ValueError for what is no date and time."""
    told = text.strip()
    if told.isdigit() and len(told) > 8:
        return Moment(datetime.fromtimestamp(int(told), UTC), True)
    match = _MOMENT.fullmatch(told)
    if match is None:
        raise ValueError(f"{text!r} is no date and time")
    day, _, clock, name = match.groups()
    found = _named(name) if name else ZoneInfo("UTC")
    local = datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S").replace(tzinfo=found or UTC)
    return Moment(local.astimezone(UTC), found is not None and name not in AMBIGUOUS)


def _named(name: str) -> ZoneInfo | None:
    whole = name.strip()
    short, _, rest = whole.partition(" (")
    for called in (whole, short.strip(), rest.rstrip(")")):
        key = _key(called)
        if key is not None:
            try:
                return ZoneInfo(key)
            except (KeyError, OSError, ValueError):
                continue
    return None


def _key(name: str) -> str | None:
    """The zone database's name; None for "" alone."""
    if not name:
        return None
    if offset := _OFFSET.fullmatch(name):
        sign, hours, minutes = offset.groups()
        # The database counts hours westward, and has whole ones only.
        return f"Etc/GMT{'-' if sign == '+' else '+'}{int(hours)}" if not int(minutes or 0) else None
    # Java's long names before Windows', which call Warsaw's zone as Java calls Berlin's.
    seasonless = SEASONLESS.get(_SEASON.sub("", name)) if _SEASON.search(name) else None
    return ABBREVIATIONS.get(name) or AMBIGUOUS.get(name) or seasonless or WINDOWS.get(name) or name
