"""The ledger as whoever decides reads it: runs and orders, holdings and bookings, as they are written or would be.

Whatever strategy is named in it, it is by the name of today (core/former_names.py).

A run first writes down what the broker has told, and then reads. A dry-run writes nothing: what a run would have
written lies over what it reads, so that both decide on the same ledger. leased_ledger.py writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from threading import Lock

from ib_trading.core.attribution import Booking
from ib_trading.core.former_names import FormerNames, after, booking_now, holdings_now, order_now
from ib_trading.core.journal import Run, crosses_stand, outcome
from ib_trading.core.memory import memories_awaited, memories_now, newest
from ib_trading.core.order import Order
from ib_trading.core.positions import UNASSIGNED, with_changes
from ib_trading.core.totals import Totals, totals_now, with_bookings
from ib_trading.ports.journal_store import JournalStore
from ib_trading.ports.position_store import PositionStore


@dataclass(frozen=True, slots=True)
class Unwritten:
    """Orders as they now stand, bookings, and strategies' new names, of which the stores do not know yet."""

    orders: tuple[Order, ...] = ()
    bookings: tuple[Booking, ...] = ()
    renames: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class KnownNames:
    """The former names, asked for once: they change under the lease alone, and a ledger is read for one call."""

    _former: FormerNames | None = None
    _turn: Lock = field(default_factory=Lock)

    def former(self, store: PositionStore) -> FormerNames:
        with self._turn:
            if self._former is None:
                self._former = store.former_names()
            return self._former

    def forget(self) -> None:
        with self._turn:
            self._former = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """To read. `unwritten` is what a dry-run has found, or whoever judges before writing; a run's ledger has none."""

    _journal: JournalStore
    _positions: PositionStore
    unwritten: Unwritten = Unwritten()
    _names: KnownNames = field(default_factory=KnownNames, kw_only=True)

    def with_unwritten(
        self,
        orders: Iterable[Order],
        bookings: Iterable[Booking],
        renames: Mapping[str, str] | None = None,
    ) -> Ledger:
        """As it would be with these written down too; to read, also where this one can be written. `renames` come
        before whatever else is unwritten."""
        before = self.unwritten
        unwritten = Unwritten(
            (*before.orders, *orders),
            (*before.bookings, *bookings),
            before.renames if renames is None else renames,
        )
        return Ledger(self._journal, self._positions, unwritten, _names=self._names)

    def keep(self) -> None:
        """Between many short steps at the broker: nothing, for who only reads has no lease that could expire."""

    # Runs and their orders

    def run(self, run_id: str) -> Run | None:
        return self._journal.run(run_id)

    def runs(self, limit: int) -> tuple[Run, ...]:
        """Newest first."""
        return self._journal.runs(limit)

    def open_runs(self) -> tuple[Run, ...]:
        """Runs that have not ended, oldest first."""
        return self._journal.open_runs()

    def orders(self, run_id: str) -> tuple[Order, ...]:
        return self._newest(self._journal.orders(run_id))

    def order(self, order_ref: str) -> Order | None:
        order = self._journal.order(order_ref)
        return None if order is None else self._newest((order,))[0]

    def orders_named(self, order_refs: Iterable[str]) -> tuple[Order, ...]:
        """Those of `order_refs` that are ours, of whatever run."""
        return self._newest(self._journal.orders_named(order_refs))

    def unsettled_orders(self) -> tuple[Order, ...]:
        """Orders of all runs that may still change: not final, or of a run that has not ended."""
        return self._newest(self._journal.unsettled_orders())

    def _newest(self, orders: tuple[Order, ...]) -> tuple[Order, ...]:
        newer = {order.order_ref: order for order in self.unwritten.orders}
        former = self.former_names() if orders else {}
        return tuple(newer.get(order.order_ref) or order_now(order, former) for order in orders)

    # What the strategies have

    def former_names(self) -> FormerNames:
        """Each name that a strategy had before → the one that has its past by now."""
        return after(self._names.former(self._positions), self.unwritten.renames)

    def memories(self) -> dict[str, str]:
        """Strategy → the JSON that it wanted to remember with its last decision that was carried out. One whose orders
        may still fill counts, be it of a run that was interrupted and that the next one ends."""
        former = self.former_names()
        awaited = {order.run_id for order in self.unsettled_orders()}
        runs = {run.run_id: run for run in (*self.open_runs(), *filter(None, map(self.run, awaited)))}
        unwritten = (
            memories_awaited(replace(run, state=outcome(orders)), orders, former)
            for run in runs.values()
            if run.plan is not None and crosses_stand(run, orders := self.orders(run.run_id))
        )
        return {
            name: memory.text
            for name, memory in memories_now(newest(self._journal.memories(), *unwritten), former).items()
        }

    def holdings(self) -> Mapping[str, Mapping[int, Decimal]]:
        """Strategy → contract id → signed quantity; nothing is listed at zero."""
        changes = [
            (name, one.con_id, share) for one in self.unwritten.bookings for name, share in one.shares.items()
        ]
        stored = holdings_now(self._positions.holdings(), self.former_names())
        return {name: held for name, held in with_changes(stored, changes).items() if held}

    def totals(self) -> Totals:
        """What all bookings come to."""
        stored = totals_now(self._positions.totals(), self.former_names())
        return with_bookings(stored, self.unwritten.bookings)

    def booked_ids(self, booking_ids: Iterable[str]) -> frozenset[str]:
        """Those of `booking_ids` that are booked."""
        asked = frozenset(booking_ids)
        unwritten = asked.intersection(one.booking_id for one in self.unwritten.bookings)
        return self._positions.booked_ids(asked) | unwritten

    def bookings_for(self, order_refs: Iterable[str]) -> tuple[Booking, ...]:
        """Those of these orders, in the sequence in which they were applied."""
        asked = frozenset(order_refs)
        unwritten = (one for one in self.unwritten.bookings if one.order_ref in asked)
        return (*self._now(self._positions.bookings_for(asked)), *unwritten)

    def bookings_of(self, order_ref: str) -> tuple[Booking, ...]:
        """Those of one order's executions, oldest first."""
        unwritten = (one for one in self.unwritten.bookings if one.order_ref == order_ref)
        return (*self._now(self._positions.bookings_of(order_ref)), *unwritten)

    def bookings_in(self, con_ids: Iterable[int]) -> tuple[Booking, ...]:
        """Those of these contracts, oldest first: small beside the ledger."""
        asked = frozenset(con_ids)
        unwritten = (one for one in self.unwritten.bookings if one.con_id in asked)
        return (*self._now(self._positions.bookings_in(asked)), *unwritten)

    def _now(self, bookings: Iterable[Booking]) -> Iterator[Booking]:
        former = self.former_names()
        return (booking_now(booking, former) for booking in bookings)

    def booked_quantity(self, order_ref: str) -> Decimal:
        """How much (unsigned) of an order the strategies have, what was taken back left out."""
        shares: dict[str, Decimal] = {}
        for booking in self.bookings_for([order_ref]):
            for name, share in booking.shares.items():
                shares[name] = shares.get(name, Decimal(0)) + share
        return sum((abs(share) for name, share in shares.items() if name != UNASSIGNED), Decimal(0))

    def booked_of(self, order_ref: str) -> Decimal:
        """How much (unsigned) of an order strategies and nobody have together."""
        bookings = self.bookings_for([order_ref])
        return abs(sum((share for booking in bookings for share in booking.shares.values()), Decimal(0)))
