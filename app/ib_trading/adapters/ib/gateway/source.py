"""Sessions with a gateway of our own: who needs it first has it started, who leaves last has it stopped.

With lifetime `always` it is started with the service and stopped with it; a request then only waits until it is ready.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from ib_trading.adapters.ib.gateway.states import Condition, State
from ib_trading.adapters.ib.gateway.supervisor import Supervisor
from ib_trading.adapters.ib.gateway.timeouts import GatewayTimeouts
from ib_trading.adapters.ib.session import IbGateway
from ib_trading.core.refusals import GatewayNotReady
from ib_trading.ports.broker import Broker, GatewayStatus


class SupervisedGateway:
    """A BrokerSource. `start_seconds` tells, for each request anew, how long it may wait for the gateway."""

    def __init__(
        self,
        supervisor: Supervisor,
        sessions: IbGateway,
        start_seconds: Callable[[], int],
        timeouts: GatewayTimeouts,
        *,
        always: bool,
    ) -> None:
        self._supervisor = supervisor
        self._sessions = sessions
        self._start_seconds = start_seconds
        self._timeouts = timeouts
        self._always = always
        self._users = 0
        self._left = threading.Condition()
        # Held while the gateway is started for the first user or stopped after the last: never both at once.
        self._turn = threading.Lock()
        self._closed = False

    def begin(self) -> None:
        """Starts a gateway that is always on; nothing is waited for."""
        if self._always and not self._closed:
            self._supervisor.start()

    @contextmanager
    def session(self) -> Generator[Broker]:
        """A connected session; GatewayNotReady, with nothing sent, for everyone who waited for the same start."""
        seconds = self._start_seconds()
        with self._used():
            self._supervisor.await_ready(seconds)
            with self._sessions.session() as broker:
                yield broker

    @contextmanager
    def _used(self) -> Generator[None]:
        with self._turn:
            if self._closed:
                raise GatewayNotReady("the service is shutting down; no new session is begun")
            self._supervisor.start()
            self._users += 1
        try:
            yield
        finally:
            with self._turn:
                with self._left:
                    self._users -= 1
                    self._left.notify_all()
                if self._users == 0 and not self._always:
                    self._supervisor.stop()

    def status(self) -> GatewayStatus:
        condition = self._supervisor.condition
        return GatewayStatus(
            self._good(condition),
            condition.since,
            condition.sentence,
            condition.state.value,
            self._supervisor.starts,
        )

    def _good(self, condition: Condition) -> bool | None:
        if condition.state is State.READY:
            return True
        if condition.state is State.FAILED or condition.failure is not None or self._always:
            return False
        return None

    def close(self) -> None:
        """Requests under way get a moment to end; then the gateway logs out and its lease is given back."""
        self._closed = True
        deadline = time.monotonic() + self._timeouts.leave
        with self._left:
            while self._users and (left := deadline - time.monotonic()) > 0:
                self._left.wait(left)
        self._sessions.close()
        self._supervisor.stop()
