"""How many messages a second a client may send, and what it is told when it sends more.

The broker allows 50 a second; one above is refused with error 100, and after the third refusal the connection
is closed. Counts real seconds, whatever the simulated clock does.
"""

from __future__ import annotations

from collections import deque

ALLOWED = 50
REFUSALS = 3


class Throttle:
    """`allowed` messages in any second; 0 is no limit."""

    def __init__(self, allowed: int = ALLOWED) -> None:
        self._allowed = allowed
        self._times: deque[float] = deque()
        self.refusals = 0

    def admits(self, now: float) -> bool:
        """Counts one message at `now`, in seconds of a clock that only goes forward."""
        if not self._allowed:
            return True
        times = self._times
        while times and now - times[0] >= 1:
            times.popleft()
        if len(times) >= self._allowed:
            self.refusals += 1
            return False
        times.append(now)
        return True

    @property
    def exhausted(self) -> bool:
        """Whether the connection has to be closed."""
        return self.refusals >= REFUSALS

    @property
    def text(self) -> str:
        """The words of error 100."""
        return (
            f"Max rate of messages per second has been exceeded:max={self._allowed} rec={self._allowed + 1} "
            f"({self.refusals})"
        )
