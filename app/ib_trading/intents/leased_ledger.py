"""The ledger as a run writes it: one run at a time, in whatever process, for as long as it has the trading lease.

What is decided under the lease is written here and nowhere else: who has no LeasedLedger cannot write it. It renews
the lease by itself at each write, and the store checks the fence in the transaction of each write: what was just
renewed may be lost all the same. A lease that is lost is not taken again: what was decided rests on a ledger that
others have written since.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from ib_trading.core.attribution import Booking
from ib_trading.core.journal import Run
from ib_trading.core.lease import Lease
from ib_trading.core.memory import memories_of
from ib_trading.core.order import Order
from ib_trading.core.refusals import RunInProgress, StaleFence
from ib_trading.intents.ledger import Ledger
from ib_trading.intents.story import LedgerStory
from ib_trading.ports.clock import Clock
from ib_trading.ports.journal_store import JournalWriter
from ib_trading.ports.lease import LeaseStore
from ib_trading.ports.position_store import PositionWriter

log = structlog.stdlib.get_logger("app.lease")

LEASE_TIME = timedelta(seconds=120)
"""How long a process that died keeps the others waiting. Longer than any single step between two renewals."""

RENEWED_JUST_NOW = timedelta(seconds=1)


@dataclass(slots=True)
class HeldLease:
    """`lease` is the newest one; the store refuses every write under an older. None once it was given back."""

    store: LeaseStore
    clock: Clock
    holder: str
    lease: Lease | None

    def present(self) -> Lease:
        if self.lease is None:
            raise StaleFence(f"the trading lease of {self.holder} has been given back; stop")
        return self.lease

    def renewed(self) -> Lease:
        """What has just been renewed is left as it is: each renewal waits for the disk."""
        lease, now = self.present(), self.clock.now()
        if lease.expires_at - now < LEASE_TIME - RENEWED_JUST_NOW:
            lease = self.lease = self.store.renew(lease, now + LEASE_TIME)
        return lease

    def give_back(self) -> None:
        lease, self.lease = self.present(), None
        try:
            self.store.release(lease)
        except Exception:  # what the run has done and answered stands; the lease expires by itself
            log.exception("lease not released", holder=self.holder)


@dataclass(frozen=True, slots=True)
class LeasedLedger(Ledger):
    """To read and to write. Each write is durable when it returns, and renews the lease before; then the log tells what
    of it is new. StaleFence, and nothing written, once another run has the lease."""

    _journal: JournalWriter
    _positions: PositionWriter
    _held: HeldLease = field(kw_only=True)
    _story: LedgerStory = field(kw_only=True)

    def record_run(self, run: Run, orders: Sequence[Order] = ()) -> None:
        """The run's key, state, plan and response as they are now, and what is to be remembered of it once its `orders`
        stand like this. LookupError if it has been withdrawn."""
        memories = memories_of(run, orders, self.former_names())
        self._journal.save_run(run, self._held.renewed(), memories)

    def record_plan(self, run: Run, orders: Sequence[Order]) -> None:
        """The run and these orders of it, in one transaction: no plan without its orders."""
        self._journal.save_plan(run, orders, self._held.renewed())
        self._story.orders_written(orders)

    def record_orders(self, orders: Sequence[Order]) -> None:
        """All of them or none, over what was there under their orderRefs."""
        self._journal.save_orders(orders, self._held.renewed())
        self._story.orders_written(orders)

    def book(self, bookings: Sequence[Booking], orders: Iterable[Order] = ()) -> int:
        """Books what is not booked yet, all of it or nothing. Returns how many were new. `orders` are those that they
        may be of, for the log: what was booked before is told again only beside what is new, by the same id."""
        new = self._positions.apply(bookings, self._held.renewed())
        if new:
            self._story.booked(bookings, orders)
        return new

    def record_renames(self, renames: Mapping[str, str]) -> None:
        """Gives the past of each name to another strategy, all of it or nothing: core/former_names.py says which."""
        self._positions.save_renames(renames, self._held.renewed())
        self._names.forget()
        self._story.renamed(renames)

    def renew(self) -> None:
        """Before the broker is asked for what may take its time, and between the turns of a long wait."""
        self._held.renewed()

    def keep(self) -> None:
        """Renews it once half of its time is gone: for many short steps one after the other."""
        if self._held.present().expires_at - self._held.clock.now() < LEASE_TIME / 2:
            self._held.renewed()

    def check(self) -> None:
        """StaleFence unless the lease is still the newest: asked of the store before each order that leaves."""
        self._held.store.check(self._held.present())


@dataclass(frozen=True, slots=True)
class Books:
    """Where the ledger is kept. Anybody may read it; who has taken the lease writes it too."""

    _journal: JournalWriter
    _positions: PositionWriter
    _lease: LeaseStore

    @property
    def ledger(self) -> Ledger:
        return Ledger(self._journal, self._positions)

    @contextmanager
    def leased(self, holder: str, clock: Clock) -> Generator[LeasedLedger]:
        """The ledger to write, for the block's length; RunInProgress if another run has the lease. `clock` is real
        time."""
        now = clock.now()
        lease = self._lease.acquire(holder, now, now + LEASE_TIME)
        if lease is None:
            raise RunInProgress("another trading run is under way; try again when it has ended")
        held = HeldLease(self._lease, clock, holder, lease)
        try:
            yield LeasedLedger(self._journal, self._positions, _held=held, _story=LedgerStory(now))
        finally:
            held.give_back()
