"""When the gateway may be started again: growing pauses, and never more than so many failed starts a minute.

IBC's own script starts again at once after its exit codes 87 and 88; 221 starts in 3 seconds were seen, each of them a
login that the broker counts.
"""

from __future__ import annotations

import time
from collections import deque

from ib_trading.adapters.ib.gateway.states import Failure
from ib_trading.adapters.ib.gateway.timeouts import GatewayTimeouts


class StartPace:
    """`count` is how often it was started since this process began."""

    def __init__(self, timeouts: GatewayTimeouts) -> None:
        self._timeouts = timeouts
        self._in_a_row = 0
        self._login_failed = False
        self._latest: deque[float] = deque(maxlen=timeouts.starts_a_minute)
        self.count = 0

    def started(self) -> None:
        self.count += 1
        self._in_a_row += 1
        self._latest.append(time.monotonic())

    def failed(self, failure: Failure) -> None:
        """How the latest start ended."""
        self._login_failed = failure is Failure.LOGIN_FAILED

    def worked(self) -> None:
        """The API answered: the next failure is a first one."""
        self._in_a_row = 0
        self._latest.clear()

    def wait(self) -> float:
        """Seconds until the next start is allowed."""
        if not self._latest:
            return 0.0
        now = time.monotonic()
        first, longest = self._timeouts.pause, self._timeouts.longest_pause
        if self._login_failed:
            first, longest = self._timeouts.login_pause, self._timeouts.longest_login_pause
        doubled = first * 2.0 ** min(self._in_a_row - 1, 30)
        pause = self._latest[-1] + min(doubled, longest) - now
        if len(self._latest) == self._latest.maxlen:
            pause = max(pause, self._latest[0] + 60.0 - now)
        return max(pause, 0.0)
