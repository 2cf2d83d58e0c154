"""The recorded closes, read from the source file itself: what the simulator's days are compared with.

Reads the file on its own terms and not with the simulator's code, so that the comparison can fail.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RecordedCloses:
    """`days` ascending; `closes` is symbol → one figure a day, as text and digit for digit."""

    days: tuple[date, ...]
    closes: Mapping[str, tuple[str, ...]]

    def between(self, first: date, last: date) -> tuple[date, ...]:
        """The trading days from `first` to `last`, both included."""
        return tuple(day for day in self.days if first <= day <= last)

    def close(self, symbol: str, day: date) -> Decimal:
        return Decimal(self.closes[symbol][self.days.index(day)])


def read_recorded_closes(path: Path) -> RecordedCloses:
    """A built-in market's file: a line of days, then a line a symbol; see data/README.md in the simulator's package."""
    first, *lines = gzip.decompress(path.read_bytes()).decode("ascii").splitlines()
    closes = {}
    for line in lines:
        symbol, field, *figures = line.split(",")
        if field == "close":
            closes[symbol] = tuple(figures)
    return RecordedCloses(tuple(map(date.fromisoformat, first.split(",")[2:])), closes)
