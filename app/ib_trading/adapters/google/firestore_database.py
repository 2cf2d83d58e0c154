"""The Firestore database of a trading mode: its client, its reads and its writes, their deadlines, what is tried again.

What is written is the business of firestore_journal.py, firestore_positions.py and firestore_activity.py. Reads are
strongly consistent. What is committed is durable: an order is marked as sending before its bytes leave.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TypeVar

from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import GoogleAuthError
from google.cloud import firestore

from ib_trading.adapters.google.firestore_failures import failures_explained
from ib_trading.adapters.google.firestore_transaction import (
    COMMIT_SECONDS,
    StoreTransaction,
    refuse_beyond_limits,
)

T = TypeVar("T")
Document = firestore.DocumentReference
Snapshot = firestore.DocumentSnapshot
Query = firestore.Query

DOCUMENTS_A_QUESTION = 1_000
"""Most documents that one request asks for by name; a longer list is asked for in several."""

_READ_SECONDS = 8.0
_PASSING = (
    exceptions.BadGateway,
    exceptions.Cancelled,
    exceptions.GatewayTimeout,
    exceptions.InternalServerError,
    exceptions.ServiceUnavailable,
    exceptions.Unknown,
)
"""What may be gone at the next attempt, and leaves open whether this one counted; DeadlineExceeded is a
GatewayTimeout."""
_READ_AGAIN = Retry(
    predicate=if_exception_type(*_PASSING), initial=0.1, maximum=2.0, multiplier=2.0, timeout=10.0
)
_NEVER_AGAIN = Retry(predicate=if_exception_type())
ATTEMPTS = 12
"""How often a writer looks again that finds a document changed under its hands; each time another one got ahead."""
_CHANGED = (
    exceptions.Aborted,
    exceptions.AlreadyExists,
    exceptions.Cancelled,
    exceptions.FailedPrecondition,
    exceptions.InternalServerError,
    exceptions.NotFound,
    exceptions.ServiceUnavailable,
    exceptions.Unknown,
)
"""Another one was quicker (NOT_FOUND: and deleted what was seen), or the answer to a commit was lost. One that took all
of its deadline is not among them: looked at again and again it would outlast the lease."""
_TRANSACT_AGAIN = Retry(
    predicate=if_exception_type(
        *_PASSING, exceptions.Aborted, exceptions.ResourceExhausted, exceptions.Unauthenticated
    ),
    initial=0.02,
    maximum=1.0,
    multiplier=1.6,
)
"""ABORTED, of a read as of a commit, for reads take locks: another process had what this one wanted. Where it is not
known whether a commit counted, the transaction run anew finds out. UNAUTHENTICATED: the identity's token is being
replaced. The list is that of Google's client for Node (nodejs-firestore, issue 953)."""


class FirestoreDatabase:
    """`database` of `project`. Its client is made at the first call; safe for many threads and processes at once.

    Where FIRESTORE_EMULATOR_HOST is set, Google's client talks to that emulator.
    """

    timeout: float = 30.0
    """Seconds for which a transaction is started again. With all the deadlines of its last start it is over before a
    lease is."""

    def __init__(self, project: str, database: str) -> None:
        self._project = project
        self._database = database
        self._client: firestore.Client | None = None
        self._making = Lock()

    @property
    def name(self) -> str:
        return f"Firestore database {self._database} of project {self._project}"

    def document(self, path: str) -> Document:
        return self._made().document(path)

    def collection(self, path: str) -> firestore.CollectionReference:
        return self._made().collection(path)

    def get(self, document: Document) -> Snapshot:
        with failures_explained(self._project, self._database):
            return document.get(retry=_READ_AGAIN, timeout=_READ_SECONDS)

    def get_all(
        self, documents: Iterable[Document], transaction: StoreTransaction | None = None
    ) -> list[Snapshot]:
        """In no sequence; one that is not there says so by `exists`, one named twice comes once."""
        wanted = list({document.path: document for document in documents}.values())
        client = self._made()
        with self._reading(transaction) as retry:
            return [
                snapshot
                for some in _portions(wanted, DOCUMENTS_A_QUESTION)
                for snapshot in client.get_all(
                    some, transaction=transaction, retry=retry, timeout=_READ_SECONDS
                )
            ]

    def ask(
        self, query: Query | firestore.CollectionReference, transaction: StoreTransaction | None = None
    ) -> list[Snapshot]:
        with self._reading(transaction) as retry:
            return list(query.stream(transaction=transaction, retry=retry, timeout=_READ_SECONDS))

    def portions(self, query: Query) -> Iterator[list[Snapshot]]:
        """All that `query` finds, in its sequence, which it must name. Asked bit by bit: one answer with all of a long
        collection would not come within its deadline."""
        rest = query.limit(DOCUMENTS_A_QUESTION)
        while portion := self.ask(rest):
            yield portion
            rest = query.limit(DOCUMENTS_A_QUESTION).start_after(portion[-1])

    def commit_if_unchanged(self, writes: Mapping[Document, Mapping[str, object]], seen: Snapshot) -> bool:
        """Creates the documents of `writes`, all or none, and False instead if `seen` is not as it was seen.

        `seen` may be among them: it is updated if it was there. Another that is already there is False too, and so is
        a commit whose answer was lost: whoever asked looks again, and finds what became of it.
        """
        client = self._made()
        batch = client.batch()
        for document, fields in writes.items():
            if document != seen.reference or not seen.exists:
                batch.create(document, dict(fields))
            else:
                batch.update(
                    document, dict(fields), option=client.write_option(last_update_time=seen.update_time)
                )
        refuse_beyond_limits(batch)
        with failures_explained(self._project, self._database):
            try:
                batch.commit(retry=_NEVER_AGAIN, timeout=COMMIT_SECONDS)
            except _CHANGED:
                return False
        return True

    def transact(self, work: Callable[[StoreTransaction], T]) -> T:
        """What `work` returns; what it wrote is committed as a whole, or nothing is if it raises.

        It may be run several times, and must read what it goes by in the transaction it is given.
        """
        first: list[bytes] = []

        def once() -> T:
            transaction = StoreTransaction(self._made())
            transaction.begin(first[0] if first else None)
            first.append(transaction.id)
            with _given_up(transaction):
                result = work(transaction)
                transaction.commit_within_limits()
            return result

        with failures_explained(self._project, self._database):
            return _TRANSACT_AGAIN.with_timeout(self.timeout)(once)()

    def snapshot(self, work: Callable[[StoreTransaction], T]) -> T:
        """What `work` returns, all of whose reads see one moment, and lock nothing that others write.

        It may be run several times, and ValueError if it writes.
        """

        def once() -> T:
            transaction = StoreTransaction(self._made(), read_only=True)
            transaction.begin(None)
            # There is nothing to commit, and no lock to give back: Firestore ends it by itself.
            return work(transaction)

        with failures_explained(self._project, self._database):
            return _TRANSACT_AGAIN.with_timeout(self.timeout)(once)()

    def close(self) -> None:
        """A later call makes a new client."""
        with self._making:
            if self._client is not None:
                self._client.close()
                self._client = None

    @contextmanager
    def _reading(self, transaction: StoreTransaction | None) -> Generator[Retry]:
        """How a read is tried again. In a transaction it is not, and its failure stays what it is: the transaction is
        started again as a whole, since one that was aborted answers no more."""
        if transaction is not None:
            yield _NEVER_AGAIN
            return
        with failures_explained(self._project, self._database):
            yield _READ_AGAIN

    def _made(self) -> firestore.Client:
        with self._making, failures_explained(self._project, self._database):
            if self._client is None:
                self._client = firestore.Client(project=self._project, database=self._database)
            return self._client


@contextmanager
def _given_up(transaction: StoreTransaction) -> Generator[None]:
    """Rolls back if the block fails, so that nobody waits for its locks until Firestore ends it by itself."""
    try:
        yield
    except BaseException:
        # The failure that led here is the one to tell.
        with suppress(exceptions.GoogleAPICallError, exceptions.RetryError, GoogleAuthError):
            transaction.give_up()
        raise


def _portions(documents: list[Document], most: int) -> Iterator[list[Document]]:
    for start in range(0, len(documents), most):
        yield documents[start : start + most]
