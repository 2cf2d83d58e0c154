"""How often a run renews its lease, and how it gives it back: each renewal waits for the disk, one that comes too late
costs the lease, and a run that has traded answers whatever becomes of its lease."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from ib_trading.core.journal import RunState
from ib_trading.core.lease import Lease
from ib_trading.core.refusals import RunInProgress, StaleFence, StoreUnavailable
from ib_trading.intents.leased_ledger import LEASE_TIME, Books, LeasedLedger
from ib_trading.ports.lease import LeaseStore
from tests.captured import said
from tests.contracts.places import SqliteFile, Stores
from tests.contracts.samples import NOON, a_booking, a_run, after, an_order


@dataclass
class SetClock:
    """Shows what it was set to."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class WatchedLease:
    """The real lease; `renewed` are those that it gave for longer, `acquired` counts who asked for it."""

    store: LeaseStore
    renewed: list[Lease] = field(default_factory=list)
    acquired: int = 0

    def acquire(self, holder: str, now: datetime, expires_at: datetime) -> Lease | None:
        self.acquired += 1
        return self.store.acquire(holder, now, expires_at)

    def renew(self, lease: Lease, expires_at: datetime) -> Lease:
        self.renewed.append(self.store.renew(lease, expires_at))
        return self.renewed[-1]

    def release(self, lease: Lease) -> None:
        self.store.release(lease)

    def check(self, lease: Lease) -> None:
        self.store.check(lease)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with SqliteFile(tmp_path / "paper.sqlite").opened() as stores:
        stores.journal.claim(a_run("run-1"), None)
        yield stores


@pytest.fixture
def lease(stores: Stores) -> WatchedLease:
    return WatchedLease(stores.trading_lease)


@pytest.fixture
def books(stores: Stores, lease: WatchedLease) -> Books:
    return Books(stores.journal, stores.positions, lease)


@pytest.fixture
def ledger(books: Books, clock: SetClock) -> Iterator[LeasedLedger]:
    with books.leased("run-1", clock) as ledger:
        yield ledger


def test_a_renewed_lease_lasts_its_full_time_again(
    ledger: LeasedLedger, lease: WatchedLease, clock: SetClock
) -> None:
    clock.pass_by(30)
    ledger.renew()
    assert [one.expires_at for one in lease.renewed] == [clock.now() + LEASE_TIME]


def test_steps_that_follow_at_once_do_not_renew_it_again(
    ledger: LeasedLedger, lease: WatchedLease, clock: SetClock
) -> None:
    ledger.renew()
    clock.pass_by(1)
    ledger.renew()
    assert lease.renewed == []
    clock.pass_by(0.001)
    ledger.renew()
    assert len(lease.renewed) == 1


def test_many_short_steps_renew_it_when_half_of_it_is_gone(
    ledger: LeasedLedger, lease: WatchedLease, clock: SetClock
) -> None:
    clock.pass_by(60)
    ledger.keep()
    assert lease.renewed == []
    clock.pass_by(1)
    ledger.keep()
    assert [one.expires_at for one in lease.renewed] == [clock.now() + LEASE_TIME]


def test_writes_renew_it_by_themselves_for_as_long_as_a_run_lasts(
    ledger: LeasedLedger, lease: WatchedLease, stores: Stores, clock: SetClock
) -> None:
    """Nobody has to think of it: nine minutes of writes a minute apart, and no rival ever gets it."""
    for number in range(9):
        clock.pass_by(60)
        ledger.record_orders([an_order(f"ref-{number}", "run-1")])
        assert stores.trading_lease.acquire("rival", clock.now() + LEASE_TIME / 2, after(9_999)) is None
    assert (len(lease.renewed), lease.acquired) == (9, 1)


def test_a_write_under_a_lost_lease_is_refused_though_it_was_renewed_a_moment_ago(
    ledger: LeasedLedger, stores: Stores, clock: SetClock
) -> None:
    """A clock that jumped elsewhere, say: not asking the store again must not let a stale writer pass."""
    expires_at = clock.now() + LEASE_TIME
    assert stores.trading_lease.acquire("rival", expires_at, expires_at + LEASE_TIME) is not None
    with pytest.raises(StaleFence):
        ledger.record_orders(())


def test_a_lease_that_expired_and_that_nobody_took_goes_on_under_the_same_fence(
    ledger: LeasedLedger, lease: WatchedLease, clock: SetClock
) -> None:
    """Nobody can have written meanwhile: what was decided still stands."""
    clock.pass_by(LEASE_TIME.total_seconds() + 5)
    ledger.record_run(a_run("run-1", state=RunState.PLANNED))
    assert ([one.fence for one in lease.renewed], lease.acquired) == ([1], 1)


@pytest.mark.parametrize("rival", ["still has it", "has given it back"])
def test_a_lease_that_expired_and_was_taken_is_not_taken_again(
    ledger: LeasedLedger, lease: WatchedLease, stores: Stores, clock: SetClock, rival: str
) -> None:
    """Also where it is free again: what was decided rests on a ledger that somebody else has written since."""
    clock.pass_by(LEASE_TIME.total_seconds() + 5)
    theirs = stores.trading_lease.acquire("rival", clock.now(), clock.now() + LEASE_TIME)
    assert theirs is not None
    if rival == "has given it back":
        stores.trading_lease.release(theirs)
    for _ in range(2):
        with pytest.raises(StaleFence, match="is not the newest"):
            ledger.book([a_booking("exec-1", {"trend": "3"})])
    assert (stores.positions.bookings(), lease.acquired) == ((), 1)
    stores.trading_lease.check(theirs)


def test_a_run_that_ends_gives_the_ledger_to_the_next_one(books: Books, clock: SetClock) -> None:
    with books.leased("run-1", clock), pytest.raises(RunInProgress), books.leased("run-2", clock):
        raise AssertionError("two runs had the ledger")
    with books.leased("run-2", clock):
        pass


def test_what_was_given_back_writes_no_more(
    books: Books, stores: Stores, clock: SetClock, lease: WatchedLease
) -> None:
    """The store would let it: nobody has taken the lease since, and no fence is newer."""
    with books.leased("run-1", clock) as ledger:
        pass
    for write in (
        lambda: ledger.record_orders([an_order("ref-1", "run-1")]),
        lambda: ledger.book([a_booking("exec-1", {"trend": "3"})]),
        ledger.renew,
        ledger.keep,
        ledger.check,
    ):
        with pytest.raises(StaleFence, match="the trading lease of run-1 has been given back"):
            write()
    assert (stores.journal.orders("run-1"), stores.positions.bookings(), lease.renewed) == ((), (), [])


@dataclass
class LeaseThatStays:
    """A store that fails as the lease is given back, and does all else as `store`."""

    store: LeaseStore
    failure: Exception

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)

    def release(self, lease: Lease) -> None:
        raise self.failure


def staying(stores: Stores, failure: Exception) -> Books:
    lease = cast("LeaseStore", LeaseThatStays(stores.trading_lease, failure))
    return Books(stores.journal, stores.positions, lease)


@pytest.mark.parametrize("failure", [StoreUnavailable("away"), RuntimeError("Stream removed")])
def test_a_run_that_cannot_give_its_lease_back_still_answers(
    stores: Stores, clock: SetClock, failure: Exception
) -> None:
    """A failure of Google's client that nobody had foreseen took away the answer of a run that had traded."""
    with said() as lines, staying(stores, failure).leased("run-1", clock) as ledger:
        answer = ledger.run("run-1")
    assert answer == a_run("run-1")
    assert "lease not released" in [line["event"] for line in lines]


def test_why_a_run_failed_is_told_although_its_lease_stays(stores: Stores, clock: SetClock) -> None:
    books = staying(stores, RuntimeError("Stream removed"))
    with pytest.raises(StaleFence, match="lost"), books.leased("run-1", clock):
        raise StaleFence("lost")
