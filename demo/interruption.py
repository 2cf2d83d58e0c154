"""Ctrl-C, SIGTERM and a closed terminal as one exception, which never arrives where it would leave a process behind.

Decides when an interruption is felt: at once, except inside `held_back`, where it waits for the end of the block.
What is tidied up then, the caller's `finally` decides.
"""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Somebody ended the demonstration. Not an Exception: whoever handles errors must not swallow it."""


@dataclass(slots=True)
class Interruption:
    """One a process: signals belong to it. `arrived` stays set, so that an end under way is not interrupted again."""

    arrived: bool = False
    _held: int = 0

    def listen(self) -> None:
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)

    @contextmanager
    def held_back(self) -> Generator[None]:
        """For a block that must be done whole. Raises Interrupted at its end if it was wanted meanwhile."""
        already = self.arrived
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
        if self.arrived and not already and not self._held:
            raise Interrupted

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self.arrived:
            return
        self.arrived = True
        if not self._held:
            raise Interrupted
