"""The strategies' ledger in Firestore. What a booking changes, core decides; this books it once.

Every booking is a document under its own id, written in one transaction with the holdings and totals that it
changes: applied again, it is found there and counts no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain, islice

from google.cloud.firestore import SERVER_TIMESTAMP, CollectionReference
from google.cloud.firestore_v1.base_query import FieldFilter

from ib_trading.adapters.google.firestore_database import Document, FirestoreDatabase, Snapshot
from ib_trading.adapters.google.firestore_spelling import (
    Fields,
    fields_of,
    quantities,
    quantities_fields,
    recorded,
    value_of,
)
from ib_trading.adapters.google.firestore_totals import FirestoreTotals
from ib_trading.adapters.google.firestore_transaction import StoreTransaction, refuse_stale
from ib_trading.core.attribution import Booking
from ib_trading.core.former_names import FormerNames, after, holdings_now
from ib_trading.core.journal import Lease
from ib_trading.core.mode import TradingMode
from ib_trading.core.positions import with_changes
from ib_trading.core.totals import Totals
from ib_trading.schema.documents import (
    BOOKINGS,
    FORMER_NAMES,
    HOLDINGS,
    collection_path,
    document_id,
    document_name,
    lease_path,
)

_VALUES_A_FILTER = 30
"""Most values that Firestore takes in one `in`."""


class FirestorePositions:
    """PositionWriter in a Firestore database."""

    def __init__(self, database: FirestoreDatabase, mode: TradingMode) -> None:
        self._database = database
        self._mode = mode
        self._totals = FirestoreTotals(database, mode)

    def holdings(self) -> Mapping[str, Mapping[int, Decimal]]:
        return _holdings(self._database.ask(self._collection(HOLDINGS)))

    def apply(self, bookings: Sequence[Booking], lease: Lease) -> int:
        """Where the first answer to a commit was lost, what it booked counts as booked before."""
        by_id: dict[str, Booking] = {}
        for one in bookings:
            by_id.setdefault(one.booking_id, one)
        return self._totals.kept_up(
            lambda: self._database.transact(lambda transaction: self._apply(transaction, by_id, lease))
        )

    def _apply(
        self, transaction: StoreTransaction, bookings: Mapping[str, Booking], lease: Lease
    ) -> int | None:
        """None, and nothing booked, where the totals are behind the ledger. All reads come before the first write, as
        Firestore wants it."""
        lease_document = self._database.document(lease_path(self._mode.value))
        documents = {booking_id: self._booking(booking_id) for booking_id in bookings}
        names = sorted({name for one in bookings.values() for name in one.shares})
        held = {name: self._collection(HOLDINGS).document(document_id(name)) for name in names}
        totals = self._totals.documents(one.con_id for one in bookings.values())
        read = self._database.get_all(
            [lease_document, *totals, *held.values(), *documents.values()], transaction
        )
        found = {snapshot.reference: snapshot for snapshot in read}
        refuse_stale(lease, found[lease_document])

        new = [one for booking_id, one in bookings.items() if not found[documents[booking_id]].exists]
        if new and self._totals.are_behind(transaction, found):
            return None
        for place, one in enumerate(new):
            fields = fields_of(one) | {"recordedAt": SERVER_TIMESTAMP, "place": place}
            transaction.create(documents[one.booking_id], fields)
        if new:
            self._totals.add(transaction, new, found)
        changes = [(name, one.con_id, share) for one in new for name, share in one.shares.items()]
        holdings = with_changes(_holdings(found[document] for document in held.values()), changes)
        for name in {name for name, _, _ in changes}:
            if holdings[name]:
                transaction.set(held[name], quantities_fields(holdings[name]))
            else:
                transaction.delete(held[name])
        return len(new)

    def rename(self, renames: Mapping[str, str], lease: Lease) -> None:
        """Where the first answer to a commit was lost, it is found done and changes nothing."""
        self._totals.kept_up(
            lambda: self._database.transact(lambda transaction: self._rename(transaction, renames, lease))
        )

    def _rename(self, transaction: StoreTransaction, renames: Mapping[str, str], lease: Lease) -> bool | None:
        """None, and nothing written, where the totals are behind the ledger; all reads come first, as in `_apply`."""
        lease_document = self._database.document(lease_path(self._mode.value))
        read = self._database.get_all([lease_document, *self._totals.documents(())], transaction)
        found = {snapshot.reference: snapshot for snapshot in read}
        refuse_stale(lease, found[lease_document])
        if self._totals.are_behind(transaction, found):
            return None
        known = self._totals.former_names(transaction)
        totals = self._totals.stored(transaction)
        holdings = _holdings(self._database.ask(self._collection(HOLDINGS), transaction))

        former = after(known, renames)
        for name in known.keys() - former.keys():
            transaction.delete(self._former(name))
        for name, owner in former.items():
            transaction.set(self._former(name), {"name": owner})
        self._totals.rename(transaction, former, totals)
        now = holdings_now(holdings, former)
        for name in {*renames, *renames.values()}:
            document = self._collection(HOLDINGS).document(document_id(name))
            if name in now:
                transaction.set(document, quantities_fields(now[name]))
            else:
                transaction.delete(document)
        return True

    def former_names(self) -> FormerNames:
        return self._totals.former_names()

    def totals(self) -> Totals:
        return self._totals.all()

    def booked_ids(self, booking_ids: Iterable[str]) -> frozenset[str]:
        found = self._database.get_all(map(self._booking, booking_ids))
        return frozenset(document_name(snapshot.id) for snapshot in found if snapshot.exists)

    def bookings_for(self, order_refs: Iterable[str]) -> tuple[Booking, ...]:
        return _bookings(sorted(self._with("orderRef", order_refs), key=recorded))

    def bookings_of(self, order_ref: str) -> tuple[Booking, ...]:
        return _bookings(sorted(self._with("orderRef", [order_ref]), key=_age))

    def bookings_in(self, con_ids: Iterable[int]) -> tuple[Booking, ...]:
        return _bookings(sorted(self._with("conId", con_ids), key=_age))

    def bookings(self) -> tuple[Booking, ...]:
        found = chain.from_iterable(self._totals.ledger())
        return _bookings(sorted(_documents(found), key=_age))

    def _with(self, field: str, values: Iterable[object]) -> Iterator[Fields]:
        """The bookings that have one of `values` in `field`."""
        rest = iter(dict.fromkeys(values))
        while some := list(islice(rest, _VALUES_A_FILTER)):
            query = self._collection(BOOKINGS).where(filter=FieldFilter(field, "in", some))
            yield from _documents(self._database.ask(query))

    def _collection(self, name: str) -> CollectionReference:
        return self._database.collection(collection_path(self._mode.value, name))

    def _former(self, name: str) -> Document:
        return self._collection(FORMER_NAMES).document(document_id(name))

    def _booking(self, booking_id: str) -> Document:
        return self._collection(BOOKINGS).document(document_id(booking_id))


def _bookings(documents: Iterable[Fields]) -> tuple[Booking, ...]:
    return tuple(value_of(Booking, fields) for fields in documents)


def _documents(snapshots: Iterable[Snapshot]) -> Iterator[Fields]:
    return (fields for fields in (snapshot.to_dict() for snapshot in snapshots) if fields is not None)


def _age(fields: Fields) -> tuple[object, ...]:
    return fields["at"], *recorded(fields)


def _holdings(snapshots: Iterable[Snapshot]) -> dict[str, dict[int, Decimal]]:
    return {document_name(one.id): quantities(one.to_dict() or {}) for one in snapshots if one.exists}
