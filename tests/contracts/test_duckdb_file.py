"""What the DuckDB warehouse does when its file cannot be used at once, or at all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from ib_trading.adapters.local.duckdb_warehouse import DuckdbWarehouse
from ib_trading.core.history import Portion, StoredSeries
from ib_trading.core.refusals import StoreUnavailable
from tests.contracts.samples import DAILY, NOON, a_bar

HOLD = """
import sys, duckdb
with duckdb.connect(sys.argv[1]):
    print("open", flush=True)
    sys.stdin.read()
"""

DAILY_KEY = ([DAILY.con_id], DAILY.what_to_show, DAILY.bar_size)


@contextmanager
def held_by_another_process(path: Path) -> Generator[subprocess.Popen[str]]:
    """Another process has the file open for writing until its standard input ends."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        yield holder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with one bar in it."""
    path = tmp_path / "paper.duckdb"
    DuckdbWarehouse(path).store([Portion(DAILY, [a_bar(2)])], NOON)
    return path


def test_a_file_that_another_process_keeps_open_is_named_with_the_remedy(path: Path) -> None:
    with held_by_another_process(path):
        with pytest.raises(StoreUnavailable, match=rf"{path}.*close that one") as refused:
            DuckdbWarehouse(path, busy_seconds=0.05).store([Portion(DAILY, [a_bar(3)])], NOON)
        with pytest.raises(StoreUnavailable):
            DuckdbWarehouse(path, busy_seconds=0.05).stored(*DAILY_KEY)
    assert refused.value.transient


def test_it_waits_for_another_process_to_let_go(path: Path) -> None:
    with held_by_another_process(path) as holder, ThreadPoolExecutor(1) as thread:
        stored = thread.submit(
            DuckdbWarehouse(path, busy_seconds=30).store, [Portion(DAILY, [a_bar(3)])], NOON
        )
        assert not stored.done()
        holder.communicate("")
        assert stored.result(30) == (1,)


def test_reading_and_writing_threads_of_one_process_do_not_disturb_each_other(path: Path) -> None:
    """DuckDB itself refuses to open a file for reading that the same process has open for writing; here nobody has to
    try twice."""
    warehouse = DuckdbWarehouse(path, busy_seconds=0)
    with ThreadPoolExecutor(4) as threads:
        stored = [
            threads.submit(warehouse.store, [Portion(DAILY, [a_bar(day)])], NOON) for day in range(3, 9)
        ]
        read = [threads.submit(warehouse.stored, *DAILY_KEY) for _ in range(6)]
    assert [future.result() for future in stored] == [(1,)] * 6
    assert all(future.result() for future in read)


def test_threads_with_a_warehouse_each_store_every_bar_once(path: Path) -> None:
    bars = [a_bar(day) for day in range(3, 20)]
    with ThreadPoolExecutor(4) as threads:
        futures = [
            threads.submit(DuckdbWarehouse(path).store, [Portion(DAILY, bars)], NOON) for _ in range(4)
        ]
    assert sum(sum(future.result()) for future in futures) == len(bars)


def test_a_file_of_something_else_is_named_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "paper.duckdb"
    path.write_bytes(b"not a database" * 500)
    with pytest.raises(StoreUnavailable, match=rf"{path}.*restore it from a backup"):
        DuckdbWarehouse(path).stored(*DAILY_KEY)


def test_a_damaged_file_is_named_with_the_remedy(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreUnavailable, match=rf"{path}.*restore it from a backup"):
        DuckdbWarehouse(path).store([Portion(DAILY, [a_bar(3)])], NOON)


def test_a_folder_that_cannot_be_made_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file")
    path = tmp_path / "folder" / "paper.duckdb"
    with pytest.raises(StoreUnavailable, match=rf"{path}.*choose a folder"):
        DuckdbWarehouse(path).store([Portion(DAILY, [a_bar(2)])], NOON)


def test_reading_makes_no_file(tmp_path: Path) -> None:
    assert DuckdbWarehouse(tmp_path / "paper.duckdb").stored(*DAILY_KEY) == {DAILY.con_id: StoredSeries()}
    assert list(tmp_path.iterdir()) == []


def test_a_table_that_is_not_there_yet_is_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "paper.duckdb"
    duckdb.connect(path).close()
    assert DuckdbWarehouse(path).stored(*DAILY_KEY) == {DAILY.con_id: StoredSeries()}
