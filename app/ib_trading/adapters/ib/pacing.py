"""When a message may leave: 45 in any second of the gateway's, in front of the library's own queue.

The gateway takes 50 a second and disconnects who sends more; the library therefore holds back everything past 45
without a word. Waiting here instead means that what was sent has left, and that kill switch and lease are looked at
before each order.

The gateway counts when it reads, not when we send: a burst that it reads late can fall into one second with the next
one. Therefore a message's second begins with the answer to it, or to a later message: the gateway reads in sequence.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque

MESSAGES = 45
SECOND = 1.02
# What is not answered for so long counts as read then: lost, or of a kind that has no answer.
TIMEOUT = 2.0


class Pace:
    """What the gateway may have read within the last second. Lives on the connection's loop."""

    def __init__(self) -> None:
        self._number = 0
        self._unanswered: deque[tuple[int, float]] = deque()
        self._read: deque[float] = deque()
        self._answer = asyncio.Event()
        self._turn = asyncio.Lock()

    def sent(self) -> int:
        """A message leaves; the answer to it is told under the number returned."""
        self._number += 1
        self._unanswered.append((self._number, time.monotonic()))
        return self._number

    def answered(self, number: int) -> None:
        """The gateway has read that message, and with it every earlier one."""
        while self._unanswered and self._unanswered[0][0] <= number:
            self._unanswered.popleft()
            self._read.append(time.monotonic())
            self._answer.set()

    async def allow(self, count: int) -> None:
        """Returns once `count` messages (at most MESSAGES count) may leave at once; first come, first served."""
        wanted = min(count, MESSAGES)
        async with self._turn:
            while (wait := self._until_free(wanted, time.monotonic())) > 0:
                self._answer.clear()
                try:
                    async with asyncio.timeout(wait):
                        await self._answer.wait()
                except TimeoutError:
                    continue

    def _until_free(self, wanted: int, now: float) -> float:
        """Seconds until there is room, if no answer comes earlier."""
        while self._unanswered and now - self._unanswered[0][1] > TIMEOUT:
            self._read.append(self._unanswered.popleft()[1] + TIMEOUT)
        while self._read and now - self._read[0] > SECOND:
            self._read.popleft()
        crowding = len(self._read) + len(self._unanswered) + wanted - MESSAGES
        if crowding <= 0:
            return 0.0
        if crowding <= len(self._read):
            return self._read[crowding - 1] + SECOND - now + 0.001
        return self._unanswered[crowding - len(self._read) - 1][1] + TIMEOUT + SECOND - now + 0.001
