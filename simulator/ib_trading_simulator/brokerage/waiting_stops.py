"""Orders that wait for their stop price, kept so that a quote costs the same however many wait.

Decides which of them a quote triggers, and where the stop of a trailing order stands. A fixed stop lies in a heap. A
trailing one needs no work at each quote either: orders for which the best price so far is the same move together, as
one group, and a new best price merges the groups that it surpasses.

Directions are folded into one: a price, times -1 for purchases, is a height. Every order triggers when the height falls
to its stop's, and every stop that trails does so when the height rises.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from heapq import heappop, heappush

from ib_trading_simulator.brokerage.trigger import Trigger, watched
from ib_trading_simulator.market.quote import Quote

_HUNDRED = Decimal(100)
_NOWHERE = Decimal("-Infinity")


@dataclass(frozen=True, slots=True)
class Waiting:
    """What an order waits for. `sign` is 1 of a purchase, -1 of a sale; a stop that trails has a distance, in money or
    in percent of the best price, and may have no `stop` to begin with.
    """

    sign: int
    trigger: Trigger
    stop: Decimal | None
    amount: Decimal | None = None
    percent: Decimal | None = None

    @property
    def trails(self) -> bool:
        return self.amount is not None or self.percent is not None

    def below(self, best: Decimal) -> Decimal:
        """The height of its stop under the best height so far."""
        if self.amount is not None:
            return best - self.amount
        assert self.percent is not None
        return best - abs(best) * self.percent / _HUNDRED


@dataclass(slots=True, eq=False)
class _Group:
    """Trailing orders with one best height; by kind of distance a heap of (distance, permId), the nearest first."""

    best: Decimal
    amounts: list[tuple[Decimal, int]] = field(default_factory=list)
    percents: list[tuple[Decimal, int]] = field(default_factory=list)

    def add(self, perm_id: int, order: Waiting) -> None:
        if order.amount is not None:
            heappush(self.amounts, (order.amount, perm_id))
        elif order.percent is not None:
            heappush(self.percents, (order.percent, perm_id))

    def __len__(self) -> int:
        return len(self.amounts) + len(self.percents)


@dataclass(slots=True)
class _Side:
    """The waiting orders of one contract that look at the same price in the same direction."""

    orders: dict[int, Waiting] = field(default_factory=dict)
    # (-height, permId): the stop that each began with, the first to be reached first. Outlived entries are skipped.
    _fixed: list[tuple[Decimal, int]] = field(default_factory=list)
    # Trailing orders: those that have seen no price yet, and the others by group, the highest best price first.
    _fresh: list[int] = field(default_factory=list)
    _groups: list[_Group] = field(default_factory=list)
    _group_of: dict[int, _Group] = field(default_factory=dict)
    # The highest stop among the groups; None after a change.
    _highest: Decimal | None = None

    def add(self, perm_id: int, order: Waiting) -> None:
        self.orders[perm_id] = order
        signed = self._signed_stop(perm_id)
        if signed is not None:
            heappush(self._fixed, (signed, perm_id))
        if order.trails:
            self._fresh.append(perm_id)

    def remove(self, perm_id: int) -> None:
        del self.orders[perm_id]
        self._group_of.pop(perm_id, None)

    def see(self, height: Decimal) -> list[int]:
        """Lets the stops trail to a new height, and gives the orders whose stop it has fallen to."""
        self._rise(height)
        found: dict[int, None] = {}
        while self._fixed and -self._fixed[0][0] >= height:
            signed, perm_id = heappop(self._fixed)
            # One that was changed or has gone meanwhile left its entry here.
            if perm_id in self.orders and self._signed_stop(perm_id) == signed:
                found[perm_id] = None
        while self._groups and self._highest_stop() >= height:
            found |= dict.fromkeys(self._fallen_to(height))
        return list(found)

    def stop(self, perm_id: int) -> Decimal | None:
        """The height of an order's stop now; None for one that trails and has seen no price."""
        signed, group = self._signed_stop(perm_id), self._group_of.get(perm_id)
        own = None if signed is None else -signed
        trailed = self.orders[perm_id].below(group.best) if group is not None else None
        return max((each for each in (own, trailed) if each is not None), default=None)

    def _signed_stop(self, perm_id: int) -> Decimal | None:
        order = self.orders[perm_id]
        return None if order.stop is None else order.stop * order.sign

    def _rise(self, height: Decimal) -> None:
        """Merges all that a new best price is the best price of, the smaller into the larger group."""
        if not self._fresh and not (self._groups and self._groups[-1].best < height):
            return
        merged = _Group(height)
        while self._groups and self._groups[-1].best <= height:
            passed = self._groups.pop()
            large, small = (passed, merged) if len(passed) > len(merged) else (merged, passed)
            self._move((perm_id for _, perm_id in small.amounts + small.percents), large, small)
            merged = large
        merged.best = height
        self._move(self._fresh, merged, None)
        self._fresh.clear()
        self._groups.append(merged)
        self._highest = None

    def _move(self, perm_ids: Iterable[int], to: _Group, came_from: _Group | None) -> None:
        for perm_id in perm_ids:
            if perm_id in self.orders and self._group_of.get(perm_id) is came_from:
                to.add(perm_id, self.orders[perm_id])
                self._group_of[perm_id] = to

    def _highest_stop(self) -> Decimal:
        if self._highest is None:
            stops = (
                self.orders[heap[0][1]].below(group.best)
                for group in self._groups
                for heap in self._heaps(group)
                if heap
            )
            self._highest = max(stops, default=_NOWHERE)
        return self._highest

    def _fallen_to(self, height: Decimal) -> Iterator[int]:
        """Takes the orders out of the groups whose trailing stop is at or above a height."""
        for group in self._groups:
            for heap in self._heaps(group):
                while heap and self.orders[heap[0][1]].below(group.best) >= height:
                    yield heappop(heap)[1]
                    self._clear(heap, group)
        self._groups = [group for group in self._groups if len(group)]
        self._highest = None

    def _heaps(self, group: _Group) -> tuple[list[tuple[Decimal, int]], ...]:
        """By kind of distance the orders of a group; the one whose stop is reached first is the first."""
        for heap in (group.amounts, group.percents):
            self._clear(heap, group)
        return group.amounts, group.percents

    def _clear(self, heap: list[tuple[Decimal, int]], group: _Group) -> None:
        """Takes away from the head what has gone meanwhile."""
        while heap and self._group_of.get(heap[0][1]) is not group:
            heappop(heap)


@dataclass(slots=True)
class WaitingStops:
    """All waiting orders, by contract and permId."""

    # By contract, then by direction and the price that is watched.
    _sides: dict[int, dict[tuple[int, Trigger], _Side]] = field(default_factory=dict)
    _contract_of: dict[int, int] = field(default_factory=dict)
    _side_of: dict[int, tuple[int, Trigger]] = field(default_factory=dict)

    def add(self, con_id: int, perm_id: int, order: Waiting) -> None:
        key = order.sign, order.trigger
        self._sides.setdefault(con_id, {}).setdefault(key, _Side()).add(perm_id, order)
        self._contract_of[perm_id], self._side_of[perm_id] = con_id, key

    def remove(self, perm_id: int) -> None:
        """Whether it waits or not."""
        con_id = self._contract_of.pop(perm_id, None)
        if con_id is None:
            return
        key = self._side_of.pop(perm_id)
        sides = self._sides[con_id]
        sides[key].remove(perm_id)
        if not sides[key].orders:
            del sides[key]
        if not sides:
            del self._sides[con_id]

    def contracts(self) -> Iterable[int]:
        return self._sides.keys()

    def trailing(self) -> Iterator[int]:
        """The permIds of all whose stop may move."""
        sides = (side for by_key in self._sides.values() for side in by_key.values())
        return (perm_id for side in sides for perm_id, order in side.orders.items() if order.trails)

    def see(self, con_id: int, quote: Quote) -> list[int]:
        """Lets what trails follow a quote, and gives the permIds of those that it triggers, oldest order first."""
        triggered: list[int] = []
        for (sign, trigger), side in self._sides.get(con_id, {}).items():
            price = watched(trigger, sign, quote)
            if price is not None:
                triggered += side.see(-price * sign)
        return sorted(triggered)

    def stop(self, perm_id: int) -> Decimal | None:
        """Where the stop of a waiting order stands now."""
        sign, _ = key = self._side_of[perm_id]
        height = self._sides[self._contract_of[perm_id]][key].stop(perm_id)
        return None if height is None else -height * sign
