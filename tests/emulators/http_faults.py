"""A BigQuery that fails on command: passes every request on to the emulator, and to those it is told to answers with an
error, late, or not at all, before they reached it or after they counted there. Keeps what it was asked.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

RESET = 0
"""Instead of a status: the connection is cut."""


@dataclass(slots=True)
class HttpFault:
    """Strikes requests whose line ("POST /bigquery/…") contains `words` and whose body `said`, once `spared` of them
    have passed; `after`: they count, only the answer is lost."""

    words: str
    said: str
    spared: int
    status: int
    reason: str
    message: str
    times: int
    after: bool

    def strikes(self, line: str, body: bytes) -> bool:
        return self.words in line and self.said.encode() in body

    def answer(self) -> bytes:
        """As Google's JSON APIs spell an error."""
        detail = {"reason": self.reason, "message": self.message, "domain": "global"}
        return json.dumps(
            {"error": {"code": self.status, "message": self.message, "errors": [detail]}}
        ).encode()


@dataclass(slots=True)
class FaultyBigquery:
    """`address` is host:port; `asked` are (line, body) as they came."""

    address: str
    asked: list[tuple[str, bytes]] = field(default_factory=list)
    faults: list[HttpFault] = field(default_factory=list)
    delay: float = 0.0
    """Seconds before each request is passed on."""
    turn: threading.Lock = field(default_factory=threading.Lock)

    def fail(
        self,
        words: str,
        status: int,
        reason: str = "",
        message: str = "on command",
        *,
        said: str = "",
        spared: int = 0,
        times: int = 1,
        after: bool = False,
    ) -> None:
        self.faults.append(HttpFault(words, said, spared, status, reason, message, times, after))

    def queries(self) -> list[dict[str, Any]]:
        """What was asked as a query or a job, in the REST API's spelling."""
        return [
            json.loads(body)
            for line, body in self.asked
            if line.startswith("POST /bigquery/") and line.partition("?")[0].endswith(("/jobs", "/queries"))
        ]

    def struck(self, line: str, body: bytes, *, after: bool) -> HttpFault | None:
        with self.turn:
            for fault in self.faults:
                if fault.times and fault.after is after and fault.strikes(line, body):
                    if fault.spared:
                        fault.spared -= 1
                        continue
                    fault.times -= 1
                    return fault
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's name
        """Says nothing."""

    def _pass(self) -> None:
        assert isinstance(self.server, _Server)
        faulty = self.server.faulty
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        line = f"{self.command} {self.path}"
        faulty.asked.append((line, body))
        if faulty.delay:
            self.server.stopping.wait(faulty.delay)
        if fault := faulty.struck(line, body, after=False):
            self._strike(fault)
            return
        status, kept, answer = self._passed_on(body)
        if fault := faulty.struck(line, body, after=True):
            self._strike(fault)
            return
        self._answer(status, kept, answer)

    # As the base looks them up.
    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass  # noqa: N815

    def _passed_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        assert isinstance(self.server, _Server)
        host, _, port = self.server.emulator.partition(":")
        headers = {name: value for name, value in self.headers.items() if name.lower() != "accept-encoding"}
        connection = HTTPConnection(host, int(port), timeout=60)
        try:
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            dropped = {"content-length", "transfer-encoding", "connection"}
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in dropped}
            return answer.status, kept, answer.read()
        finally:
            connection.close()

    def _strike(self, fault: HttpFault) -> None:
        if fault.status == RESET:
            # Closed at once and with what is unsent thrown away, TCP says reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        self._answer(fault.status, {"Content-Type": "application/json"}, fault.answer())

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, faulty: FaultyBigquery, emulator: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.faulty = faulty
        self.emulator = emulator
        self.stopping = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away, or a connection that was cut on command."""


@contextmanager
def faulty_bigquery(emulator: str) -> Generator[FaultyBigquery]:
    """In front of the emulator at host:port `emulator`."""
    faulty = FaultyBigquery("")
    with _Server(faulty, emulator) as server:
        faulty.address = f"127.0.0.1:{server.server_address[1]}"
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield faulty
        finally:
            server.stopping.set()
            server.shutdown()
            serving.join()
