"""How long each phase of a call took; what is told as `timings`, never part of a plan. The log hears of each as it
ends, well or not."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from ib_trading.intents import story


@dataclass(frozen=True, slots=True)
class Phases:
    _seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, phase: str) -> Generator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            self._seconds[phase] = self._seconds.get(phase, 0.0) + spent
            story.step(phase, spent)

    def seconds(self) -> dict[str, Decimal]:
        return {phase: Decimal(f"{spent:.3f}") for phase, spent in self._seconds.items()}
