"""Every frame that went over the wire, in order; in memory, and on request as JSON lines in a file.

Tests judge an application by this record. Frames are kept as bytes and taken apart only when somebody looks.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TextIO

from ib_trading_simulator.messages import incoming, outgoing

# A client that has not said who it is.
UNKNOWN_CLIENT = -1

_HEADER = 4


# Nanoseconds of the machine's monotonic clock; "in" (from the client) or "out"; client id; the frame without its
# length. A plain tuple: there are millions of them, and the garbage collector does not look into those again.
Entry = tuple[int, str, int, bytes]


@dataclass(slots=True)
class MessageLog:
    """`record` is an open text file that entries are also written to, one JSON object a line."""

    record: TextIO | None = None
    entries: list[Entry] = field(default_factory=list)

    def received(self, client_id: int, payload: bytes) -> None:
        self._add((time.monotonic_ns(), "in", client_id, payload))

    def sent(self, client_id: int, frame: bytes) -> None:
        self._add((time.monotonic_ns(), "out", client_id, frame[_HEADER:]))

    def since(self, index: int) -> Iterator[dict[str, object]]:
        """Entries from an index on, as the control port shows them."""
        return (_shown(i, entry) for i, entry in enumerate(self.entries[index:], start=index))

    def _add(self, entry: Entry) -> None:
        self.entries.append(entry)
        if self.record is not None:
            self.record.write(json.dumps(_shown(len(self.entries) - 1, entry)) + "\n")


def _shown(index: int, entry: Entry) -> dict[str, object]:
    nanoseconds, direction, client_id, payload = entry
    fields = payload.decode("utf-8", "backslashreplace").split("\0")
    if fields and not fields[-1]:
        fields.pop()
    return {
        "index": index,
        "nanoseconds": nanoseconds,
        "direction": direction,
        "clientId": client_id,
        "name": _name(direction, fields),
        "fields": fields,
    }


def _name(direction: str, fields: list[str]) -> str:
    """The broker's name of the message; "handshake" for what comes before messages have numbers."""
    if not fields or not fields[0].isdigit():
        return "handshake"
    number = int(fields[0])
    if direction == "out":
        table = outgoing.BY_NUMBER.get(number)
        return table.name if table else "handshake"
    if table := incoming.TABLES.get(number):
        return table.name
    return incoming.NOT_BUILT.get(number, ("unknown", None))[0]
