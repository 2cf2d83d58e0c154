"""The run journal in Firestore: what is written together, under which lease, and the kill switch.

Every write under a lease reads the lease document in its transaction: whoever has taken the lease meanwhile makes
either this write fail, or itself wait for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from ib_trading.adapters.google.firestore_database import Document, FirestoreDatabase
from ib_trading.adapters.google.firestore_orders import FirestoreOrders
from ib_trading.adapters.google.firestore_runs import FirestoreRuns
from ib_trading.adapters.google.firestore_spelling import Fields, instant, timestamp
from ib_trading.adapters.google.firestore_transaction import StoreTransaction, refuse_stale
from ib_trading.core.journal import Run
from ib_trading.core.lease import Lease
from ib_trading.core.memory import NO_MEMORIES, Memories, Memory
from ib_trading.core.mode import TradingMode
from ib_trading.core.order import Order
from ib_trading.core.snapshot import TradingSwitch
from ib_trading.schema.documents import (
    MEMORIES,
    collection_path,
    document_id,
    document_name,
    lease_path,
    switches_path,
)


class FirestoreJournal:
    """RunClaims, JournalWriter and TradingSwitchStore in a Firestore database."""

    def __init__(self, database: FirestoreDatabase, mode: TradingMode) -> None:
        self._database = database
        self._mode = mode
        self._runs = FirestoreRuns(database, mode)
        self._orders = FirestoreOrders(database, mode, self._runs)

    def claim(self, run: Run, not_before: datetime | None) -> Run | None:
        return self._runs.claim(run, not_before)

    def withdraw(self, run_id: str) -> None:
        """A run that has orders did come to something: ValueError, and it stays."""

        def work(transaction: StoreTransaction) -> None:
            if self._orders.of_run(run_id, transaction):
                raise ValueError(f"run {run_id} has orders and cannot be withdrawn")
            self._runs.forget(transaction, run_id)

        self._database.transact(work)

    def save_run(self, run: Run, lease: Lease, memories: Memories = NO_MEMORIES) -> None:
        """LookupError if the run was never claimed or has been withdrawn."""
        self._save(run, (), lease, memories)

    def save_orders(self, orders: Sequence[Order], lease: Lease) -> None:
        self._save(None, orders, lease)

    def save_plan(self, run: Run, orders: Sequence[Order], lease: Lease) -> None:
        self._save(run, orders, lease)

    def run(self, run_id: str) -> Run | None:
        return self._runs.run(run_id)

    def runs(self, limit: int) -> tuple[Run, ...]:
        return self._runs.newest(limit)

    def orders(self, run_id: str) -> tuple[Order, ...]:
        return self._orders.of_run(run_id)

    def order(self, order_ref: str) -> Order | None:
        return self._orders.one(order_ref)

    def unsettled_orders(self) -> tuple[Order, ...]:
        # One moment, so that an order that settles meanwhile is seen before or after, and never missed between.
        return self._database.snapshot(
            lambda transaction: self._orders.unsettled(
                transaction, [run.run_id for run in self._runs.open(transaction)]
            )
        )

    def orders_named(self, order_refs: Iterable[str]) -> tuple[Order, ...]:
        return self._orders.named(order_refs)

    def memories(self) -> Memories:
        found = self._database.ask(self._database.collection(collection_path(self._mode.value, MEMORIES)))
        return {document_name(one.id): _memory(one.to_dict() or {}) for one in found}

    def open_runs(self) -> tuple[Run, ...]:
        return self._runs.open()

    def trading_switch(self) -> TradingSwitch:
        fields = self._database.get(self._database.document(switches_path(self._mode.value))).to_dict()
        return TradingSwitch(fields["tradingEnabled"], fields["reason"]) if fields else TradingSwitch()

    def set_trading_switch(self, switch: TradingSwitch, at: datetime) -> None:
        fields = {"tradingEnabled": switch.enabled, "reason": switch.reason, "setAt": timestamp(at)}
        document = self._database.document(switches_path(self._mode.value))
        self._database.transact(lambda transaction: transaction.set(document, fields))

    def _save(
        self, run: Run | None, orders: Sequence[Order], lease: Lease, memories: Memories = NO_MEMORIES
    ) -> None:
        """LookupError for an order of a run that is not in the journal. All reads come before the first write."""

        def work(transaction: StoreTransaction) -> None:
            lease_document = self._database.document(lease_path(self._mode.value))
            owners = {one.run_id: self._runs.document(one.run_id) for one in orders}
            remembered = {name: self._memory_document(name) for name in memories}
            read = self._database.get_all(
                [lease_document, *owners.values(), *remembered.values()], transaction
            )
            found = {snapshot.reference: snapshot for snapshot in read}
            refuse_stale(lease, found[lease_document])
            for run_id, document in owners.items():
                if not found[document].exists:
                    raise LookupError(f"run {run_id} is not in the journal, and has no orders")
            stored_orders = self._orders.saving(transaction, orders) if orders else {}
            stored_run = self._runs.saving(transaction, run) if run else None
            self._orders.save(transaction, orders, stored_orders)
            if run is not None and stored_run is not None:
                self._runs.save(transaction, run, stored_run)
            for name, memory in memories.items():
                before = found[remembered[name]].to_dict()
                if before is None or instant(before["decidedAt"]) < timestamp(memory.decided_at):
                    fields = {"memory": memory.text, "decidedAt": timestamp(memory.decided_at)}
                    transaction.set(remembered[name], fields)

        self._database.transact(work)

    def _memory_document(self, strategy: str) -> Document:
        return self._database.document(
            f"{collection_path(self._mode.value, MEMORIES)}/{document_id(strategy)}"
        )


def _memory(fields: Fields) -> Memory:
    return Memory(fields["memory"], instant(fields["decidedAt"]))
