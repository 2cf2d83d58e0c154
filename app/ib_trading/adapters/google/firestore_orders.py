"""Orders in Firestore: every order of the journal, and beside them those that may still change, in a collection of
their own that stays small. One transaction writes both. Only persists: core/evidence.py decides on states.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from google.cloud.firestore import SERVER_TIMESTAMP, CollectionReference
from google.cloud.firestore_v1.base_query import FieldFilter

from ib_trading.adapters.google.firestore_database import Document, FirestoreDatabase, Snapshot
from ib_trading.adapters.google.firestore_runs import FirestoreRuns
from ib_trading.adapters.google.firestore_spelling import Fields, fields_of, recorded, value_of
from ib_trading.adapters.google.firestore_transaction import StoreTransaction
from ib_trading.core.canonical import camel
from ib_trading.core.earlier_orders import members_in_plan
from ib_trading.core.mode import TradingMode
from ib_trading.core.order import Order
from ib_trading.schema.documents import OPEN_ORDERS, ORDERS, collection_path, document_id

_VALUES_A_FILTER = 30
"""Most values that Firestore takes in one `in`."""


class FirestoreOrders:
    def __init__(self, database: FirestoreDatabase, mode: TradingMode, runs: FirestoreRuns) -> None:
        self._database = database
        self._mode = mode
        self._runs = runs

    def saving(self, transaction: StoreTransaction, orders: Sequence[Order]) -> dict[Document, Snapshot]:
        """Reads what `save` needs."""
        found = self._database.get_all((self._document(one.order_ref) for one in orders), transaction)
        return {snapshot.reference: snapshot for snapshot in found}

    def save(
        self,
        transaction: StoreTransaction,
        orders: Sequence[Order],
        stored: dict[Document, Snapshot],
    ) -> None:
        """An order keeps the place that it got when it was first saved."""
        for place, one in enumerate(orders):
            document, open_document = self._document(one.order_ref), self._open_document(one.order_ref)
            was = stored[document].to_dict() or {"recordedAt": SERVER_TIMESTAMP, "place": place}
            fields = fields_of(one) | {"recordedAt": was["recordedAt"], "place": was["place"]}
            transaction.set(document, fields)
            if one.state.final:
                transaction.delete(open_document)
            else:
                transaction.set(open_document, fields)

    def of_run(self, run_id: str, transaction: StoreTransaction | None = None) -> tuple[Order, ...]:
        return self._in_sequence(self._of_runs([run_id], transaction))

    def one(self, order_ref: str) -> Order | None:
        found = self._in_sequence([self._database.get(self._document(order_ref))])
        return found[0] if found else None

    def named(self, order_refs: Iterable[str]) -> tuple[Order, ...]:
        return self._in_sequence(self._database.get_all(map(self._document, order_refs)))

    def unsettled(self, transaction: StoreTransaction, run_ids: Iterable[str]) -> tuple[Order, ...]:
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

    def _in_sequence(self, snapshots: Iterable[Snapshot]) -> tuple[Order, ...]:
        documents = {fields["orderRef"]: fields for fields in (one.to_dict() for one in snapshots) if fields}
        self._complete([fields for fields in documents.values() if camel("order_type") not in fields])
        return tuple(value_of(Order, fields) for fields in sorted(documents.values(), key=recorded))

    def _complete(self, earlier: list[Fields]) -> None:
        """Adds what orders of an earlier version lack, from their runs' plans. Once one changes it is saved whole."""
        plans = self._runs.plans({fields["runId"] for fields in earlier}) if earlier else {}
        for fields in earlier:
            told = members_in_plan(plans.get(fields["runId"]), fields["conId"])
            fields |= {camel(name): member for name, member in told.items()}

    def _collection(self, name: str) -> CollectionReference:
        return self._database.collection(collection_path(self._mode.value, name))

    def _document(self, order_ref: str) -> Document:
        return self._collection(ORDERS).document(document_id(order_ref))

    def _open_document(self, order_ref: str) -> Document:
        return self._collection(OPEN_ORDERS).document(document_id(order_ref))
