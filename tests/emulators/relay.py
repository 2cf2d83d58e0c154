"""Connections that break on command: what comes to one port goes on to another, until all of them are cut at once."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass(slots=True)
class Relay:
    """`address` is host:port."""

    address: str
    _open: list[socket.socket] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def cut(self) -> None:
        """Ends every connection, on both sides, with what TCP calls a reset."""
        with self._turn:
            for connection in self._open:
                with suppress(OSError):
                    # Closed at once and with what is unsent thrown away.
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    connection.shutdown(socket.SHUT_RD)
                connection.close()
            self._open.clear()

    def serve(self, listening: socket.socket, target: tuple[str, int]) -> None:
        while True:
            try:
                near, _ = listening.accept()
                far = socket.create_connection(target)
            except OSError:
                return
            with self._turn:
                self._open += [near, far]
            for pair in ((near, far), (far, near)):
                threading.Thread(target=_pass_on, args=pair, daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while received := source.recv(65_536):
            sink.sendall(received)
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def relay(target: str) -> Generator[Relay]:
    """To host:port `target`."""
    host, _, port = target.partition(":")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        passing = Relay(f"127.0.0.1:{listening.getsockname()[1]}")
        serving = threading.Thread(target=passing.serve, args=(listening, (host, int(port))))
        serving.start()
        try:
            yield passing
        finally:
            # Wakes the one that waits for another connection.
            listening.shutdown(socket.SHUT_RDWR)
            serving.join()
            passing.cut()
