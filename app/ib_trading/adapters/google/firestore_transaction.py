"""One transaction of Firestore with deadlines, and the lease that is checked in it.

Google's own `transactional` gives no deadline to begin, commit and roll back, and sends a commit again whose answer was
lost: by then the first may have counted. Here a commit is sent once.
"""

from __future__ import annotations

from google.api_core.retry import Retry, if_exception_type
from google.cloud import firestore
from google.cloud.firestore_v1.batch import WriteBatch

from ib_trading.core.lease import Lease
from ib_trading.core.refusals import StaleFence, TooLargeForStore
from ib_trading.schema.documents import MOST_BYTES_A_DOCUMENT, MOST_BYTES_A_REQUEST

COMMIT_SECONDS = 15.0
_BEGIN_SECONDS = 10.0
_NEVER_AGAIN = Retry(predicate=if_exception_type())
_NAME_BYTES = 64
"""What Firestore counts beyond a document's fields and path, rounded up."""
_REQUEST_BYTES = 4_096
"""What a request holds beside its writes, rounded up."""


class StoreTransaction(firestore.Transaction):
    """Reads and writes that count together."""

    def begin(self, retried: bytes | None) -> None:
        """`retried` is the transaction that lost against another: this one keeps its place in line."""
        answer = self._client._firestore_api.begin_transaction(
            request={"database": self._client._database_string, "options": self._options_protobuf(retried)},
            metadata=self._client._rpc_metadata,
            retry=_NEVER_AGAIN,
            timeout=_BEGIN_SECONDS,
        )
        self._id = answer.transaction

    def commit_within_limits(self) -> None:
        refuse_beyond_limits(self)
        self._client._firestore_api.commit(
            request={
                "database": self._client._database_string,
                "writes": self._write_pbs,
                "transaction": self._id,
            },
            metadata=self._client._rpc_metadata,
            retry=_NEVER_AGAIN,
            timeout=COMMIT_SECONDS,
        )
        self._clean_up()

    def give_up(self) -> None:
        self._client._firestore_api.rollback(
            request={"database": self._client._database_string, "transaction": self._id},
            metadata=self._client._rpc_metadata,
            retry=_NEVER_AGAIN,
            timeout=_BEGIN_SECONDS,
        )
        self._clean_up()


def refuse_beyond_limits(batch: WriteBatch) -> None:
    """TooLargeForStore for what Firestore would refuse. What is written together is never split: half of it would
    count. Sizes are those of the wire, which are never below those that Firestore counts for such documents."""
    total = _REQUEST_BYTES
    for write in batch._write_pbs:
        size = write._pb.ByteSize() + _NAME_BYTES
        total += size
        if size > MOST_BYTES_A_DOCUMENT:
            path = write.update.name.partition("/documents/")[2]
            raise TooLargeForStore(
                f"the document {path} would have {size} bytes, and Firestore takes {MOST_BYTES_A_DOCUMENT}; nothing"
                " was written: ask for less at once, fewer strategies or instruments in a run"
            )
    if total > MOST_BYTES_A_REQUEST:
        raise TooLargeForStore(
            f"{len(batch._write_pbs)} documents of {total} bytes belong together, and Firestore takes"
            f" {MOST_BYTES_A_REQUEST} at once; nothing was written: ask for less at once"
        )


def refuse_stale(lease: Lease, newest: firestore.DocumentSnapshot, name: str = "trading lease") -> None:
    """StaleFence unless `newest`, the lease document, holds the fence of `lease`."""
    fence = newest.get("fence") if newest.exists else "none"
    if fence != lease.fence:
        raise StaleFence(f"the {name} {lease.fence} of {lease.holder} is not the newest ({fence}); stop")
