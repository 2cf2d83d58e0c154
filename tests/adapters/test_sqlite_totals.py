"""What the totals of the embedded store cost to read, and what is left of them when making them fails half way."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from ib_trading.adapters.local.sqlite_database import SqliteDatabase
from ib_trading.adapters.local.sqlite_lease import trading_lease
from ib_trading.adapters.local.sqlite_positions import SqlitePositions
from ib_trading.core.attribution import Booking
from ib_trading.core.lease import Lease
from ib_trading.core.refusals import StoreUnavailable
from ib_trading.core.totals import with_bookings
from tests.contracts.places import SqliteFile
from tests.contracts.samples import a_booking, a_lease


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "paper.sqlite"


@pytest.fixture
def database(path: Path) -> Generator[SqliteDatabase]:
    with closing(SqliteDatabase(path)) as database:
        yield database


@pytest.fixture
def lease(database: SqliteDatabase) -> Lease:
    return a_lease(trading_lease(database))


def some_bookings(first: int, count: int) -> list[Booking]:
    return [
        a_booking(f"exec-{number}", {"trend": "1", "dummy": "-2.5"}, con_id=number % 5)
        for number in range(first, first + count)
    ]


class Steps:
    """Counts what SQLite's virtual machine does, each row that it looks at among it, on the connections in use."""

    def __init__(self, database: SqliteDatabase) -> None:
        self.count = 0
        with database.writing() as connection:
            connection.set_progress_handler(self._step, 1)

    def _step(self) -> int:
        self.count += 1
        return 0


def test_reading_them_takes_the_same_steps_however_long_the_ledger_is(
    database: SqliteDatabase, lease: Lease
) -> None:
    positions = SqlitePositions(database)
    positions.apply(some_bookings(0, 10), lease)
    steps, taken = Steps(database), []
    for _ in range(2):
        steps.count = 0
        positions.totals()
        taken.append(steps.count)
        positions.apply(some_bookings(10, 3_000), lease)
    assert 0 < taken[0] == taken[1]


def test_booking_takes_the_same_steps_however_long_the_ledger_is(
    database: SqliteDatabase, lease: Lease
) -> None:
    """A fill is booked while the run holds its lease."""
    positions = SqlitePositions(database)
    positions.apply(some_bookings(0, 10), lease)
    positions.apply(some_bookings(10, 5), lease)
    steps, taken = Steps(database), []
    for first in (20, 5_000):
        steps.count = 0
        positions.apply(some_bookings(first, 5), lease)
        taken.append(steps.count)
        positions.apply(some_bookings(100, 3_000), lease)
    # Inserting may look at a few rows more or less where a page is full.
    assert taken[1] == pytest.approx(taken[0], rel=0.05)


@pytest.mark.parametrize("deed", ["a look", "a booking"])
def test_of_totals_that_cannot_be_made_whole_nothing_is_left(
    path: Path, database: SqliteDatabase, lease: Lease, deed: str
) -> None:
    """The disk is full half way. Once there is room, they are made."""
    wide = [a_booking(f"exec-{number}", {"trend": "1"}, con_id=number) for number in range(2_000)]
    place = SqliteFile(path)
    place.book_without_totals(wide)
    with database.writing() as connection:
        [pages] = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 5}")
    positions = SqlitePositions(database)
    with pytest.raises(StoreUnavailable, match="the disk is full"):
        positions.totals() if deed == "a look" else positions.apply(some_bookings(5_000, 1), lease)
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT count(*) FROM totals").fetchone() == (0,)
        assert file.execute("SELECT count(*) FROM totals_reach").fetchone() == (0,)
        assert file.execute("SELECT count(*) FROM bookings").fetchone() == (2_000,)
    database.close()
    assert positions.totals() == with_bookings({}, wide)
