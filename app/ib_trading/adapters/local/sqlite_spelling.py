"""Decides how values stand in SQLite columns, which know neither Decimals nor instants nor truth.

A dataclass has a column a field, by its name, and msgspec makes the values. A Decimal is its own text, so that 2.50
comes back as 2.50. An instant is ISO 8601 in UTC, always with microseconds: one width, so that comparing the texts
compares the instants. What has parts of its own is JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, get_origin, get_type_hints

import msgspec

from ib_trading.core.attribution import Booking
from ib_trading.core.order import Order
from ib_trading.schema.known_types import ready

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

D = TypeVar("D", bound="DataclassInstance")

PARTS = ready(dict[str, Decimal])
IN_ROWS: tuple[type[DataclassInstance], ...] = (ready(Order), ready(Booking))
"""Every type that is made of columns here, known to msgspec before two threads can ask for it at once."""


def instant_text(at: datetime) -> str:
    """2019-01-02T14:30:00.000000+00:00; ValueError for a time without a zone, which names no instant."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def optional_instant_text(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)


def optional_instant(text: str | None) -> datetime | None:
    return None if text is None else instant(text)


def columns_of(as_type: type[DataclassInstance]) -> tuple[str, ...]:
    """The columns that values of a dataclass have, in the sequence of `of_row`."""
    return tuple(one.name for one in fields(as_type))


def to_row(value: Any) -> dict[str, object]:
    """A dataclass' value by column."""
    told = msgspec.to_builtins(value, builtin_types=(datetime,))
    return {name: _column(member) for name, member in told.items()}


def of_row(as_type: type[D], row: Iterable[object]) -> D:
    """The value whose columns are in `row`."""
    readers = _READERS[as_type]
    members = zip(columns_of(as_type), row, strict=True)
    return msgspec.convert(
        {name: readers[name](stored) if name in readers else stored for name, stored in members},
        ready(as_type),
    )


def parts_text(parts: Mapping[str, Decimal]) -> str:
    """Name → quantity as a JSON object of texts."""
    return json.dumps({name: str(part) for name, part in parts.items()}, ensure_ascii=False)


def parts(text: str) -> dict[str, Decimal]:
    return msgspec.json.decode(text, type=PARTS)


def _column(member: object) -> object:
    if isinstance(member, datetime):
        return instant_text(member)
    if isinstance(member, dict | list | tuple):
        return json.dumps(member, default=instant_text, ensure_ascii=False)
    return member


def _readers(as_type: type) -> Mapping[str, Any]:
    """Column → what makes of it that of which the value is converted, where it does not stand as it is."""
    hints = get_type_hints(as_type)
    nested = {name: json.loads for name, hint in hints.items() if get_origin(hint) in {tuple, Mapping}}
    return MappingProxyType(nested | {name: bool for name, hint in hints.items() if hint is bool})


_READERS: Mapping[type, Mapping[str, Any]] = {kind: _readers(kind) for kind in IN_ROWS}
