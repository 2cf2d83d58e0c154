"""Values to the fields of a message, in the order in which the elements stand.

A layout is a row of cells, each with the NUL that ends it. Most fields of an order are at their defaults: so the row
is prepared once with all of them, and only what is given is spelled and put in its place. A block of fields that may
be missing or repeated is one cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ib_trading_simulator.messages.elements import Element, Field, Given, Repeat, Values, Variants, existing
from ib_trading_simulator.messages.wire import Value, text


class Layout:
    """Elements as they are written at one server version."""

    __slots__ = ("_blocks", "_cells", "_places")

    def __init__(self, elements: tuple[Element, ...], version: int) -> None:
        self._cells: list[str] = []
        self._places: dict[str, int] = {}
        self._blocks: list[tuple[int, _Repeated | _Optional]] = []
        for place, element in enumerate(existing(elements, version)):
            match element:
                case Field(name, default):
                    if name in self._places:
                        raise ValueError(f"two fields of one message are called {name}")
                    self._places[name] = place
                    self._cells.append(f"{default}\0")
                case Repeat():
                    self._blocks.append((place, _Repeated(element, version)))
                    self._cells.append("0\0")
                case Given():
                    self._blocks.append((place, _Optional(element, version)))
                    self._cells.append("")
                case Variants():
                    # The simulator refuses every order that has conditions, so that it never has any to show.
                    self._cells.append("0\0")

    def spell(self, values: Values) -> str:
        """The fields, each ended by a NUL. A value that is None or empty leaves the default; a name that is no field
        here is left out."""
        cells, places = self._cells.copy(), self._places
        for name, value in values.items():
            place = places.get(name)
            if place is None:
                continue
            spelled = value if type(value) is str else text(value)
            if spelled:
                cells[place] = f"{spelled}\0"
        for place, block in self._blocks:
            cells[place] = block.spell(values)
        return "".join(cells)


class _Repeated:
    __slots__ = ("_each", "_name")

    def __init__(self, element: Repeat, version: int) -> None:
        self._name, self._each = element.name, Layout(element.each, version)

    def spell(self, values: Values) -> str:
        groups = _groups(values.get(self._name))
        return f"{len(groups)}\0" + "".join(map(self._each.spell, groups)) if groups else "0\0"


class _Optional:
    __slots__ = ("_fields", "_given")

    def __init__(self, element: Given, version: int) -> None:
        self._given, self._fields = element, Layout(element.fields, version)

    def spell(self, values: Values) -> str:
        return self._fields.spell(values) if self._given.holds(values) else ""


def _groups(value: Value | Sequence[Mapping[str, Value]]) -> Sequence[Mapping[str, Value]]:
    return value if isinstance(value, tuple | list) else ()
