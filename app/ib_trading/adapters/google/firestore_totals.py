"""What the ledger's bookings come to, in Firestore: a document a contract. Core decides what is added; see decision 52.

One more document says how far the bookings are in there: the `recordedAt` of the last ones, which is written by the
transaction that books them and is the same in all its documents ("all the fields will get the same server timestamp":
REQUEST_TIME of DocumentTransform.FieldTransform.ServerValue in the reference of google.firestore.v1). Where the newest
booking has another one, somebody booked it who knew of no totals, an earlier version of this program: then all totals
are made anew from all bookings, by one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import structlog
from google.cloud.firestore import SERVER_TIMESTAMP, CollectionReference, Query

from ib_trading.adapters.google.firestore_database import ATTEMPTS, Document, FirestoreDatabase, Snapshot
from ib_trading.adapters.google.firestore_spelling import instant, totals_fields, totals_of, value_of
from ib_trading.adapters.google.firestore_transaction import StoreTransaction
from ib_trading.core.attribution import Booking
from ib_trading.core.former_names import FormerNames, booking_now
from ib_trading.core.mode import TradingMode
from ib_trading.core.refusals import StoreUnavailable
from ib_trading.core.totals import Total, Totals, totals_now, with_bookings
from ib_trading.schema.documents import (
    BOOKINGS,
    FORMER_NAMES,
    TOTALS,
    collection_path,
    document_name,
    totals_reach_path,
)

T = TypeVar("T")
log = structlog.stdlib.get_logger("app.ledger")


class FirestoreTotals:
    def __init__(self, database: FirestoreDatabase, mode: TradingMode) -> None:
        self._database = database
        self._mode = mode

    def all(self) -> Totals:
        return self.kept_up(lambda: self._database.snapshot(self._read))

    def kept_up(self, work: Callable[[], T | None]) -> T:
        """What `work` returns once the totals have all bookings in them; until then it returns None."""
        for _ in range(ATTEMPTS):
            result = work()
            if result is not None:
                return result
            self._make()
        raise StoreUnavailable(
            f"{self._database.name}: an older version of this program books while the totals are made; end it"
        )

    def documents(self, con_ids: Iterable[int]) -> tuple[Document, ...]:
        """What `are_behind` and `add` need to have been read in their transaction."""
        return (self._reach(), *map(self._document, sorted(set(con_ids))))

    def are_behind(self, transaction: StoreTransaction, found: Mapping[Document, Snapshot]) -> bool:
        """Whether a booking is not in the totals. One document is read, however long the ledger is."""
        return self._newest(transaction) != _reached(found[self._reach()])

    def add(
        self, transaction: StoreTransaction, new: Sequence[Booking], found: Mapping[Document, Snapshot]
    ) -> None:
        """In the transaction that books `new`, after all of its reads."""
        con_ids = {one.con_id for one in new}
        stored = _totals(found[self._document(con_id)] for con_id in con_ids)
        for con_id, by_strategy in with_bookings(stored, new).items():
            transaction.set(self._document(con_id), totals_fields(by_strategy))
        transaction.set(self._reach(), {"lastRecordedAt": SERVER_TIMESTAMP})

    def rename(self, transaction: StoreTransaction, former: FormerNames, stored: Iterable[Snapshot]) -> None:
        """In the transaction that makes these the former names, after all of its reads: `stored` are all totals."""
        totals = _totals(stored)
        for con_id, by_strategy in totals_now(totals, former).items():
            if not former.keys().isdisjoint(totals[con_id]):
                transaction.set(self._document(con_id), totals_fields(by_strategy))

    def stored(self, transaction: StoreTransaction) -> list[Snapshot]:
        return self._database.ask(self._collection(TOTALS), transaction)

    def former_names(self, transaction: StoreTransaction | None = None) -> dict[str, str]:
        found = self._database.ask(self._collection(FORMER_NAMES), transaction)
        return {document_name(one.id): one.get("name") for one in found}

    def ledger(self) -> Iterator[list[Snapshot]]:
        """All bookings in the sequence in which they were made, in portions."""
        return self._database.portions(self._collection(BOOKINGS).order_by("recordedAt"))

    def _read(self, transaction: StoreTransaction) -> Totals | None:
        """None where they are behind. All of it is of one moment."""
        if self.are_behind(transaction, self._found([self._reach()], transaction)):
            return None
        return _totals(self.stored(transaction))

    def _make(self) -> None:
        """Reads all bookings, which only ever become more, and locks nothing meanwhile. Of two that do so at a time the
        first one writes; who books meanwhile has made them first."""
        seen, former = self._database.get(self._reach()), self.former_names()
        totals: dict[int, dict[str, Total]] = {}
        last, count = None, 0
        for portion in self.ledger():
            totals = with_bookings(totals, (_booked(one, former) for one in portion))
            last, count = (portion[-1].get("recordedAt") if portion else last), count + len(portion)
        log.warning("totals made from the bookings", bookings=count, contracts=len(totals))
        self._database.transact(lambda transaction: self._replace(transaction, seen, former, totals, last))

    def _replace(
        self,
        transaction: StoreTransaction,
        seen: Snapshot,
        former: FormerNames,
        totals: Totals,
        last: datetime | None,
    ) -> None:
        """All totals by these, unless somebody was quicker since `seen`, or has renamed: the caller looks again."""
        now = self._found([self._reach()], transaction)[self._reach()]
        if (now.exists, now.update_time) != (seen.exists, seen.update_time):
            return
        if self.former_names(transaction) != former:
            return
        stored = self.stored(transaction)
        written = {self._document(con_id): totals_fields(held) for con_id, held in totals.items()}
        for snapshot in stored:
            if snapshot.reference not in written:
                transaction.delete(snapshot.reference)
        for document, fields in written.items():
            transaction.set(document, fields)
        if last is None:
            transaction.delete(self._reach())
        else:
            transaction.set(self._reach(), {"lastRecordedAt": last})

    def _newest(self, transaction: StoreTransaction) -> datetime | None:
        newest = self._collection(BOOKINGS).order_by("recordedAt", direction=Query.DESCENDING).limit(1)
        found = self._database.ask(newest, transaction)
        return instant(found[0].get("recordedAt")) if found else None

    def _found(
        self, documents: Iterable[Document], transaction: StoreTransaction
    ) -> dict[Document, Snapshot]:
        return {one.reference: one for one in self._database.get_all(documents, transaction)}

    def _collection(self, name: str) -> CollectionReference:
        return self._database.collection(collection_path(self._mode.value, name))

    def _document(self, con_id: int) -> Document:
        return self._collection(TOTALS).document(str(con_id))

    def _reach(self) -> Document:
        return self._database.document(totals_reach_path(self._mode.value))


def _booked(snapshot: Snapshot, former: FormerNames) -> Booking:
    return booking_now(value_of(Booking, snapshot.to_dict() or {}), former)


def _totals(snapshots: Iterable[Snapshot]) -> dict[int, dict[str, Total]]:
    return {int(one.id): totals_of(one.to_dict() or {}) for one in snapshots if one.exists}


def _reached(reach: Snapshot) -> datetime | None:
    return instant(reach.get("lastRecordedAt")) if reach.exists else None
