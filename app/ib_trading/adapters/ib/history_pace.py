"""Keeps questions for history within the broker's limits, over however many connections they go.

Decides nothing about the limits (core/pacing.py): it waits. By real time, because the broker's servers count by
theirs, also where business time is a simulated year. Whoever talks to a simulator whose time runs faster gives a
clock that does, too.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable

from ib_trading.core.pacing import Departure, HistoryLimits, HistoryRequest


class HistoryPace:
    """Shared by the connections of one gateway, whose loops run in threads of their own. `clock` tells seconds that
    only go forward, `wait` lets so many of them pass."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
        limits: HistoryLimits | None = None,
    ) -> None:
        self._clock = clock
        self._wait = wait
        self._lock = threading.Lock()
        self._limits = limits or HistoryLimits()

    async def allow(self, request: HistoryRequest) -> Departure:
        """Returns when `request` may leave. It counts as leaving now; tell `leaves` if something held it up since."""
        while True:
            with self._lock:
                now = self._clock()
                at = self._limits.earliest(request, now)
                if at <= now:
                    return self._limits.left(request, now)
            await self._wait(at - now)

    def leaves(self, departure: Departure) -> None:
        """The question leaves now, and no sooner."""
        with self._lock:
            departure.at = self._clock()

    def over(self, departure: Departure) -> None:
        """The question is answered or given up: the broker has read it by now, if it ever does."""
        with self._lock:
            departure.at = self._clock()
