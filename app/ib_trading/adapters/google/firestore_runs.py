"""Runs and their keys in Firestore: which run has a key, and each run as it stands.

A key is a document of its own, created together with its run: of two processes, one creates it. Only persists: which
state follows which is decided in core/journal.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from google.cloud.firestore import SERVER_TIMESTAMP, CollectionReference
from google.cloud.firestore_v1.base_query import FieldFilter

from ib_trading.adapters.google.firestore_database import ATTEMPTS, Document, FirestoreDatabase, Snapshot
from ib_trading.adapters.google.firestore_spelling import (
    Fields,
    changing_run_fields,
    instant,
    run,
    run_fields,
    timestamp,
)
from ib_trading.adapters.google.firestore_transaction import StoreTransaction
from ib_trading.core.journal import Run, RunState
from ib_trading.core.mode import TradingMode
from ib_trading.core.refusals import StoreUnavailable, TooLargeForStore
from ib_trading.schema.documents import (
    KEYS,
    MOST_BYTES_A_DOCUMENT,
    RUNS,
    collection_path,
    document_id,
    key_id,
)

_RUNNING_STATES = [state.value for state in RunState if not state.ended]
_MOST_PLAN_BYTES = MOST_BYTES_A_DOCUMENT // 3
"""Compressed. The answer repeats the plan, tells the orders' lives, and goes into the same document: a plan that leaves
it no room is refused before anything is sent."""


class FirestoreRuns:
    def __init__(self, database: FirestoreDatabase, mode: TradingMode) -> None:
        self._database = database
        self._mode = mode

    def document(self, run_id: str) -> Document:
        return self._database.document(f"{collection_path(self._mode.value, RUNS)}/{document_id(run_id)}")

    def claim(self, new: Run, not_before: datetime | None) -> Run | None:
        for _ in range(ATTEMPTS):
            seen = self._database.get(self._key(new.key))
            owner = seen.to_dict()
            if owner is not None and _counts(owner, not_before):
                if owner["runId"] == new.run_id:
                    return None  # Ours: the answer to the claim was lost.
                found = self.run(owner["runId"])
                if found is not None:
                    return found
                continue  # Withdrawn since.
            writes = {
                self.document(new.run_id): run_fields(new) | {"recordedAt": SERVER_TIMESTAMP},
                seen.reference: _key_fields(new),
            }
            if self._database.commit_if_unchanged(writes, seen):
                return None
        raise StoreUnavailable(
            f"other processes kept claiming the same key in {self._database.name}; try again"
        )

    def forget(self, transaction: StoreTransaction, run_id: str) -> None:
        """The run, and its key if no later run has it."""
        stored = self._stored(transaction, run_id)
        if stored is not None:
            self._free_key(transaction, stored["key"], run_id)
            transaction.delete(self.document(run_id))

    def saving(self, transaction: StoreTransaction, changed: Run) -> Fields:
        """Reads what `save` needs. LookupError if the run was never claimed or has been withdrawn."""
        stored = self._stored(transaction, changed.run_id)
        if stored is None:
            raise LookupError(f"run {changed.run_id} is not in the journal")
        if stored["key"] != changed.key:
            held = self._database.get_all([self._key(stored["key"])], transaction)[0].to_dict()
            stored["holdsKey"] = held is not None and held["runId"] == changed.run_id
        return stored

    def save(self, transaction: StoreTransaction, changed: Run, stored: Fields) -> None:
        """After all reads of the transaction, as Firestore wants it; `stored` is what `saving` has read."""
        fields = changing_run_fields(changed)
        if fields["plan"] is not None and len(fields["plan"]) > _MOST_PLAN_BYTES:
            raise TooLargeForStore(
                f"the plan of run {changed.run_id} has {len(fields['plan'])} bytes, compressed, and a document of"
                f" Firestore has room for {_MOST_PLAN_BYTES} beside its answer; nothing was sent: ask for fewer"
                " strategies or instruments in a run"
            )
        if stored.get("holdsKey"):
            transaction.delete(self._key(stored["key"]))
        if stored["key"] != changed.key:
            transaction.set(self._key(changed.key), _key_fields(changed))
        transaction.update(self.document(changed.run_id), fields)

    def run(self, run_id: str) -> Run | None:
        fields = self._database.get(self.document(run_id)).to_dict()
        return None if fields is None else run(fields)

    def plans(self, run_ids: Iterable[str]) -> dict[str, bytes | None]:
        """Run → its plan. It never changes once its orders are there, so that no transaction needs to hold it."""
        runs = (one.to_dict() for one in self._database.get_all(map(self.document, run_ids)))
        return {fields["runId"]: run(fields).plan for fields in runs if fields is not None}

    def newest(self, limit: int) -> tuple[Run, ...]:
        query = (
            self._all.order_by("claimedAt", direction="DESCENDING")
            .order_by("recordedAt", direction="DESCENDING")
            .limit(limit)
        )
        return tuple(map(_run_of, self._database.ask(query)))

    def open(self, transaction: StoreTransaction | None = None) -> tuple[Run, ...]:
        """Oldest first."""
        query = self._all.where(filter=FieldFilter("state", "in", _RUNNING_STATES))
        found = self._database.ask(query, transaction)
        found.sort(key=lambda snapshot: (snapshot.get("claimedAt"), snapshot.get("recordedAt")))
        return tuple(map(_run_of, found))

    @property
    def _all(self) -> CollectionReference:
        return self._database.collection(collection_path(self._mode.value, RUNS))

    def _key(self, key: str) -> Document:
        return self._database.document(f"{collection_path(self._mode.value, KEYS)}/{key_id(key)}")

    def _stored(self, transaction: StoreTransaction, run_id: str) -> Fields | None:
        [snapshot] = self._database.get_all([self.document(run_id)], transaction)
        return snapshot.to_dict()

    def _free_key(self, transaction: StoreTransaction, key: str, run_id: str) -> None:
        [held] = self._database.get_all([self._key(key)], transaction)
        if held.exists and held.get("runId") == run_id:
            transaction.delete(held.reference)


def _run_of(snapshot: Snapshot) -> Run:
    return run(snapshot.to_dict() or {})


def _counts(owner: Fields, not_before: datetime | None) -> bool:
    return not_before is None or instant(owner["claimedAt"]) >= timestamp(not_before)


def _key_fields(claimed: Run) -> Fields:
    return {"key": claimed.key, "runId": claimed.run_id, "claimedAt": timestamp(claimed.claimed_at)}
