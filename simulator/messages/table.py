"""The language of the message tables: fields with the versions they exist at, repeated groups, optional
blocks.

A table is read once a server version into a flat plan; encoding and decoding then walk that plan. Decides
layout; what a value means is left to whoever fills or reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import groupby

from simulator.framing import frame
from simulator.messages.wire import Value, text

# Above every server version: the `until` of a field that was never dropped.
EVER = 1 << 30

Values = Mapping[str, "Value | Sequence[Mapping[str, Value]]"]


class IncompleteMessage(Exception):
    """A message that ends before its table does."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field. It exists at server versions `since` <= v < `until`; `default` is sent when no value is
    given.
    """

    name: str
    default: str = ""
    since: int = 0
    until: int = EVER


@dataclass(frozen=True, slots=True)
class Repeat:
    """A count, then that many times the fields of `each`. Its value is a sequence of mappings."""

    name: str
    each: tuple[Field, ...]
    since: int = 0
    until: int = EVER


@dataclass(frozen=True, slots=True)
class Given:
    """Fields that are there only if an earlier field passes a test (a repeated group is tested as its count)."""

    name: str
    present: Callable[[str], bool]
    fields: tuple[Element, ...]
    since: int = 0
    until: int = EVER


@dataclass(frozen=True, slots=True)
class Variants:
    """A count, then that many groups, each led by a kind that says which fields follow; read, never written."""

    name: str
    kind: str
    fields_by_kind: Mapping[str, tuple[str, ...]]
    since: int = 0
    until: int = EVER


Element = Field | Repeat | Given | Variants


@dataclass(frozen=True, slots=True)
class _Run:
    """Fields that follow each other: (name, default). Most messages are one run."""

    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A message: its number, its name in the broker's documentation, and its fields after the number."""

    number: int
    name: str
    elements: tuple[Element, ...] = ()

    def encode(self, version: int, values: Values) -> bytes:
        """The message as a frame for a client of that server version."""
        fields = [str(self.number)]
        _write(_plan(self, version), values, fields, version)
        return frame(fields)

    def decode(self, fields: Sequence[str], version: int) -> dict[str, str | tuple[dict[str, str], ...]]:
        """The fields after the message number, by name.

        Fields beyond the table are ignored, as the gateway does. Raises IncompleteMessage if the table is
        longer, ValueError for a count that is no number.
        """
        values: dict[str, str | tuple[dict[str, str], ...]] = {}
        _read(_plan(self, version), iter(fields), values, self.name, version)
        return values


def fields(names: str, since: int = 0, until: int = EVER) -> tuple[Field, ...]:
    """Fields from a string of names; `name=default` gives the default, and `name=` an empty one."""
    spelled = (word.partition("=") for word in names.split())
    return tuple(Field(name, default, since, until) for name, _, default in spelled)


@cache
def _plan(table: Table, version: int) -> tuple[_Run | Element, ...]:
    return _at(table.elements, version)


def _at(elements: tuple[Element, ...], version: int) -> tuple[_Run | Element, ...]:
    """What exists at a version, fields that follow each other taken together."""
    plan: list[_Run | Element] = []
    there = (element for element in elements if element.since <= version < element.until)
    for is_field, group in groupby(there, lambda element: isinstance(element, Field)):
        if is_field:
            plan.append(_Run(tuple((one.name, one.default) for one in group if isinstance(one, Field))))
        else:
            plan += group
    return tuple(plan)


def _write(plan: tuple[_Run | Element, ...], values: Values, into: list[str], version: int) -> None:
    get = values.get
    for element in plan:
        match element:
            case _Run(fields_of_run):
                # Most fields of an order are at their defaults.
                into += [
                    default if (value := get(name)) is None else _field_text(value, default)
                    for name, default in fields_of_run
                ]
            case Repeat(name, each):
                groups = _groups(values.get(name))
                into.append(str(len(groups)))
                for group in groups:
                    _write(_at(each, version), group, into, version)
            case Given(name, present, inner):
                if present(_tested(values.get(name))):
                    _write(_at(inner, version), values, into, version)
            case Variants():
                # The simulator refuses every order that has conditions, so that it never has any to show.
                into.append("0")


def _tested(value: object) -> str:
    return str(len(value)) if isinstance(value, tuple | list) else _field_text(value, "")


def _field_text(value: object, default: str) -> str:
    if value is None or value == "":
        return default
    if isinstance(value, str):
        return value
    assert isinstance(value, str | int | Decimal), f"{value!r} cannot be written in one field"
    return text(value)


def _groups(value: object) -> Sequence[Mapping[str, Value]]:
    return value if isinstance(value, tuple | list) else ()


def _read(
    plan: tuple[_Run | Element, ...],
    remaining: Iterator[str],
    values: dict[str, str | tuple[dict[str, str], ...]],
    message: str,
    version: int,
) -> None:
    for element in plan:
        match element:
            case _Run(fields_of_run):
                for name, _ in fields_of_run:
                    values[name] = _next(remaining, message, name)
            case Repeat(name, each):
                groups = []
                for _ in range(_count(remaining, message, name)):
                    group: dict[str, str | tuple[dict[str, str], ...]] = {}
                    _read(_at(each, version), remaining, group, message, version)
                    groups.append({key: str(value) for key, value in group.items()})
                values[name] = tuple(groups)
            case Given(name, present, inner):
                if present(_tested(values.get(name))):
                    _read(_at(inner, version), remaining, values, message, version)
            case Variants(name, kind, fields_by_kind):
                values[name] = tuple(
                    _variant(remaining, message, kind, fields_by_kind)
                    for _ in range(_count(remaining, message, name))
                )


def _variant(
    remaining: Iterator[str], message: str, kind: str, fields_by_kind: Mapping[str, tuple[str, ...]]
) -> dict[str, str]:
    chosen = _next(remaining, message, kind)
    if chosen not in fields_by_kind:
        raise ValueError(f"{message}: {kind} {chosen!r} is not one of {', '.join(fields_by_kind)}")
    return {kind: chosen} | {name: _next(remaining, message, name) for name in fields_by_kind[chosen]}


def _next(remaining: Iterator[str], message: str, name: str) -> str:
    try:
        return next(remaining)
    except StopIteration:
        raise IncompleteMessage(f"{message} ends before {name}") from None


def _count(remaining: Iterator[str], message: str, name: str) -> int:
    count = _next(remaining, message, name)
    try:
        return int(count or 0)
    except ValueError:
        raise ValueError(f"{message}: the number of {name} is {count!r}") from None
