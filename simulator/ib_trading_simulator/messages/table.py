"""A message of the protocol: its number, its name, and its fields by server version.

Layouts are compiled once for each version that a client speaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from ib_trading_simulator.messages.elements import Element, Values
from ib_trading_simulator.messages.framing import framed
from ib_trading_simulator.messages.reading import Read, Reading
from ib_trading_simulator.messages.writing import Layout


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A message: its number, its name in the broker's documentation, and its fields after the number."""

    number: int
    name: str
    elements: tuple[Element, ...] = ()

    def encode(self, version: int, values: Values) -> bytes:
        """The message as a frame for a client of that server version."""
        return framed(f"{self.number}\0{_layout(self, version).spell(values)}")

    def decode(self, fields: Sequence[str], version: int) -> Read:
        """The fields after the message number, by name.

        Fields beyond the table are ignored, as the gateway does. Raises IncompleteMessage if the table is
        longer, ValueError for a count that is no number.
        """
        values: Read = {}
        _reading(self, version).read(fields, 0, values)
        return values


@cache
def _layout(table: Table, version: int) -> Layout:
    return Layout(table.elements, version)


@cache
def _reading(table: Table, version: int) -> Reading:
    return Reading(table.name, table.elements, version)
