"""The language of the message tables: fields with the versions they exist at, repeated groups, optional
blocks.

Decides what can be said about a layout; writing.py and reading.py follow it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ib_trading_simulator.messages.wire import Value, text

# Above every server version: the `until` of a field that was never dropped.
EVER = 1 << 30

Values = Mapping[str, "Value | Sequence[Mapping[str, Value]]"]


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

    def holds(self, values: Values) -> bool:
        value = values.get(self.name)
        if isinstance(value, str):
            return self.present(value)
        if value is None or isinstance(value, int | Decimal):
            return self.present(text(value))
        return self.present(str(len(value)))


@dataclass(frozen=True, slots=True)
class Variants:
    """A count, then that many groups, each led by a kind that says which fields follow; read, never written."""

    name: str
    kind: str
    fields_by_kind: Mapping[str, tuple[str, ...]]
    since: int = 0
    until: int = EVER


Element = Field | Repeat | Given | Variants


def fields(names: str, since: int = 0, until: int = EVER) -> tuple[Field, ...]:
    """Fields from a string of names; `name=default` gives the default, and `name=` an empty one."""
    spelled = (word.partition("=") for word in names.split())
    return tuple(Field(name, default, since, until) for name, _, default in spelled)


def existing(elements: tuple[Element, ...], version: int) -> tuple[Element, ...]:
    """What exists at a version."""
    return tuple(element for element in elements if element.since <= version < element.until)
