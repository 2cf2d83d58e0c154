"""The one SQLite file of a trading mode: its connections, its transactions, and what its failures mean.

Journal, positions and activity share the file, so that a fence is checked and a fill is booked in one transaction. A
transaction that has ended is on the disk: an order is marked as sending before its bytes leave. What is written is
the business of sqlite_journal.py, sqlite_positions.py and sqlite_activity.py.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from ib_trading.adapters.local.sqlite_schema import STEPS
from ib_trading.core.lease import Lease
from ib_trading.core.refusals import StaleFence, StoreUnavailable

_FAILURES: tuple[tuple[str, str], ...] = (
    ("SQLITE_BUSY", "another process keeps it locked; end that one, or its transaction, and try again"),
    ("SQLITE_PROTOCOL", "too many processes open it at this moment; try again"),
    ("SQLITE_NOTADB", "it is not an SQLite database; restore it from a backup, or choose another folder"),
    ("SQLITE_CORRUPT", "it is damaged; restore it from a backup before anything is traded"),
    ("SQLITE_FULL", "the disk is full; make room and try again"),
    ("SQLITE_READONLY", "it cannot be written; give this user the right to write it and its folder"),
    ("SQLITE_CANTOPEN", "it cannot be opened; give this user the right to write it and its folder"),
    ("SQLITE_PERM", "it cannot be opened; give this user the right to write it and its folder"),
    ("SQLITE_IOERR", "the disk failed; check it and the space that is left"),
)
"""SQLite's result code, with its extended codes as prefix, → what happened and the remedy."""


class SqliteDatabase:
    """Connections to the file at `path`, which is made when it is first used.

    Safe for many threads and processes at once. `busy_seconds` is how long a transaction waits for another's; after
    that, as for every other failure of the file, StoreUnavailable names it and the remedy.
    """

    def __init__(self, path: Path, *, busy_seconds: float = 30.0) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        # Opening a connection costs more than most questions asked on one. Whoever needs a connection takes one from
        # here or opens another, and nobody uses one that somebody else has.
        self._idle: deque[sqlite3.Connection] = deque()
        # Nobody has to close what was opened for them unasked: it goes with the object.
        weakref.finalize(self, _close_all, self._idle)

    def rows(self, question: str, *values: object) -> list[tuple]:
        """All rows of one SELECT."""
        with self._connection() as connection:
            return connection.execute(question, values).fetchall()

    @contextmanager
    def writing(self, lease: Lease | None = None) -> Generator[sqlite3.Connection]:
        """One transaction, alone in the file from its first read on; durable when the block ends, void if it raises.

        With `lease`, StaleFence if a newer one has been given since.
        """
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                if lease is not None:
                    refuse_stale(lease, connection.execute(NEWEST_FENCE).fetchall())
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself after some failures, a full disk for one.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Closes the connections that nobody uses. A later call opens new ones."""
        _close_all(self._idle)

    @contextmanager
    def _connection(self) -> Generator[sqlite3.Connection]:
        with self._failures_explained():
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._opened()
            try:
                yield connection
            except sqlite3.Error:
                connection.close()
                raise
            except BaseException:
                self._idle.append(connection)
                raise
            self._idle.append(connection)

    @contextmanager
    def _failures_explained(self) -> Generator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorname", "")
            meaning = next((text for name, text in _FAILURES if code.startswith(name)), None)
            if meaning is None:
                raise  # A constraint or a wrong statement: a fault of this program, not of the file.
            raise StoreUnavailable(f"{self._path}: {meaning} ({code}: {error})") from error

    def _opened(self) -> sqlite3.Connection:
        try:
            if not self._path.exists():
                self._make()
        except OSError as error:
            remedy = "choose a folder on a local disk that this user may write"
            raise StoreUnavailable(f"{self._path}: {error.strerror}; {remedy}") from error
        return self._connected(self._path)

    def _make(self) -> None:
        """Makes the file under another name first: the switch to a write-ahead log, alone of everything that SQLite
        does, fails without waiting if another process makes the same file at the same moment."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{self._path.name}.", dir=self._path.parent) as folder:
            draft = Path(folder) / self._path.name
            self._connected(draft).close()
            with suppress(FileExistsError):
                self._path.hardlink_to(draft)

    def _connected(self, path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(
            path, timeout=self._busy_seconds, isolation_level=None, check_same_thread=False
        )
        try:
            self._configure(connection)
            self._bring_up_to_date(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _configure(self, connection: sqlite3.Connection) -> None:
        # A commit waits for the disk, not only for the operating system (FULL; on macOS the disk's cache as well).
        for pragma in ("synchronous = FULL", "fullfsync = 1", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
        # With a write-ahead log a reader never waits for a writer: the kill switch is read before every order.
        [journal] = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if journal != "wal":
            raise StoreUnavailable(
                f"{self._path}: its disk allows no write-ahead log; choose a folder on a local disk"
            )

    def _bring_up_to_date(self, connection: sqlite3.Connection) -> None:
        if self._steps_taken(connection) == len(STEPS):
            return
        connection.execute("BEGIN IMMEDIATE")
        # Asked again, now that no other process can be half way through the same steps.
        taken = self._steps_taken(connection)
        if taken == 0 and connection.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
            raise StoreUnavailable(
                f"{self._path}: this database belongs to another program; choose another folder"
            )
        for change in (change for step in STEPS[taken:] for change in step):
            if isinstance(change, str):
                connection.execute(change)
            else:
                change(connection)
        connection.execute(f"PRAGMA user_version = {len(STEPS)}")
        connection.execute("COMMIT")

    def _steps_taken(self, connection: sqlite3.Connection) -> int:
        [taken] = connection.execute("PRAGMA user_version").fetchone()
        if taken > len(STEPS):
            raise StoreUnavailable(
                f"{self._path}: was written by a newer version of this program (schema {taken}, known here up to"
                f" {len(STEPS)}); run that version, or restore a backup from before it"
            )
        return taken


def _close_all(idle: deque[sqlite3.Connection]) -> None:
    with suppress(IndexError):
        while True:
            idle.pop().close()


NEWEST_FENCE = "SELECT fence FROM lease"
"""Of the trading lease."""


def refuse_stale(lease: Lease, newest: list[tuple], name: str = "trading lease") -> None:
    """StaleFence unless `newest`, the fence that was given last if any was, is that of `lease`."""
    if newest != [(lease.fence,)]:
        given = newest[0][0] if newest else "none"
        raise StaleFence(f"the {name} {lease.fence} of {lease.holder} is not the newest ({given}); stop")
