"""How often a run renews its lease, and how it gives it back: each renewal waits for the disk, one that comes too late
costs the lease, and a run that has traded answers whatever becomes of its lease."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from ib_trading.intents.lease import LEASE_TIME, HeldLease, held_lease

from ib_trading.composition import build_services
from ib_trading.core.journal import Lease
from ib_trading.errors import StaleFence, StoreUnavailable
from ib_trading.ports.journal_store import JournalStore
from tests.contracts.samples import NOON
from tests.service import closed_port, settings


@dataclass
class SetClock:
    """Shows what it was set to."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def journal(tmp_path: Path) -> JournalStore:
    return build_services(settings(tmp_path, closed_port())).journal


@pytest.fixture
def held(journal: JournalStore, clock: SetClock) -> Iterator[HeldLease]:
    with held_lease(journal, clock, "run-1") as held:
        yield held


def test_a_renewed_lease_lasts_its_full_time_again(held: HeldLease, clock: SetClock) -> None:
    clock.pass_by(30)
    assert held.renew().expires_at == clock.now() + LEASE_TIME


def test_steps_that_follow_at_once_do_not_renew_it_again(held: HeldLease, clock: SetClock) -> None:
    first = held.renew()
    clock.pass_by(1)
    assert held.renew() is first
    clock.pass_by(0.001)
    assert held.renew() is not first


def test_many_short_steps_renew_it_when_half_of_it_is_gone(held: HeldLease, clock: SetClock) -> None:
    first = held.lease
    clock.pass_by(60)
    held.keep()
    assert held.lease is first
    clock.pass_by(1)
    held.keep()
    assert held.lease.expires_at == clock.now() + LEASE_TIME


def test_a_write_under_a_lost_lease_is_refused_though_it_was_renewed_a_moment_ago(
    held: HeldLease, journal: JournalStore, clock: SetClock
) -> None:
    """A clock that jumped elsewhere, say: not asking the store again must not let a stale writer pass."""
    lease = held.renew()
    assert journal.acquire_lease("rival", lease.expires_at, lease.expires_at + LEASE_TIME) is not None
    with pytest.raises(StaleFence):
        journal.save_orders((), held.renew())


@dataclass
class LeaseThatStays:
    """A store that fails as the lease is given back, and does all else as `journal`."""

    journal: JournalStore
    failure: Exception

    def __getattr__(self, name: str) -> object:
        return getattr(self.journal, name)

    def release_lease(self, lease: Lease) -> None:
        raise self.failure


@pytest.mark.parametrize("failure", [StoreUnavailable("away"), RuntimeError("Stream removed")])
def test_a_run_that_cannot_give_its_lease_back_still_answers(
    journal: JournalStore, clock: SetClock, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """A failure of Google's client that nobody had foreseen took away the answer of a run that had traded."""
    stays = cast("JournalStore", LeaseThatStays(journal, failure))
    with held_lease(stays, clock, "run-1") as held:
        answer = held.lease.holder
    assert answer == "run-1"
    assert "lease not released" in caplog.messages


def test_why_a_run_failed_is_told_although_its_lease_stays(journal: JournalStore, clock: SetClock) -> None:
    stays = cast("JournalStore", LeaseThatStays(journal, RuntimeError("Stream removed")))
    with pytest.raises(StaleFence, match="lost"), held_lease(stays, clock, "run-1"):
        raise StaleFence("lost")
