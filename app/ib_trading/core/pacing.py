"""Decides when a question for history may leave: the broker's published limits on them.

Source: the broker's "Historical Data Limitations". Bars of 30 seconds and less: at most 60 questions in any ten
minutes, BID_ASK counting twice. All bars: no identical question within 15 seconds, fewer than six for the same
contract, exchange and kind of price within two seconds, at most 50 open at once. For larger bars the broker has lifted
the first of these, and keeps the right to answer slowly.

The broker counts when it reads, which is some time between the question and its answer: a question read late and a
later one read at once are closer together there than here. Once a question is answered it therefore counts from the
answer.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

SMALL_BARS = frozenset({"1 secs", "5 secs", "10 secs", "15 secs", "30 secs"})
SMALL_WINDOW, SMALL_WEIGHT = 600.0, 60
SAME_WINDOW = 15.0
CONTRACT_WINDOW, CONTRACT_REQUESTS = 2.0, 5
OPEN_AT_ONCE = 50

MARGIN = 0.05
"""Seconds added to each window, for questions that are still read when their window ends."""


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """A question, as far as the limits tell questions apart; `span` stands for all that else makes it identical."""

    con_id: int
    exchange: str
    what_to_show: str
    bar_size: str
    span: str

    @property
    def weight(self) -> int:
        """What it counts against the limit on small bars, if its bars are held to it."""
        return 2 if self.what_to_show == "BID_ASK" else 1

    @property
    def contract(self) -> tuple[int, str, str]:
        return self.con_id, self.exchange, self.what_to_show


@dataclass(slots=True)
class Departure:
    """A question that has left: `at` is the second of the clock from which it counts."""

    at: float
    request: HistoryRequest


@dataclass(slots=True)
class HistoryLimits:
    """The questions that have left, by the seconds of any clock that only goes forward. `small` are the bars held to
    the limit on small bars; None is all of them, for a broker that makes no exception."""

    small: frozenset[str] | None = SMALL_BARS
    _small: deque[Departure] = field(default_factory=deque)
    _recent: deque[Departure] = field(default_factory=deque)

    def earliest(self, request: HistoryRequest, now: float) -> float:
        """The first instant from `now` on at which `request` exceeds no limit."""
        self._forget(now)
        at = now
        same = [one.at for one in self._recent if one.request == request]
        if same:
            at = max(at, max(same) + SAME_WINDOW + MARGIN)
        of_contract = sorted(one.at for one in self._recent if one.request.contract == request.contract)
        if len(of_contract) >= CONTRACT_REQUESTS:
            at = max(at, of_contract[-CONTRACT_REQUESTS] + CONTRACT_WINDOW + MARGIN)
        return max(at, self._small_bars_free(request.weight)) if self._is_small(request) else at

    def _is_small(self, request: HistoryRequest) -> bool:
        return self.small is None or request.bar_size in self.small

    def _small_bars_free(self, weight: int) -> float:
        """When enough of the ten minutes' questions are over."""
        crowding = sum(one.request.weight for one in self._small) + weight - SMALL_WEIGHT
        free = 0.0
        for one in self._small:
            if crowding <= 0:
                break
            crowding -= one.request.weight
            # Answers come in any order, so that a question which left earlier may count longer.
            free = max(free, one.at + SMALL_WINDOW + MARGIN)
        return free

    def left(self, request: HistoryRequest, at: float) -> Departure:
        """`request` was sent at `at`."""
        departure = Departure(at, request)
        self._recent.append(departure)
        if self._is_small(request):
            self._small.append(departure)
        return departure

    def _forget(self, now: float) -> None:
        while self._recent and now - self._recent[0].at > SAME_WINDOW + MARGIN:
            self._recent.popleft()
        while self._small and now - self._small[0].at > SMALL_WINDOW + MARGIN:
            self._small.popleft()
