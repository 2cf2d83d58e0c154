"""What the totals in Firestore cost to read, and that a failure while they are made leaves all of them or none."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing

import grpc
import pytest
from google.cloud.firestore import CollectionReference, Query

from ib_trading.adapters.google.firestore_database import Document, FirestoreDatabase, Snapshot
from ib_trading.adapters.google.firestore_lease import trading_lease
from ib_trading.adapters.google.firestore_positions import FirestorePositions
from ib_trading.adapters.google.firestore_transaction import StoreTransaction
from ib_trading.core.attribution import Booking
from ib_trading.core.mode import TradingMode
from ib_trading.core.refusals import StoreUnavailable
from ib_trading.core.totals import with_bookings
from ib_trading.schema.documents import TOTALS, collection_path, totals_reach_path
from tests.contracts.places import FirestoreProject, Stores
from tests.contracts.samples import a_booking, a_lease
from tests.emulators.grpc_faults import FaultyGrpc

pytestmark = [pytest.mark.emulator, pytest.mark.timeout(240)]
Code = grpc.StatusCode


def some_bookings(first: int, count: int) -> list[Booking]:
    return [
        a_booking(f"exec-{number:05}", {"trend": "1", "dummy": "-2.5"}, con_id=number % 5)
        for number in range(first, first + count)
    ]


class CountingDatabase(FirestoreDatabase):
    """Counts the documents that are read, which is what Google asks money for."""

    read = 0

    def get(self, document: Document) -> Snapshot:
        self.read += 1
        return super().get(document)

    def get_all(
        self, documents: Iterable[Document], transaction: StoreTransaction | None = None
    ) -> list[Snapshot]:
        found = super().get_all(documents, transaction)
        self.read += len(found)
        return found

    def ask(
        self, query: Query | CollectionReference, transaction: StoreTransaction | None = None
    ) -> list[Snapshot]:
        found = super().ask(query, transaction)
        self.read += len(found)
        return found


@pytest.fixture
def database(faulty: FaultyGrpc, project: FirestoreProject) -> Generator[CountingDatabase]:
    with closing(CountingDatabase(project.project, "paper")) as database:
        yield database


@pytest.fixture
def earlier(project: FirestoreProject, stores: Stores) -> list[Booking]:
    """The bookings of a ledger that knows of no totals."""
    bookings = some_bookings(0, 30)
    project.book_without_totals(bookings)
    return bookings


def test_a_look_reads_the_same_documents_however_long_the_ledger_is(database: CountingDatabase) -> None:
    """A document a contract, the newest booking, and how far the totals reach."""
    positions = FirestorePositions(database, TradingMode.PAPER)
    lease = a_lease(trading_lease(database, TradingMode.PAPER))
    positions.apply(some_bookings(0, 10), lease)
    for more in (300, 1_500):
        database.read = 0
        assert len(positions.totals()) == 5
        assert database.read == 5 + 2
        positions.apply(some_bookings(more, 1_000), lease)


def test_a_booking_reads_the_same_documents_however_long_the_ledger_is(database: CountingDatabase) -> None:
    """The lease, the booking, its two holdings, its contract's total, how far these reach, and the newest booking."""
    positions = FirestorePositions(database, TradingMode.PAPER)
    lease = a_lease(trading_lease(database, TradingMode.PAPER))
    for first in (0, 2_000):
        positions.apply(some_bookings(first, 800), lease)
        database.read = 0
        positions.apply(some_bookings(first + 1_000, 1), lease)
        assert database.read == 7


def test_a_ledger_of_thousands_is_read_in_portions(project: FirestoreProject, stores: Stores) -> None:
    bookings = some_bookings(0, 2_500)
    for start in range(0, 2_500, 400):
        project.book_without_totals(bookings[start : start + 400])
    assert stores.positions.totals() == with_bookings({}, bookings)
    assert {one.booking_id for one in stores.positions.bookings()} == {one.booking_id for one in bookings}


def documents_of_totals(project: FirestoreProject) -> int:
    with closing(FirestoreDatabase(project.project, "paper")) as database:
        reach = database.get(database.document(totals_reach_path("paper")))
        return len(database.ask(database.collection(collection_path("paper", TOTALS)))) + reach.exists


@pytest.mark.parametrize("method", ["RunQuery", "Commit"])
def test_totals_that_cannot_be_made_leave_nothing_and_are_made_the_next_time(
    project: FirestoreProject, stores: Stores, faulty: FaultyGrpc, earlier: list[Booking], method: str
) -> None:
    fault = faulty.fail(method, Code.PERMISSION_DENIED, times=1)
    with pytest.raises(StoreUnavailable):
        stores.positions.totals()
    assert (fault.struck, documents_of_totals(project)) == (1, 0)
    assert stores.positions.totals() == with_bookings({}, earlier)
    assert documents_of_totals(project) == 5 + 1


@pytest.mark.parametrize("made_before", [False, True])
@pytest.mark.parametrize("code", [Code.UNAVAILABLE, Code.UNKNOWN, Code.INTERNAL])
def test_a_booking_whose_commit_was_not_answered_is_in_the_totals_once(
    stores: Stores,
    faulty: FaultyGrpc,
    earlier: list[Booking],
    code: Code,
    made_before: bool,
) -> None:
    """Be it that the totals are made by the same call, or were before: then it is another commit that goes astray."""
    if made_before:
        stores.positions.totals()
    lease = a_lease(stores.trading_lease)
    faulty.fail("Commit", code, after=True)
    booking = a_booking("exec-99999", {"trend": "7"}, con_id=3)
    stores.positions.apply([booking], lease)
    assert stores.positions.totals() == with_bookings({}, [*earlier, booking])
