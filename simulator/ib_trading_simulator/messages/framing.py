"""Bytes on the socket to frames of text fields, and back.

A frame is a 4-byte big-endian length and that many bytes; the bytes are fields, each ended by a NUL. Decides
only where a frame begins and ends and what is too malformed to go on with; what the fields mean is messages/.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

# The longest message a client of this protocol sends is an order of a few hundred fields; a length far beyond
# that is a client that speaks something else (HTTP, TLS), and waiting for its end would wait for ever.
LONGEST_FRAME = 1 << 20

PREFIX = b"API\0"

_length = struct.Struct(">I")


class MalformedFrame(Exception):
    """Bytes that cannot be a frame of this protocol; the connection they came from has to be closed."""


def frame(fields: Iterable[str]) -> bytes:
    """Fields as one frame; characters outside ASCII are escaped, as the gateway does since version 153."""
    return framed("\0".join(fields) + "\0")


def framed(ended_fields: str) -> bytes:
    """The same for fields that were put together, each with its NUL."""
    payload = ended_fields.encode("ascii", "backslashreplace")
    return _length.pack(len(payload)) + payload


def fields_of(payload: bytes) -> tuple[str, ...]:
    """The fields of a frame's payload.

    Raises MalformedFrame for a payload that is empty or whose last field is not ended.
    """
    if not payload.endswith(b"\0"):
        raise MalformedFrame(f"a message of {len(payload)} bytes does not end with NUL")
    return tuple(payload[:-1].decode("utf-8", "backslashreplace").split("\0"))


class FrameReader:
    """Collects bytes as they arrive and gives out the payloads that are complete."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, received: bytes) -> tuple[bytes, ...]:
        """Every payload completed by `received`, oldest first.

        Raises MalformedFrame for a length of zero or above LONGEST_FRAME.
        """
        pending = self._pending
        pending += received
        payloads = []
        start = 0
        while len(pending) - start >= 4:
            (length,) = _length.unpack_from(pending, start)
            if not 0 < length <= LONGEST_FRAME:
                raise MalformedFrame(f"a frame announces {length} bytes; 1 to {LONGEST_FRAME} are possible")
            end = start + 4 + length
            if len(pending) < end:
                break
            payloads.append(bytes(pending[start + 4 : end]))
            start = end
        del pending[:start]
        return tuple(payloads)


class PrefixReader:
    """Takes the four bytes `API` NUL off the front of a connection, however they are cut up."""

    def __init__(self) -> None:
        self._seen = b""

    def feed(self, received: bytes) -> bytes | None:
        """What follows the prefix, or None while it is incomplete. Raises MalformedFrame for anything else."""
        self._seen += received
        if not PREFIX.startswith(self._seen[: len(PREFIX)]):
            raise MalformedFrame(f"a connection begins with {self._seen[:16]!r}, not with {PREFIX!r}")
        return self._seen[len(PREFIX) :] if len(self._seen) >= len(PREFIX) else None
