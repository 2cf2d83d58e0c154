"""Decides how a plan or result is written as bytes: one spelling, so that equal plans are equal bytes.

Keys sorted, no white space, UTF-8; a Decimal is a JSON number without exponent or trailing zeros; an instant is
ISO 8601 in UTC with Z; enums by value; dataclasses by camelCase field. Floats are refused: no figure of ours is one.
A member that came later, and that most values do not have, is left out where it is None (ABSENT_WHEN_NONE): plans that
have no use for it stay the bytes that they were.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from types import MappingProxyType

_ABSENT = "absent_when_none"
ABSENT_WHEN_NONE: Mapping[str, bool] = MappingProxyType({_ABSENT: True})
"""The metadata of a dataclass field that is left out where it is None."""

_json = json.JSONEncoder(ensure_ascii=False).encode
"""json.dumps would make an encoder for every word of a plan."""


def canonical_json(value: object) -> bytes:
    """`value` (nested mappings, sequences, dataclasses, Decimals, instants) in its one spelling."""
    return _text(value).encode()


def plain(number: Decimal) -> str:
    """1E+3 → 1000, 2.50 → 2.5, -0 → 0."""
    if not number.is_finite():
        raise ValueError(f"{number} has no place in a plan")
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def instant(at: datetime) -> str:
    """An aware instant as 2019-01-02T14:30:00Z; microseconds only where there are any. ValueError for one without a
    zone, which would mean another instant on every machine."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} says no time zone")
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)


def _text(value: object) -> str:
    match value:
        case Enum():
            return _text(value.value)
        case None | bool() | int() | str():
            return _json(value)
        case Decimal():
            return plain(value)
        case datetime():
            return json.dumps(instant(value))
        case date():
            return json.dumps(value.isoformat())
        case Mapping():
            members = sorted((str(key), item) for key, item in value.items())
            return "{" + ",".join(f"{_json(key)}:{_text(item)}" for key, item in members) + "}"
        case list() | tuple():
            return "[" + ",".join(map(_text, value)) + "]"
        case _ if is_dataclass(value):
            members = ((field, getattr(value, field.name)) for field in fields(value))
            return _text(
                {
                    camel(field.name): member
                    for field, member in members
                    if member is not None or _ABSENT not in field.metadata
                }
            )
    raise TypeError(f"{type(value).__name__} has no canonical spelling")
