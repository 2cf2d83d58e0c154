"""Holds the trading lease for as long as a run lasts: one run trades at a time, in whatever process."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from ib_trading.core.journal import Lease
from ib_trading.errors import RunInProgress
from ib_trading.ports.clock import Clock
from ib_trading.ports.journal_store import JournalStore

log = logging.getLogger("app.lease")

LEASE_TIME = timedelta(seconds=120)
"""How long a process that died keeps the others waiting. Longer than any single step between two renewals."""

RENEWED_JUST_NOW = timedelta(seconds=1)


@dataclass
class HeldLease:
    """`lease` is the newest one; the store refuses every write under an older."""

    journal: JournalStore
    clock: Clock
    lease: Lease

    def renew(self) -> Lease:
        """Called between the steps of a run, before each batch of orders above all. What has just been renewed is left
        as it is: each renewal waits for the disk, and every write under the lease checks its fence anyway."""
        now = self.clock.now()
        if self.lease.expires_at - now < LEASE_TIME - RENEWED_JUST_NOW:
            self.lease = self.journal.renew_lease(self.lease, now + LEASE_TIME)
        return self.lease

    def keep(self) -> None:
        """Renews it once half of its time is gone: for many short steps one after the other."""
        if self.lease.expires_at - self.clock.now() < LEASE_TIME / 2:
            self.renew()


@contextmanager
def held_lease(journal: JournalStore, clock: Clock, holder: str) -> Generator[HeldLease]:
    """The lease for the block's length; RunInProgress if another run has it."""
    now = clock.now()
    lease = journal.acquire_lease(holder, now, now + LEASE_TIME)
    if lease is None:
        raise RunInProgress("another trading run is under way; try again when it has ended")
    held = HeldLease(journal, clock, lease)
    try:
        yield held
    finally:
        try:
            journal.release_lease(held.lease)
        except Exception:  # what the run has done and answered stands; the lease expires by itself
            log.exception("lease not released", extra={"holder": holder})
