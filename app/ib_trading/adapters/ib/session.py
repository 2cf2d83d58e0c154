"""Where sessions with the gateway come from: one connection for all who need one at the same time.

Decides when a connection is made (for its first user) and ended (after its last), and remembers how the last attempt
went. Each connection has a loop thread of its own, so that nothing is left behind when nobody is connected. Starting
the gateway itself is somebody else's work.
"""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime

from ib_trading.adapters.ib.broker import IbBroker
from ib_trading.adapters.ib.connection import Connection, Endpoint
from ib_trading.adapters.ib.contracts import KnownContracts
from ib_trading.adapters.ib.deadlines import Deadlines
from ib_trading.adapters.ib.history_pace import HistoryPace
from ib_trading.adapters.ib.library import library
from ib_trading.adapters.ib.loop_thread import LoopThread
from ib_trading.core.refusals import GatewayNotReady, Refusal
from ib_trading.ports.broker import Broker, GatewayStatus


class IbGateway:
    """A BrokerSource. `connect_seconds` is all that an attempt to connect may take."""

    def __init__(
        self,
        host: str,
        port: int,
        client_id: int,
        *,
        connect_seconds: float = 4.5,
        deadlines: Deadlines | None = None,
        history_pace: HistoryPace | None = None,
    ) -> None:
        self._endpoint = Endpoint(host, port, client_id)
        self._connect_seconds = connect_seconds
        self._deadlines = deadlines or Deadlines()
        self._contracts = KnownContracts()
        self._history_pace = history_pace or HistoryPace()
        self._lock = threading.Lock()
        self._line: _Line | None = None
        self._closed = False
        self._status = GatewayStatus(None, None, f"the gateway at {self._endpoint} has not been needed yet")

    @contextmanager
    def session(self) -> Generator[Broker]:
        """A connected session; GatewayNotReady, within `connect_seconds`, for everyone who waited for the attempt."""
        line = self._join()
        try:
            yield IbBroker(line.thread, self._connected(line), self._contracts, self._history_pace)
        finally:
            self._leave(line)

    def status(self) -> GatewayStatus:
        return self._status

    def begin(self) -> None:
        """Nothing: the first who needs a connection makes it."""

    def close(self) -> None:
        """Ends the connection under whoever still uses it, and gives out no session any more."""
        with self._lock:
            self._closed = True
            line, self._line = self._line, None
            if line is not None:
                line.end()

    def _join(self) -> _Line:
        with self._lock:
            if self._closed:
                raise GatewayNotReady(
                    "the service is shutting down; no new session with the gateway is begun"
                )
            if self._line is not None and self._line.broken:
                # Whoever still holds it has had its fault; its client id must be free before the next comes.
                self._line.end()
                self._line = None
            if self._line is None:
                self._line = _Line(self._endpoint, self._connect_seconds, self._deadlines)
            self._line.users += 1
            return self._line

    def _connected(self, line: _Line) -> Connection:
        try:
            connection = line.connection.result()
        except Refusal as error:
            self._status = GatewayStatus(False, datetime.now(UTC), error.detail)
            # One of their own for each who waited: an exception carries the traceback of where it was raised.
            raise GatewayNotReady(error.detail) from error
        except concurrent.futures.CancelledError:
            raise GatewayNotReady("the service is shutting down; the connection was given up") from None
        self._status = GatewayStatus(True, datetime.now(UTC), f"connected to the gateway at {self._endpoint}")
        return connection

    def _leave(self, line: _Line) -> None:
        # Within the lock: whoever comes next must find the client id free.
        with self._lock:
            line.users -= 1
            if line.fault_of_all:
                self._status = GatewayStatus(False, datetime.now(UTC), line.fault_of_all)
            if line.users == 0:
                if self._line is line:
                    self._line = None
                line.end()


class _Line:
    """One connection, its thread, and the number of its users, which the owner's lock guards."""

    def __init__(self, endpoint: Endpoint, seconds: float, deadlines: Deadlines) -> None:
        self.users = 0
        self.thread = LoopThread(f"gateway {endpoint}")
        self.connection = self.thread.submit(_opened(endpoint, seconds, deadlines))

    @property
    def broken(self) -> bool:
        return self.connection.done() and (self._open is None or self._open.faulty)

    @property
    def fault_of_all(self) -> str:
        """What every session would meet and only a person can change; "" where there is nothing."""
        replies = self._open.replies if self._open else None
        return replies.fault.detail if replies and replies.read_only and replies.fault else ""

    @property
    def _open(self) -> Connection | None:
        """None before it is, and where it never came to be."""
        made = self.connection
        if not made.done() or made.cancelled() or made.exception():
            return None
        return made.result()

    def end(self) -> None:
        """May be called again."""
        if self._open and not self.thread.ended:
            self.thread.run(self._open.close())
        self.thread.end()


async def _opened(endpoint: Endpoint, seconds: float, deadlines: Deadlines) -> Connection:
    library()
    connection = Connection(endpoint, deadlines)
    await connection.open(seconds)
    return connection
