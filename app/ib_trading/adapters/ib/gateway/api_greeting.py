"""Asks the gateway's API whether it can be worked with: it answers, and it reaches the broker's servers.

An open port proves nothing: a gateway that still shows a dialog accepts connections and stays silent, and one that has
lost the broker goes on to answer from what it remembers. So a whole conversation is had, under a client id of its own:
greeting, start, and the question for the broker's time. 1100 and 2110 before the answer, without 1101 or 1102 after
them, say that the broker is not there (https://interactivebrokers.github.io/tws-api/message_codes.html)."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Sequence
from typing import NamedTuple

from ib_trading.adapters.ib import error_codes

CLIENT_ID = 909
"""Nobody else's: those of the services are 101 and 102."""

_GREETING = b"API\0" + struct.pack(">I", len(b"v157..176")) + b"v157..176"
_LONGEST = 1 << 20
_START, _CURRENT_TIME = ("71", "2", str(CLIENT_ID), ""), ("49", "1")
_ERROR, _TIME = "4", "49"
# As the wire spells them.
_LOST = frozenset(map(str, error_codes.CONNECTIVITY_LOST))
_RESTORED = frozenset(map(str, error_codes.CONNECTIVITY_RESTORED))
_ID_IN_USE = str(error_codes.CLIENT_ID_TAKEN)


class Sign(NamedTuple):
    """`offline` is why the broker's servers are not reached, in the gateway's words, "" where they are."""

    answers: bool
    offline: str = ""


def look_at_api(port: int, seconds: float) -> Sign:
    """What the gateway on this machine says within `seconds`."""
    deadline = time.monotonic() + seconds
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
            connection.sendall(_GREETING)
            if not _message(connection, deadline)[0].isdigit():
                return Sign(False)
            connection.sendall(_framed(_START) + _framed(_CURRENT_TIME))
            return _conversation(connection, deadline)
    except (OSError, EOFError):
        return Sign(False)


def _conversation(connection: socket.socket, deadline: float) -> Sign:
    offline = ""
    while True:
        fields = _message(connection, deadline)
        if fields[0] == _TIME:
            return Sign(True, offline)
        if fields[0] == _ERROR and len(fields) > 4:
            code, text = fields[3], fields[4]
            if code == _ID_IN_USE:
                # The look before this one is not over on its side: it was answered.
                return Sign(True, offline)
            offline = f"{code} {text}" if code in _LOST else "" if code in _RESTORED else offline


def _framed(fields: Sequence[str]) -> bytes:
    body = "".join(f"{field}\0" for field in fields).encode()
    return struct.pack(">I", len(body)) + body


def _message(connection: socket.socket, deadline: float) -> list[str]:
    """EOFError if the other side closes before, or says what is no message; OSError when the time is over."""
    (length,) = struct.unpack(">I", _received(connection, 4, deadline))
    if not 0 < length <= _LONGEST:
        raise EOFError
    return _received(connection, length, deadline).decode("utf-8", "replace").split("\0")


def _received(connection: socket.socket, count: int, deadline: float) -> bytes:
    got = b""
    while len(got) < count:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        part = connection.recv(count - len(got))
        if not part:
            raise EOFError
        got += part
    return got
