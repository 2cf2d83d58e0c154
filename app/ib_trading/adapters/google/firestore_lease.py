"""A lease in Firestore: one document, replaced only by whoever has seen it as it is.

The document stays when the lease is given back (its holder is then none): the fence only rises. Two that ask at once
need no lock: the second one's write finds the document changed, and looks again.
"""

from __future__ import annotations

from datetime import datetime

from ib_trading.adapters.google.firestore_database import ATTEMPTS, Document, FirestoreDatabase, Snapshot
from ib_trading.adapters.google.firestore_spelling import Fields, instant, timestamp
from ib_trading.adapters.google.firestore_transaction import refuse_stale
from ib_trading.core.lease import Lease
from ib_trading.core.mode import TradingMode
from ib_trading.core.refusals import StaleFence, StoreUnavailable
from ib_trading.schema.documents import gateway_lease_path, lease_path


class FirestoreLease:
    """LeaseStore in a Firestore database: the document at `path`; `name` is what its sentences call it."""

    def __init__(self, database: FirestoreDatabase, path: str, name: str) -> None:
        self._database = database
        self._path = path
        self._name = name

    @property
    def document(self) -> Document:
        return self._database.document(self._path)

    def acquire(self, holder: str, now: datetime, expires_at: datetime) -> Lease | None:
        for _ in range(ATTEMPTS):
            seen = self._database.get(self.document)
            present = _fields(seen)
            held = present["holder"] not in {None, holder}
            if held and instant(present["expiresAt"]) > timestamp(now):
                return None
            lease = Lease(holder, present["fence"] + 1, expires_at)
            if self._replace(seen, lease.fence, holder, expires_at):
                return lease
        raise self._contended()

    def renew(self, lease: Lease, expires_at: datetime) -> Lease:
        """One that has been given back stays so: StaleFence."""
        for _ in range(ATTEMPTS):
            seen = self._database.get(self.document)
            refuse_stale(lease, seen, self._name)
            if _fields(seen)["holder"] is None:
                raise StaleFence(
                    f"the {self._name} {lease.fence} of {lease.holder} has been given back; stop"
                )
            if self._replace(seen, lease.fence, lease.holder, expires_at):
                return Lease(lease.holder, lease.fence, expires_at)
        raise self._contended()

    def release(self, lease: Lease) -> None:
        for _ in range(ATTEMPTS):
            seen = self._database.get(self.document)
            present = _fields(seen)
            if present["fence"] != lease.fence or present["holder"] is None:
                return
            if self._replace(seen, lease.fence, None, None):
                return
        raise self._contended()

    def check(self, lease: Lease) -> None:
        refuse_stale(lease, self._database.get(self.document), self._name)

    def _replace(self, seen: Snapshot, fence: int, holder: str | None, expires_at: datetime | None) -> bool:
        fields = {
            "fence": fence,
            "holder": holder,
            "expiresAt": None if expires_at is None else timestamp(expires_at),
        }
        return self._database.commit_if_unchanged({seen.reference: fields}, seen)

    def _contended(self) -> StoreUnavailable:
        return StoreUnavailable(
            f"other processes kept changing the {self._name} in {self._database.name}; try again"
        )


def trading_lease(database: FirestoreDatabase, mode: TradingMode) -> FirestoreLease:
    """The one that journal and positions read in the transactions of their writes."""
    return FirestoreLease(database, lease_path(mode.value), "trading lease")


def gateway_lease(database: FirestoreDatabase, mode: TradingMode) -> FirestoreLease:
    return FirestoreLease(database, gateway_lease_path(mode.value), "gateway session")


def _fields(seen: Snapshot) -> Fields:
    return seen.to_dict() or {"fence": 0, "holder": None, "expiresAt": None}
