"""What the SQLite file does when it is new, old, shared, held, damaged or full, and what survives a sudden end."""

from __future__ import annotations

import multiprocessing
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from ib_trading.adapters.local.sqlite_database import SqliteDatabase
from ib_trading.adapters.local.sqlite_journal import SqliteJournal
from ib_trading.adapters.local.sqlite_lease import trading_lease
from ib_trading.adapters.local.sqlite_schema import STEPS
from ib_trading.core.journal import Run, RunState
from ib_trading.core.refusals import StoreUnavailable
from ib_trading.core.snapshot import TradingSwitch
from tests.contracts.places import SqliteFile
from tests.contracts.samples import NOON, a_lease, a_run, after, an_order
from tests.spawned import finding_the_tests


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stores" / "paper.sqlite"


@pytest.fixture
def database(path: Path) -> Generator[SqliteDatabase]:
    with closing(SqliteDatabase(path, busy_seconds=0.05)) as database:
        yield database


@pytest.fixture
def journal(database: SqliteDatabase) -> SqliteJournal:
    return SqliteJournal(database)


class TestFile:
    def test_it_is_made_with_its_folder_when_it_is_first_used(
        self, path: Path, journal: SqliteJournal
    ) -> None:
        assert not path.parent.exists()
        journal.trading_switch()
        assert path.exists()

    def test_making_it_leaves_nothing_beside_it(self, path: Path, database: SqliteDatabase) -> None:
        SqliteJournal(database).trading_switch()
        database.close()
        assert [entry.name for entry in path.parent.iterdir()] == ["paper.sqlite"]

    def test_many_may_make_it_at_once(self, tmp_path: Path) -> None:
        """SQLite switches a new file to a write-ahead log without waiting for others that do the same."""
        starters = 4
        line = threading.Barrier(starters)

        def first_use(path: Path) -> TradingSwitch:
            line.wait(120)
            with closing(SqliteDatabase(path)) as database:
                return SqliteJournal(database).trading_switch()

        with ThreadPoolExecutor(starters) as threads:
            for number in range(100):
                path = tmp_path / str(number) / "paper.sqlite"
                assert list(threads.map(first_use, [path] * starters)) == [TradingSwitch()] * starters

    def test_an_empty_file_is_a_new_one(self, path: Path, journal: SqliteJournal) -> None:
        path.parent.mkdir()
        path.touch()
        assert journal.trading_switch() == TradingSwitch()

    def test_a_file_of_a_newer_version_is_refused_and_left_alone(
        self, path: Path, database: SqliteDatabase
    ) -> None:
        SqliteJournal(database).trading_switch()
        database.close()
        with closing(sqlite3.connect(path)) as newer:
            newer.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
        with pytest.raises(StoreUnavailable, match=rf"{path}.*newer version.*run that version"):
            SqliteJournal(database).trading_switch()

    def test_a_database_of_another_program_is_refused_and_left_alone(
        self, path: Path, journal: SqliteJournal
    ) -> None:
        path.parent.mkdir()
        with closing(sqlite3.connect(path)) as foreign:
            foreign.execute("CREATE TABLE recipes (name TEXT)")
        with pytest.raises(StoreUnavailable, match=rf"{path}.*another program.*choose another folder"):
            journal.trading_switch()
        with closing(sqlite3.connect(path)) as foreign:
            assert foreign.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]

    def test_a_file_that_is_no_database_is_named_with_the_remedy(
        self, path: Path, journal: SqliteJournal
    ) -> None:
        path.parent.mkdir()
        path.write_bytes(b"not a database" * 500)
        with pytest.raises(StoreUnavailable, match=rf"{path}.*not an SQLite database; restore it"):
            journal.trading_switch()

    def test_a_damaged_file_is_named_with_the_remedy(self, path: Path, database: SqliteDatabase) -> None:
        SqliteJournal(database).claim(a_run("run-1"), None)
        database.close()
        content = bytearray(path.read_bytes())
        content[200:] = b"\xff" * (len(content) - 200)
        path.write_bytes(content)
        with pytest.raises(StoreUnavailable, match=rf"{path}.*damaged; restore it"):
            SqliteJournal(database).run("run-1")

    def test_a_folder_that_cannot_be_made_is_named_with_the_remedy(
        self, path: Path, journal: SqliteJournal
    ) -> None:
        path.parent.write_text("a file")
        with pytest.raises(StoreUnavailable, match=rf"{path}.*choose a folder"):
            journal.trading_switch()

    def test_a_folder_in_its_place_is_named_with_the_remedy(self, path: Path, journal: SqliteJournal) -> None:
        path.mkdir(parents=True)
        with pytest.raises(StoreUnavailable, match=rf"{path}.*cannot be opened"):
            journal.trading_switch()


class TestLocked:
    @pytest.fixture
    def elsewhere(self, path: Path, journal: SqliteJournal) -> Generator[sqlite3.Connection]:
        """Another program's transaction, which keeps the file for itself."""
        journal.trading_switch()
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    @pytest.mark.usefixtures("elsewhere")
    def test_a_writer_gives_up_after_its_time_and_names_the_remedy(
        self, path: Path, journal: SqliteJournal
    ) -> None:
        with pytest.raises(
            StoreUnavailable, match=rf"{path}.*another process keeps it locked; end that one"
        ) as refused:
            journal.claim(a_run("run-1"), None)
        assert refused.value.transient

    def test_a_writer_goes_on_once_the_file_is_free(
        self, elsewhere: sqlite3.Connection, journal: SqliteJournal
    ) -> None:
        with pytest.raises(StoreUnavailable):
            journal.claim(a_run("run-1"), None)
        elsewhere.execute("ROLLBACK")
        assert journal.claim(a_run("run-1"), None) is None

    @pytest.mark.usefixtures("elsewhere")
    def test_the_kill_switch_is_read_without_waiting(self, journal: SqliteJournal) -> None:
        assert journal.trading_switch() == TradingSwitch()


class TestDurability:
    def test_a_commit_waits_for_the_disk(self, database: SqliteDatabase) -> None:
        """synchronous 2 is FULL: the write-ahead log is flushed at every commit."""
        assert database.rows("PRAGMA synchronous") == [(2,)]
        assert database.rows("PRAGMA journal_mode") == [("wal",)]
        assert database.rows("PRAGMA foreign_keys") == [(1,)]

    def test_a_transaction_that_raises_is_void(self, database: SqliteDatabase) -> None:
        def begun(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO lease VALUES (1, 7, NULL, NULL)")
            raise RuntimeError

        with pytest.raises(RuntimeError), database.writing() as connection:
            begun(connection)
        assert a_lease(trading_lease(database)).fence == 1

    def test_a_full_disk_is_named_and_leaves_what_was_there(
        self, path: Path, database: SqliteDatabase, journal: SqliteJournal
    ) -> None:
        journal.claim(a_run("run-1"), None)
        with database.writing() as connection:
            connection.execute("PRAGMA max_page_count = 1")
        lease = a_lease(trading_lease(database))
        huge = a_run("run-1", state=RunState.PLANNED, plan=bytes(1_000_000))
        with pytest.raises(StoreUnavailable, match=rf"{path}.*the disk is full; make room"):
            journal.save_run(huge, lease)
        assert journal.run("run-1") == a_run("run-1")

    def test_orders_that_were_saved_survive_the_sudden_end_of_the_process(self, path: Path) -> None:
        """Every order that the process has announced as saved is there after SIGKILL, however many they were."""
        spawning = multiprocessing.get_context("spawn")
        ours, theirs = spawning.Pipe(duplex=False)
        writer = spawning.Process(target=save_orders_for_ever, args=(path, theirs))
        with finding_the_tests():
            writer.start()
        theirs.close()
        saved = [ours.recv() for _ in range(25)]
        writer.kill()
        writer.join()
        with SqliteFile(path).opened() as stores:
            found = {order.order_ref for order in stores.journal.unsettled_orders()}
            assert found.issuperset(saved)
            assert stores.trading_lease.acquire("the next run", after(61), after(120)) is not None


def save_orders_for_ever(path: Path, saved: Connection) -> None:
    database = SqliteDatabase(path)
    journal = SqliteJournal(database)
    journal.claim(Run("run-1", "key", "hash", "allocation", RunState.SUBMITTING, NOON), None)
    lease = a_lease(trading_lease(database))
    for number in range(1_000_000):
        journal.save_orders([an_order(f"ref-{number}", "run-1")], lease)
        saved.send(f"ref-{number}")


class TestPace:
    """The switch and the lease are read before every order that leaves: they must not slow the orders down."""

    @pytest.mark.parametrize("question", ["switch", "lease"])
    def test_reading_them_takes_less_than_a_tenth_of_a_millisecond(
        self, database: SqliteDatabase, journal: SqliteJournal, question: str
    ) -> None:
        store = trading_lease(database)
        lease = a_lease(store)
        ask: Callable[[], object] = (
            journal.trading_switch if question == "switch" else lambda: store.check(lease)
        )
        assert statistics.median(seconds(ask) for _ in range(500)) < 100e-6


def seconds(ask: Callable[[], object]) -> float:
    start = time.perf_counter()
    ask()
    return time.perf_counter() - start


def test_importing_the_adapters_loads_no_library_of_theirs() -> None:
    """A service that keeps its stores elsewhere has neither DuckDB nor a YAML reader installed."""
    script = """
import sys
from ib_trading.adapters.local import duckdb_warehouse, sqlite_journal, stack_file
print([name for name in ("duckdb", "yaml") if name in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
