"""How often bars may be asked for, by the simulator's clock.

Source: "Historical Data Limitations", interactivebrokers.github.io/tws-api/historical_limitations.html. For bars
of 30 seconds or less it is a violation to make identical requests within 15 seconds, six or more requests for
the same contract, exchange and tick type within two seconds, or more than 60 requests within any ten minutes
(BID_ASK counts twice). At any size no more than 50 requests may be open at once. The broker calls it a "soft"
throttle for longer bars; `ALL` holds them to the same rules.

Decides which request is one too many, and remembers each. A request that was refused is not counted as made.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ib_trading_simulator.market.history_request import SECONDS

IDENTICAL = timedelta(seconds=15)
SAME_SERIES, OF_SAME_SERIES = timedelta(seconds=2), 6
TOGETHER, ALLOWED_TOGETHER = timedelta(minutes=10), 60
OPEN_AT_ONCE = 50


class Scope(StrEnum):
    """To which bars the limits apply: none, those of 30 seconds or less, all."""

    OFF = "off"
    ON = "on"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for bars; `question` is everything about it but its id."""

    at: datetime
    client_id: int
    request_id: int
    series: tuple[int, str, str]
    bar_size: str
    question: tuple[str, ...]

    @property
    def weight(self) -> int:
        return 2 if self.series[2] == "BID_ASK" else 1


@dataclass(frozen=True, slots=True)
class Violation:
    """A request that was one too many, and the rule it broke in words."""

    asked: Asked
    rule: str


class HistoryPacing:
    """The requests of the last ten minutes, of all clients together; all that were admitted and all violations ever."""

    def __init__(self, scope: Scope = Scope.OFF) -> None:
        self._scope = scope
        self._made: deque[Asked] = deque()
        self._open: set[tuple[int, int]] = set()
        self.admitted: list[Asked] = []
        self.violations: list[Violation] = []

    def admits(self, asked: Asked) -> bool:
        """Counts a request, or remembers it as a violation."""
        rule = self._broken(asked)
        if rule:
            self.violations.append(Violation(asked, rule))
            return False
        self._made.append(asked)
        self.admitted.append(asked)
        self._open.add((asked.client_id, asked.request_id))
        return True

    def answered(self, client_id: int, request_id: int) -> bool:
        """A request is open no more; whether it was."""
        was_open = (client_id, request_id) in self._open
        self._open.discard((client_id, request_id))
        return was_open

    def left(self, client_id: int) -> None:
        """A client is gone, and with it what it waited for."""
        self._open = {key for key in self._open if key[0] != client_id}

    def _broken(self, asked: Asked) -> str | None:
        while self._made and asked.at - self._made[0].at >= TOGETHER:
            self._made.popleft()
        if self._scope is Scope.OFF:
            return None
        if len(self._open) >= OPEN_AT_ONCE:
            return f"more than {OPEN_AT_ONCE} requests open at once"
        if not self._limited(asked):
            return None
        made = [one for one in self._made if self._limited(one)]
        if any(asked.at - one.at < IDENTICAL and one.question == asked.question for one in made):
            return "identical requests within 15 seconds"
        alike = sum(asked.at - one.at < SAME_SERIES and one.series == asked.series for one in made)
        if alike + 1 >= OF_SAME_SERIES:
            return "six or more requests for the same contract, exchange and tick type within two seconds"
        if sum(one.weight for one in made) + asked.weight > ALLOWED_TOGETHER:
            return "more than 60 requests within ten minutes"
        return None

    def _limited(self, asked: Asked) -> bool:
        return self._scope is Scope.ALL or asked.bar_size in SECONDS
