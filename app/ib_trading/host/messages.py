"""What service and host say to each other: one frame each, its length in four bytes and then msgpack.

The service reads what a stranger's code may have written, so that a frame is only ever read into these types.
"""

from __future__ import annotations

import socket
import struct
import time
from typing import Any, Generic, TypeVar

import msgspec

from ib_trading.core.strategy import Answer, Declaration, Failure, Instance, Offers, Question
from ib_trading.schema.known_types import ready

LENGTH = struct.Struct("!I")
MOST_BYTES = 256 * 1024 * 1024
"""Of a frame: a question has all bars that a strategy may see."""

M = TypeVar("M")


class Begin(msgspec.Struct, frozen=True, tag=True):
    """The first frame to the host. `without` are sources that its predecessor died of."""

    without: tuple[str, ...] = ()


class Declare(msgspec.Struct, frozen=True, tag=True):
    instance: Instance
    seconds: float
    megabytes: int


class Ask(msgspec.Struct, frozen=True, tag=True):
    question: Question
    seconds: float
    megabytes: int


class Importing(msgspec.Struct, frozen=True, tag=True):
    """Said before a source is imported: if nothing more comes, it was this one."""

    source: str


class Imported(msgspec.Struct, frozen=True, tag=True):
    offers: Offers


class Declared(msgspec.Struct, frozen=True, tag=True):
    declaration: Declaration


class Answered(msgspec.Struct, frozen=True, tag=True):
    answer: Answer
    printed: str = ""


class Failed(msgspec.Struct, frozen=True, tag=True):
    failure: Failure


ToHost = ready(Begin | Declare | Ask)
FromHost = ready(Importing | Imported | Declared | Answered | Failed)


class Silence(TimeoutError):
    """No whole frame came in time."""


class Channel(Generic[M]):
    """One end of the socket; `reads` is the type of what comes in."""

    def __init__(self, end: socket.socket, reads: Any) -> None:
        self._end = end
        self._decoder = msgspec.msgpack.Decoder(ready(reads))

    def fileno(self) -> int:
        return self._end.fileno()

    def send(self, message: object) -> None:
        body = msgspec.msgpack.encode(message)
        self._end.settimeout(None)
        self._end.sendall(LENGTH.pack(len(body)) + body)

    def receive(self, seconds: float | None = None) -> M | None:
        """The next message; None when the other end is closed. Silence after `seconds`, ValueError for what is no
        message."""
        deadline = None if seconds is None else time.monotonic() + seconds
        head = self._exactly(LENGTH.size, deadline)
        if head is None:
            return None
        (size,) = LENGTH.unpack(head)
        if size > MOST_BYTES:
            raise ValueError(f"a frame of {size:,} bytes")
        body = self._exactly(size, deadline)
        return None if body is None else self._decoder.decode(body)

    def close(self) -> None:
        self._end.close()

    def _exactly(self, count: int, deadline: float | None) -> bytes | None:
        got = bytearray()
        while len(got) < count:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise Silence
            self._end.settimeout(left)
            try:
                some = self._end.recv(min(count - len(got), 1 << 20))
            except TimeoutError:
                raise Silence from None
            except ConnectionError:
                return None
            if not some:
                return None
            got += some
        return bytes(got)
