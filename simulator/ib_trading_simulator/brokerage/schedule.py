"""When something is next due: an order's release or end, or a new quote of a contract that somebody looks at.

Decides moments only; contracts without live orders and without subscribers cost nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count

from ib_trading_simulator.brokerage.order_book import OrderBook
from ib_trading_simulator.market.market import Market

_END = datetime.max.replace(tzinfo=UTC)

# Moves that nobody asked for in so long a time are looked up again rather than skipped one by one.
_STALE = timedelta(hours=1)


class Schedule:
    """What is due after a moment, in order. `watch` and `unwatch` count the subscribers of a contract."""

    def __init__(self, market: Market, orders: OrderBook) -> None:
        self._market = market
        self._orders = orders
        self._watchers: Counter[int] = Counter()
        # By contract: its next move, and the moves after that.
        self._moves: dict[int, tuple[datetime, Iterator[datetime]]] = {}
        # What was put off, by moment and then in the order in which it was.
        self._calls: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = count()

    def watch(self, con_id: int) -> None:
        self._watchers[con_id] += 1

    def unwatch(self, con_id: int) -> None:
        self._watchers[con_id] -= 1
        if self._watchers[con_id] <= 0:
            del self._watchers[con_id]

    def forget(self, con_id: int) -> None:
        """Looks the moves of a contract up again: its prices were set."""
        self._moves.pop(con_id, None)

    def call_at(self, at: datetime, action: Callable[[], None]) -> None:
        """Has something done when that moment comes."""
        heappush(self._calls, (at, next(self._numbers), action))

    def due_calls(self, now: datetime) -> Iterator[Callable[[], None]]:
        """What was put off until now, each given out once."""
        while self._calls and self._calls[0][0] <= now:
            yield heappop(self._calls)[2]

    def next_due(self, after: datetime, until: datetime) -> datetime | None:
        """The first moment in (after, until] at which anything is due."""
        due = [self._next_move(con_id, after) for con_id in self._looked_at()]
        if moment := self._orders.next_moment():
            due.append(moment)
        if self._calls:
            # One for this very moment is due as soon as anybody looks.
            due.append(max(self._calls[0][0], after))
        earliest = min(due, default=None)
        return earliest if earliest and earliest <= until else None

    def moved(self, at: datetime) -> tuple[int, ...]:
        """The contracts somebody looks at whose quote changes at exactly that moment."""
        return tuple(
            con_id for con_id in self._looked_at() if con_id in self._moves and self._moves[con_id][0] == at
        )

    def _looked_at(self) -> set[int]:
        return {*self._watchers, *self._orders.contracts_looked_at()}

    def _next_move(self, con_id: int, after: datetime) -> datetime:
        known = self._moves.get(con_id)
        if known is None or known[0] <= after:
            fresh = known is None or after - known[0] > _STALE
            moves = self._market.moves(con_id, after, _END) if fresh else known[1]
            move = next((m for m in moves if m > after), _END)
            known = self._moves[con_id] = (move, moves)
        return known[0]
