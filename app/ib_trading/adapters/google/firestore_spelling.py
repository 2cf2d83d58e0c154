"""Decides how values stand in Firestore's documents; the names of the fields are in schema/documents.py.

msgspec makes the values. A Decimal is its own text, so that 2.50 comes back as 2.50. An instant is a timestamp, which
counts microseconds. A run is spelt by hand: its plan and its answer are compressed, because as they are sent those of a
busy account would not fit into a document, and only a part of it is replaced.
"""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from ib_trading.core.attribution import Booking
from ib_trading.core.canonical import camel
from ib_trading.core.journal import Run, RunState, StoredResponse
from ib_trading.core.order import Order
from ib_trading.core.totals import Total
from ib_trading.schema.known_types import ready

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Fields = dict[str, Any]
T = TypeVar("T")
D = TypeVar("D", bound="DataclassInstance")

MADE_OF_FIELDS: tuple[Any, ...] = (ready(Order), ready(Booking), ready(dict[str, Total]))
"""Every type that is, known to msgspec before two threads can ask for it at once."""


def timestamp(at: datetime) -> datetime:
    """ValueError for a time without a zone, which names no instant."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return at.astimezone(UTC)


def instant(stored: datetime) -> datetime:
    """A plain datetime of what the client reads, which has nanoseconds and its own equality."""
    return datetime.combine(stored.date(), stored.time(), tzinfo=UTC)


def run_fields(run: Run) -> Fields:
    """All of a run but `recordedAt`."""
    return {
        "runId": run.run_id,
        "bodyHash": run.body_hash,
        "intent": run.intent,
        "claimedAt": timestamp(run.claimed_at),
        **changing_run_fields(run),
    }


def changing_run_fields(run: Run) -> Fields:
    """What of a run is replaced when it is saved."""
    return {
        "key": run.key,
        "state": run.state.value,
        "businessAt": None if run.business_at is None else timestamp(run.business_at),
        "plan": None if run.plan is None else zlib.compress(run.plan),
        "responseStatus": run.response.status if run.response else None,
        "responseBody": zlib.compress(run.response.body) if run.response else None,
    }


def run(fields: Fields) -> Run:
    status, business_at, plan = fields["responseStatus"], fields["businessAt"], fields["plan"]
    return Run(
        run_id=fields["runId"],
        key=fields["key"],
        body_hash=fields["bodyHash"],
        intent=fields["intent"],
        state=RunState(fields["state"]),
        claimed_at=instant(fields["claimedAt"]),
        business_at=None if business_at is None else instant(business_at),
        plan=None if plan is None else zlib.decompress(plan),
        response=None if status is None else StoredResponse(status, zlib.decompress(fields["responseBody"])),
    )


def fields_of(value: Any) -> Fields:
    """A dataclass' value, a field a member, named in camelCase."""
    return {camel(name): member for name, member in _stored(value).items()}


def value_of(as_type: type[D], fields: Fields) -> D:
    """The value that `fields_of` made `fields` of; what else stands beside them does not count."""
    members = {one.name: camel(one.name) for one in dataclasses.fields(as_type)}
    return _made(as_type, {name: fields[field] for name, field in members.items() if field in fields})


def totals_fields(by_strategy: Mapping[str, Total]) -> Fields:
    """One field, so that one exemption keeps all of it out of the indexes."""
    return {"strategies": {name: _stored(total) for name, total in by_strategy.items()}}


def totals_of(fields: Fields) -> dict[str, Total]:
    return _made(dict[str, Total], fields.get("strategies", {}))


def quantities_fields(quantities: Mapping[int, Decimal]) -> Fields:
    return {str(con_id): str(quantity) for con_id, quantity in quantities.items()}


def quantities(fields: Fields) -> dict[int, Decimal]:
    return {int(con_id): Decimal(quantity) for con_id, quantity in fields.items()}


def recorded(fields: Fields) -> tuple[datetime, int]:
    """Sorts documents into the sequence in which they were made."""
    return instant(fields["recordedAt"]), fields["place"]


def _stored(value: Any) -> Fields:
    told = msgspec.to_builtins(value, builtin_types=(datetime,))
    return {name: _each_instant(member, timestamp) for name, member in told.items()}


def _made(as_type: type[T], fields: Fields) -> T:
    told = {name: _each_instant(member, instant) for name, member in fields.items()}
    return msgspec.convert(told, ready(as_type))


def _each_instant(value: Any, change: Callable[[datetime], datetime]) -> Any:
    """`value` as it is, but for the instants in it, however deep: those `change` makes."""
    match value:
        case datetime():
            return change(value)
        case dict():
            return {name: _each_instant(member, change) for name, member in value.items()}
        case list() | tuple():
            return [_each_instant(member, change) for member in value]
    return value
