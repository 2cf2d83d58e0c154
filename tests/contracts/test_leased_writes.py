"""What is written through the leased ledger, on every store: all of it while the lease is its own, nothing once another
run has taken it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ib_trading.core.journal import Run, RunState
from ib_trading.core.refusals import StaleFence
from ib_trading.intents.leased_ledger import LEASE_TIME, Books, LeasedLedger
from ib_trading.intents.ledger import Ledger
from ib_trading.ports.journal_store import JournalStore, JournalWriter
from ib_trading.ports.position_store import PositionStore, PositionWriter
from tests.contracts.places import Stores
from tests.contracts.samples import NOON, a_booking, a_lease, a_run, after, an_order


@dataclass
class AtNoon:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


def own_methods(kind: type, base: type) -> list[str]:
    """What `kind` adds to `base`."""
    return sorted(name for name in vars(kind) if not name.startswith("_") and name not in vars(base))


DEEDS = own_methods(LeasedLedger, Ledger)
"""Whatever needs the lease: writing, renewing, checking."""

VALUES: dict[str, Any] = {
    "Run": a_run("run-1", state=RunState.PLANNED, plan=b"{}"),
    "Sequence[Order]": [an_order("ref-1", "run-1")],
    "Sequence[Booking]": [a_booking("exec-1", {"trend": "3"})],
    "Mapping[str, str]": {"trend": "drift"},
}
"""What a method of each parameter's type is called with here."""


def deed(ledger: LeasedLedger, name: str) -> Callable[[], object]:
    method = getattr(ledger, name)
    required = (one for one in inspect.signature(method).parameters.values() if one.default is one.empty)
    values = [VALUES[one.annotation] for one in required]
    return lambda: method(*values)


def written(stores: Stores) -> tuple[object, ...]:
    """All that a run can write."""
    journal, positions = stores.journal, stores.positions
    runs: tuple[Run, ...] = journal.runs(10)
    return (
        runs,
        [journal.orders(run.run_id) for run in runs],
        positions.bookings(),
        positions.holdings(),
        positions.totals(),
        positions.former_names(),
    )


def test_writing_and_keeping_are_all_that_a_leased_ledger_adds_to_one_that_is_read() -> None:
    assert DEEDS == ["book", "check", "record_orders", "record_plan", "record_run", "rename", "renew"]


def test_each_way_to_write_a_store_has_its_way_through_the_leased_ledger() -> None:
    """Each of them takes the lease: what a store writes under none is no business of a run's."""
    ways = own_methods(JournalWriter, JournalStore) + own_methods(PositionWriter, PositionStore)
    for port in (JournalWriter, PositionWriter):
        for name in set(ways) & set(vars(port)):
            assert "lease" in inspect.signature(getattr(port, name)).parameters
    source = inspect.getsource(LeasedLedger)
    assert all(f".{name}(" in source for name in ways)


@pytest.mark.parametrize(
    ("name", "renewed"),
    # What has just been renewed is not renewed again, which asks no store.
    [
        (name, renewed)
        for name in DEEDS
        for renewed in ("a moment ago", "a minute ago")
        if (name, renewed) != ("renew", "a moment ago")
    ],
)
def test_once_another_run_has_the_lease_nothing_is_done_under_it(
    stores: Stores, name: str, renewed: str
) -> None:
    """A run that stalled for too long: be it that it would renew the lease first, or that it believes to have just
    done so. All that it is left with is its error."""
    clock = AtNoon()
    stores.journal.claim(a_run("run-1"), None)
    books = Books(stores.journal, stores.positions, stores.trading_lease)
    with books.leased("run-1", clock) as ledger:
        theirs = stores.trading_lease.acquire("run-2", after(9_999), after(99_999))
        assert theirs is not None
        before = written(stores)
        if renewed == "a minute ago":
            clock.at = after(60)
        with pytest.raises(StaleFence, match="of run-1 is not the newest"):
            deed(ledger, name)()
        assert written(stores) == before
    stores.trading_lease.check(theirs)


@pytest.mark.parametrize("name", DEEDS)
def test_while_the_lease_is_its_own_it_is_done(stores: Stores, name: str) -> None:
    """The same call, so that the test above fails for no other reason than the lease."""
    stores.journal.claim(a_run("run-1"), None)
    with Books(stores.journal, stores.positions, stores.trading_lease).leased("run-1", AtNoon()) as ledger:
        before = written(stores)
        deed(ledger, name)()
        assert (written(stores) != before) is (name not in {"check", "renew"})


@pytest.mark.parametrize("name", [name for name in DEEDS if name != "check"])
def test_each_write_renews_the_lease_by_itself(stores: Stores, name: str) -> None:
    """A minute into the run: a rival that asks when the first lease would have expired gets none."""
    clock = AtNoon()
    stores.journal.claim(a_run("run-1"), None)
    with Books(stores.journal, stores.positions, stores.trading_lease).leased("run-1", clock) as ledger:
        clock.at = after(60)
        deed(ledger, name)()
        almost = clock.at + LEASE_TIME - timedelta(seconds=1)
        assert stores.trading_lease.acquire("run-2", almost, after(9_999)) is None


def test_what_is_unwritten_is_read_as_if_it_were_written(stores: Stores) -> None:
    """A dry-run decides on the ledger that the run after it has made."""
    stores.journal.claim(a_run("run-1"), None)
    sent, new = an_order("ref-1", "run-1"), a_booking("exec-2", {"trend": "-1", "dummy": "2"})
    with Books(stores.journal, stores.positions, stores.trading_lease).leased("run-1", AtNoon()) as ledger:
        ledger.record_plan(VALUES["Run"], [sent])
        ledger.book([a_booking("exec-1", {"trend": "3"})])
        dry = ledger.with_unwritten([replace(sent, filled=sent.quantity)], [new])
        told = read(dry)
        assert told != read(ledger)
        assert not isinstance(dry, LeasedLedger)
        ledger.record_orders(dry.unwritten.orders)
        ledger.book(dry.unwritten.bookings)
        assert read(ledger) == told


def read(ledger: Ledger) -> dict[str, object]:
    """What every question of the ledger is answered."""
    asked: dict[str, list[object]] = {
        "run": ["run-1"],
        "runs": [10],
        "orders": ["run-1"],
        "order": ["ref-1"],
        "orders_named": [["ref-1", "ref-9"]],
        "booked_ids": [["exec-1", "exec-2", "exec-9"]],
        "bookings_for": [["ib-pabc"]],
        "bookings_of": ["ib-pabc"],
        "bookings_in": [[265598]],
        "booked_quantity": ["ib-pabc"],
        "booked_of": ["ib-pabc"],
    }
    questions = [name for name in vars(Ledger) if not name.startswith("_")]
    return {
        name: getattr(ledger, name)(*asked.get(name, []))
        for name in questions
        if name not in {"unwritten", "with_unwritten", "keep"}
    }


def test_a_lease_that_a_run_takes_is_the_one_that_the_store_checks(stores: Stores) -> None:
    with Books(stores.journal, stores.positions, stores.trading_lease).leased("run-1", AtNoon()):
        assert stores.trading_lease.acquire("run-2", NOON, after(60)) is None
    assert a_lease(stores.trading_lease, "run-2").fence == 2
