"""The book that keeps every order ever placed, and finds those that a question or a quote is about.

Decides identity (order id per client, permId for ever) and which orders a question shows. What an order is, orders.py
says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from heapq import heappop, heappush

from ib_trading_simulator.brokerage.account import NOTHING
from ib_trading_simulator.brokerage.orders import Order, Status
from ib_trading_simulator.brokerage.waiting_stops import Waiting, WaitingStops
from ib_trading_simulator.market.quote import Quote

# The first permId; any would do, this one looks like the broker's.
FIRST_PERM_ID = 1_800_000_001

_HIGHEST = Decimal("Infinity")
_LOWEST = Decimal("-Infinity")


@dataclass(slots=True)
class OrderBook:
    """Orders by permId, oldest first, and the ids that were used."""

    orders: dict[int, Order] = field(default_factory=dict)
    next_perm_id: int = FIRST_PERM_ID
    _perm_ids: dict[tuple[int, int], int] = field(default_factory=dict)
    _highest_id: dict[int, int] = field(default_factory=dict)
    _live: dict[int, None] = field(default_factory=dict)
    # By contract: the live orders that trade when its quote lets them.
    _working: dict[int, dict[int, Order]] = field(default_factory=dict)
    # Those that are not held by time, and wait for their stop.
    _waiting: WaitingStops = field(default_factory=WaitingStops)
    # By permId: the trailing orders whose stop has moved since they were last kept.
    _moved: dict[int, Order] = field(default_factory=dict)
    # By contract: the highest limit of its purchases and the lowest of its sales, until the next change.
    _reach: dict[int, tuple[Decimal, Decimal]] = field(default_factory=dict)
    # (moment, permId): when an order is released or ends. An entry that no longer holds is dropped when it comes up.
    _moments: list[tuple[datetime, int]] = field(default_factory=list)

    def put(self, order: Order) -> None:
        """Adds an order or replaces its earlier state."""
        self.orders[order.perm_id] = order
        self._wait(order)
        self.next_perm_id = max(self.next_perm_id, order.perm_id + 1)
        if order.order_id > 0:
            self._perm_ids[order.client_id, order.order_id] = order.perm_id
            self._highest_id[order.client_id] = max(self.highest_id(order.client_id), order.order_id)
        self._reach.pop(order.ticket.con_id, None)
        working = self._working.setdefault(order.ticket.con_id, {})
        working.pop(order.perm_id, None)
        if order.status is Status.SUBMITTED:
            working[order.perm_id] = order
        if not working:
            del self._working[order.ticket.con_id]
        if not order.live:
            self._live.pop(order.perm_id, None)
            return
        self._live[order.perm_id] = None
        for moment in (order.held_until, order.expires):
            if moment:
                heappush(self._moments, (moment, order.perm_id))

    def _wait(self, order: Order) -> None:
        self._waiting.remove(order.perm_id)
        ticket = order.ticket
        if order.waits and order.held_until is None:
            waiting = Waiting(
                ticket.sign, ticket.trigger, order.stop, ticket.trail_amount, ticket.trail_percent
            )
            self._waiting.add(ticket.con_id, order.perm_id, waiting)

    def triggered(self, con_id: int, quote: Quote) -> tuple[Order, ...]:
        """The orders that wait no more at a quote, oldest first; the stops of the others have followed it."""
        perm_ids = self._waiting.see(con_id, quote)
        return tuple(self._as_it_stands(perm_id) for perm_id in perm_ids)

    def trailed(self) -> tuple[Order, ...]:
        """Those whose stop has moved since this was asked last."""
        self._look_at_stops()
        moved, self._moved = self._moved, {}
        return tuple(moved.values())

    def _look_at_stops(self) -> None:
        """Writes into trailing orders where their stops have gone: when somebody looks, and not at each quote."""
        for perm_id in self._waiting.trailing():
            order = self._as_it_stands(perm_id)
            if order is not self.orders[perm_id]:
                self.orders[perm_id] = self._moved[perm_id] = order

    def _as_it_stands(self, perm_id: int) -> Order:
        order, stop = self.orders[perm_id], self._waiting.stop(perm_id)
        return order if stop == order.stop else replace(order, stop=stop)

    def all(self) -> tuple[Order, ...]:
        self._look_at_stops()
        return tuple(self.orders.values())

    def new_perm_id(self) -> int:
        perm_id = self.next_perm_id
        self.next_perm_id += 1
        return perm_id

    def of(self, client_id: int, order_id: int) -> Order | None:
        perm_id = self._perm_ids.get((client_id, order_id))
        if perm_id is None:
            return None
        order = self.orders[perm_id]
        waits = order.waits and order.held_until is None
        return self._as_it_stands(perm_id) if waits else order

    def highest_id(self, client_id: int) -> int:
        """The highest order id that client ever used, 0 if none; the next valid id is one more."""
        return self._highest_id.get(client_id, 0)

    def live(self, client_id: int | None = None) -> tuple[Order, ...]:
        """Live orders, oldest first: of one client, or of all."""
        self._look_at_stops()
        orders = (self.orders[perm_id] for perm_id in self._live)
        return tuple(order for order in orders if client_id is None or order.client_id == client_id)

    def open(self, client_id: int | None = None) -> tuple[Order, ...]:
        """Live orders and those held back, by permId: of one client, or of all."""
        orders = (order for order in self.all() if order.live or order.held_back)
        return tuple(order for order in orders if client_id is None or order.client_id == client_id)

    def working(self, con_id: int) -> tuple[Order, ...]:
        """Orders that rest in the market of a contract, oldest state first."""
        return tuple(self._working.get(con_id, {}).values())

    def reached(self, con_id: int, quote: Quote) -> bool:
        """Whether any of them might trade at a quote; it costs the same however many there are."""
        if con_id not in self._reach:
            working = self.working(con_id)
            buys = (_HIGHEST if o.limit is None else o.limit for o in working if o.ticket.sign > 0)
            sales = (NOTHING if o.limit is None else o.limit for o in working if o.ticket.sign < 0)
            self._reach[con_id] = (max(buys, default=_LOWEST), min(sales, default=_HIGHEST))
        highest, lowest = self._reach[con_id]
        return (quote.ask is not None and quote.ask <= highest) or (
            quote.bid is not None and quote.bid >= lowest
        )

    def contracts_looked_at(self) -> Iterable[int]:
        """Those whose quotes may let an order trade, or trigger one."""
        return (*self._working.keys(), *self._waiting.contracts())

    def next_moment(self) -> datetime | None:
        """When the next order is released or ends."""
        while self._moments and not self._holds(*self._moments[0]):
            heappop(self._moments)
        return self._moments[0][0] if self._moments else None

    def due(self, now: datetime) -> tuple[Order, ...]:
        """The orders that are released or end by then; each is given out once."""
        due: dict[int, Order] = {}
        while (moment := self.next_moment()) and moment <= now:
            _, perm_id = heappop(self._moments)
            due[perm_id] = self.orders[perm_id]
        return tuple(due.values())

    def _holds(self, moment: datetime, perm_id: int) -> bool:
        order = self.orders[perm_id]
        return order.live and moment in {order.held_until, order.expires}

    def done_since(self, moment: datetime) -> Iterator[Order]:
        """Orders that ended at or after a moment, in the order they were placed."""
        return (order for order in self.orders.values() if order.done_at and order.done_at >= moment)
