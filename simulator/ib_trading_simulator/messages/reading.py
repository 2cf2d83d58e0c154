"""The fields of a message to values by name.

Fields that follow each other are taken together; what is repeated, optional or of several kinds is decided by the
fields before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from ib_trading_simulator.messages.elements import Element, Field, Given, Repeat, Variants, existing

Read = dict[str, str | tuple[dict[str, str], ...]]


class IncompleteMessage(Exception):
    """A message that ends before its table does."""


class Reading:
    """Elements as they are read at one server version; `message` is the name that errors give."""

    __slots__ = ("_message", "_steps")

    def __init__(self, message: str, elements: tuple[Element, ...], version: int) -> None:
        self._message = message
        # Names of fields that follow each other, or an element with what it holds.
        self._steps: list[tuple[str, ...] | tuple[Repeat | Given, Reading] | Variants] = []
        for is_field, group in groupby(existing(elements, version), lambda one: isinstance(one, Field)):
            if is_field:
                self._steps.append(tuple(one.name for one in group))
                continue
            for element in group:
                match element:
                    case Repeat():
                        self._steps.append((element, Reading(message, element.each, version)))
                    case Given():
                        self._steps.append((element, Reading(message, element.fields, version)))
                    case Variants():
                        self._steps.append(element)

    def read(self, fields: Sequence[str], at: int, into: Read) -> int:
        """Reads from the field `at` on; gives where it ended. Raises IncompleteMessage, ValueError for a count that is
        no number."""
        for step in self._steps:
            match step:
                case Variants(name, kind, fields_by_kind):
                    count, at = self._count(fields, at, name)
                    groups = []
                    for _ in range(count):
                        group, at = self._variant(fields, at, kind, fields_by_kind)
                        groups.append(group)
                    into[name] = tuple(groups)
                case (Repeat(name), Reading() as each):
                    count, at = self._count(fields, at, name)
                    repeated: list[Read] = []
                    for _ in range(count):
                        repeated.append({})
                        at = each.read(fields, at, repeated[-1])
                    into[name] = tuple(
                        {key: str(value) for key, value in group.items()} for group in repeated
                    )
                case (Given() as given, Reading() as inner):
                    if given.holds(into):
                        at = inner.read(fields, at, into)
                case names:
                    at = self._run(fields, at, names, into)
        return at

    def _run(self, fields: Sequence[str], at: int, names: tuple[str, ...], into: Read) -> int:
        end = at + len(names)
        if end > len(fields):
            raise IncompleteMessage(f"{self._message} ends before {names[len(fields) - at]}")
        into.update(zip(names, fields[at:end], strict=True))
        return end

    def _variant(
        self, fields: Sequence[str], at: int, kind: str, fields_by_kind: Mapping[str, tuple[str, ...]]
    ) -> tuple[dict[str, str], int]:
        group: Read = {}
        at = self._run(fields, at, (kind,), group)
        chosen = str(group[kind])
        if chosen not in fields_by_kind:
            raise ValueError(f"{self._message}: {kind} {chosen!r} is not one of {', '.join(fields_by_kind)}")
        at = self._run(fields, at, fields_by_kind[chosen], group)
        return {key: str(value) for key, value in group.items()}, at

    def _count(self, fields: Sequence[str], at: int, name: str) -> tuple[int, int]:
        if at >= len(fields):
            raise IncompleteMessage(f"{self._message} ends before {name}")
        try:
            return int(fields[at] or 0), at + 1
        except ValueError:
            raise ValueError(f"{self._message}: the number of {name} is {fields[at]!r}") from None
