"""Asks the gateway's API port for its version: the one sign that it can be worked with.

An open port proves nothing: a gateway that still shows a dialog accepts connections and stays silent. The greeting is
the first half of the handshake only, so that it takes no client id from a session.
"""

from __future__ import annotations

import socket
import struct

_GREETING = b"API\0" + struct.pack(">I", len(b"v157..176")) + b"v157..176"
_LONGEST = 1024


def answers(port: int, seconds: float) -> bool:
    """Whether the gateway on this machine tells its version within `seconds`."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
            connection.sendall(_GREETING)
            head = _received(connection, 4)
            (length,) = struct.unpack(">I", head)
            return 0 < length <= _LONGEST and _received(connection, length).split(b"\0")[0].isdigit()
    except (OSError, EOFError):
        return False


def _received(connection: socket.socket, count: int) -> bytes:
    """EOFError if the other side closes before."""
    got = b""
    while len(got) < count:
        part = connection.recv(count - len(got))
        if not part:
            raise EOFError
        got += part
    return got
