"""Orders in Firestore: every order of the journal, and beside them those that may still change, in a collection of
their own that stays small. One transaction writes both. Only persists: core/orders.py decides on states.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from google.cloud.firestore import SERVER_TIMESTAMP, CollectionReference
from google.cloud.firestore_v1.base_query import FieldFilter

from ib_trading.adapters.google.firestore_database import Document, FirestoreDatabase, Snapshot
from ib_trading.adapters.google.firestore_spelling import order, order_fields, recorded
from ib_trading.adapters.google.firestore_transaction import StoreTransaction
from ib_trading.core.journal import JournalledOrder
from ib_trading.core.mode import TradingMode
from ib_trading.schema.documents import OPEN_ORDERS, ORDERS, collection_path, document_id

_VALUES_A_FILTER = 30
"""Most values that Firestore takes in one `in`."""


class FirestoreOrders:
    def __init__(self, database: FirestoreDatabase, mode: TradingMode) -> None:
        self._database = database
        self._mode = mode

    def saving(
        self, transaction: StoreTransaction, orders: Sequence[JournalledOrder]
    ) -> dict[Document, Snapshot]:
        """Reads what `save` needs."""
        found = self._database.get_all((self._document(one.order_ref) for one in orders), transaction)
        return {snapshot.reference: snapshot for snapshot in found}

    def save(
        self,
        transaction: StoreTransaction,
        orders: Sequence[JournalledOrder],
        stored: dict[Document, Snapshot],
    ) -> None:
        """An order keeps the place that it got when it was first saved."""
        for place, one in enumerate(orders):
            document, open_document = self._document(one.order_ref), self._open_document(one.order_ref)
            was = stored[document].to_dict() or {"recordedAt": SERVER_TIMESTAMP, "place": place}
            fields = order_fields(one) | {"recordedAt": was["recordedAt"], "place": was["place"]}
            transaction.set(document, fields)
            if one.state.final:
                transaction.delete(open_document)
            else:
                transaction.set(open_document, fields)

    def of_run(self, run_id: str, transaction: StoreTransaction | None = None) -> tuple[JournalledOrder, ...]:
        return self._in_sequence(self._of_runs([run_id], transaction))

    def one(self, order_ref: str) -> JournalledOrder | None:
        fields = self._database.get(self._document(order_ref)).to_dict()
        return None if fields is None else order(fields)

    def named(self, order_refs: Iterable[str]) -> tuple[JournalledOrder, ...]:
        return self._in_sequence(self._database.get_all(map(self._document, order_refs)))

    def unsettled(self, transaction: StoreTransaction, run_ids: Iterable[str]) -> tuple[JournalledOrder, ...]:
        """Those that may still change, and all of these runs'."""
        mine = self._of_runs(run_ids, transaction)
        still_open = self._database.ask(self._collection(OPEN_ORDERS), transaction)
        return self._in_sequence([*still_open, *mine])

    def _of_runs(self, run_ids: Iterable[str], transaction: StoreTransaction | None) -> list[Snapshot]:
        rest, found = iter(run_ids), []
        while some := list(islice(rest, _VALUES_A_FILTER)):
            query = self._collection(ORDERS).where(filter=FieldFilter("runId", "in", some))
            found += self._database.ask(query, transaction)
        return found

    def _in_sequence(self, snapshots: Iterable[Snapshot]) -> tuple[JournalledOrder, ...]:
        documents = {fields["orderRef"]: fields for fields in (one.to_dict() for one in snapshots) if fields}
        return tuple(map(order, sorted(documents.values(), key=recorded)))

    def _collection(self, name: str) -> CollectionReference:
        return self._database.collection(collection_path(self._mode.value, name))

    def _document(self, order_ref: str) -> Document:
        return self._collection(ORDERS).document(document_id(order_ref))

    def _open_document(self, order_ref: str) -> Document:
        return self._collection(OPEN_ORDERS).document(document_id(order_ref))
