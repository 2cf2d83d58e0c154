"""Market history in the embedded warehouse, one DuckDB file a trading mode; the tables are those of schema/tables.py.

DuckDB lets one process at a time have a file open for writing, so every call opens it, works and closes it, and waits
its turn for some seconds. Which bars are worth storing, core/history.py decides.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

from ib_trading.core.bars import BarColumns
from ib_trading.core.coverage import DaySpan
from ib_trading.core.history import NewestBar, Portion, StoredSeries
from ib_trading.core.market import DailyClose
from ib_trading.core.refusals import StoreUnavailable
from ib_trading.ports.warehouse import table_of
from ib_trading.schema.table_values import numeric_text, utc_text
from ib_trading.schema.tables import (
    ASKED_COLUMNS,
    ASKED_KEY,
    ASKED_TABLE,
    BAR_COLUMNS,
    BAR_KEY,
    EMPTY_COLUMNS,
    EMPTY_KEY,
    EMPTY_TABLE,
    Column,
)

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")

_TYPES = {
    "INT64": "BIGINT",
    "STRING": "VARCHAR",
    "NUMERIC": "DECIMAL(38, 9)",
    "TIMESTAMP": "TIMESTAMP",
    "DATE": "DATE",
}
"""BigQuery's type → DuckDB's. A TIMESTAMP here has no zone and is always UTC: DuckDB's zoned type needs an extension
that would be fetched over the network."""

_KEEPS_THE_LATER = f"UPDATE SET asked_at = greatest({EMPTY_TABLE}.asked_at, excluded.asked_at)"

_PAUSE_SECONDS = 0.02

_IN_THE_WAY = (
    "Could not set lock",  # another process
    "different configuration",  # another reader or writer of this process
    "Unique file handle conflict",  # the same, while it is opening or closing the file
    "TransactionContext Error",  # another writer of this process, seen at the commit
    "Duplicate key",  # the same, seen while inserting: a key that was there before is no conflict
)
"""What DuckDB, which has no error codes, says of a connection that will be gone in a moment."""


class DuckdbWarehouse:
    """Warehouse in the file at `path`, which is made when something is first stored.

    Figures are kept to nine decimal places, exactly; finer ones are rounded half even. StoreUnavailable if another
    process has not let go of the file within `busy_seconds`, or if the file cannot be used.
    """

    def __init__(self, path: Path, *, busy_seconds: float = 10.0) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        # Within a process DuckDB refuses to have a file open for reading and for writing at once.
        self._turn = threading.Lock()

    def store(self, portions: Sequence[Portion], stored_at: datetime) -> tuple[int, ...]:
        """RequestError for a bar size that has no table; ValueError for a figure that is not finite. One opening of
        the file and one transaction, however many portions: opening it costs more than a year of bars."""
        prepared = [
            (portion, table_of(portion.series.bar_size), _columns(portion, stored_at)) for portion in portions
        ]
        if not prepared:
            return ()

        def write(warehouse: duckdb.DuckDBPyConnection) -> tuple[int, ...]:
            warehouse.begin()
            for table in sorted({table for _, table, _ in prepared}):
                warehouse.execute(_definition(table, BAR_COLUMNS, BAR_KEY))
            warehouse.execute(_definition(ASKED_TABLE, ASKED_COLUMNS, ASKED_KEY))
            warehouse.execute(_definition(EMPTY_TABLE, EMPTY_COLUMNS, EMPTY_KEY))
            counts = tuple(_write(warehouse, portion, table, columns) for portion, table, columns in prepared)
            asked = [(one, span) for one in portions for span in one.asked]
            _insert(warehouse, ASKED_TABLE, ASKED_COLUMNS, _day_columns(asked, stored_at))
            empty = _day_columns(_last_said(portions, stored_at), stored_at)
            _insert(warehouse, EMPTY_TABLE, EMPTY_COLUMNS, empty, _KEEPS_THE_LATER)
            warehouse.commit()
            return counts

        return self._in_turn(write, writing=True)

    def stored(
        self, con_ids: Iterable[int], what_to_show: str, bar_size: str, *, since: date | None = None
    ) -> Mapping[int, StoredSeries]:
        table, wanted = table_of(bar_size), list(con_ids)
        newest = f"""
            SELECT con_id, max(bar_start), max_by(close, bar_start) FROM {table}
            WHERE con_id IN (SELECT unnest(?::BIGINT[])) AND what_to_show = ?
            GROUP BY con_id
        """
        days = f"""
            SELECT DISTINCT con_id, bar_start::DATE FROM {table}
            WHERE con_id IN (SELECT unnest(?::BIGINT[])) AND what_to_show = ? AND bar_start >= ?::TIMESTAMP
        """
        spans = """
            SELECT con_id, first_day, last_day, asked_at FROM {}
            WHERE con_id IN (SELECT unnest(?::BIGINT[])) AND what_to_show = ? AND bar_size = ?
            ORDER BY ALL
        """
        of_series: list[object] = [wanted, what_to_show]
        of_size: list[object] = [*of_series, bar_size]
        ends, with_bars, asked, empty = self._rows(
            (table, newest, of_series),
            (table, days, [*of_series, (since or date.max).isoformat()]),
            (ASKED_TABLE, spans.format(ASKED_TABLE), of_size),
            (EMPTY_TABLE, spans.format(EMPTY_TABLE), of_size),
        )
        newest_of = {con_id: NewestBar(start.replace(tzinfo=UTC), close) for con_id, start, close in ends}
        days_of: dict[int, list[date]] = {con_id: [] for con_id in wanted}
        for con_id, day in with_bars:
            days_of[con_id].append(day)
        asked_of: dict[int, dict[DaySpan, datetime]] = {con_id: {} for con_id in wanted}
        for con_id, first, last, at in asked:
            asked_of[con_id][DaySpan(first, last)] = at.replace(tzinfo=UTC)
        empty_of: dict[int, dict[DaySpan, datetime]] = {con_id: {} for con_id in wanted}
        for con_id, first, last, at in empty:
            empty_of[con_id][DaySpan(first, last)] = at.replace(tzinfo=UTC)
        return {
            con_id: StoredSeries(
                newest_of.get(con_id),
                tuple(spans),
                spans,
                frozenset(days_of[con_id]),
                empty_of[con_id],
            )
            for con_id, spans in asked_of.items()
        }

    def bars(
        self, con_ids: Iterable[int], what_to_show: str, bar_size: str, *, before: datetime, count: int
    ) -> Mapping[int, BarColumns]:
        # Figures as text: DuckDB's own way from a DECIMAL to a binary fraction is not always to the nearest one.
        figures = ", ".join(
            f"list({name}::VARCHAR ORDER BY bar_start)" for name in ("open", "high", "low", "close", "volume")
        )
        table, wanted = table_of(bar_size), list(con_ids)
        question = f"""
            SELECT con_id, list(epoch(bar_start)::BIGINT ORDER BY bar_start), {figures} FROM (
                SELECT * FROM {table}
                WHERE con_id IN (SELECT unnest(?::BIGINT[])) AND what_to_show = ? AND bar_start < ?::TIMESTAMP
                QUALIFY row_number() OVER (PARTITION BY con_id ORDER BY bar_start DESC) <= ?
            ) GROUP BY con_id
        """
        [rows] = self._rows((table, question, [wanted, what_to_show, utc_text(before), count]))
        found = {con_id: BarColumns.of(starts, *texts) for con_id, starts, *texts in rows}
        return {con_id: found.get(con_id, BarColumns()) for con_id in wanted}

    def daily_closes(
        self, con_ids: Iterable[int], what_to_show: str, before: datetime, count: int
    ) -> Mapping[int, tuple[DailyClose, ...]]:
        table = table_of("1 day")
        closes: dict[int, list[DailyClose]] = {con_id: [] for con_id in con_ids}
        question = f"""
            SELECT con_id, bar_start, close FROM {table}
            WHERE con_id IN (SELECT unnest(?::BIGINT[])) AND what_to_show = ? AND bar_start < ?::TIMESTAMP
            QUALIFY row_number() OVER (PARTITION BY con_id ORDER BY bar_start DESC) <= ?
            ORDER BY con_id, bar_start
        """
        [rows] = self._rows((table, question, [list(closes), what_to_show, utc_text(before), count]))
        for con_id, start, close in rows:
            closes[con_id].append(DailyClose(start.date(), close))
        return {con_id: tuple(found) for con_id, found in closes.items()}

    def _rows(self, *questions: tuple[str, str, list[object]]) -> list[list[tuple]]:
        """The rows of each (table, question, values), all of one state of the file; [] as long as nothing has been
        stored in that table."""

        def ask(warehouse: duckdb.DuckDBPyConnection) -> list[list[tuple]]:
            known = {
                name for (name,) in warehouse.execute("SELECT table_name FROM duckdb_tables()").fetchall()
            }
            return [
                warehouse.execute(question, values).fetchall() if table in known else []
                for table, question, values in questions
            ]

        return self._in_turn(ask, writing=False) if self._path.exists() else [[] for _ in questions]

    def _in_turn(self, work: Callable[[duckdb.DuckDBPyConnection], T], *, writing: bool) -> T:
        """What `work` answers, on a connection of its own; done again from the start if another writer was in the way.

        DuckDB has no way to wait for a file, so it is tried again after a pause.
        """
        deadline = time.monotonic() + self._busy_seconds
        while True:
            try:
                with self._turn:
                    return self._once(work, writing)
            except _Busy as busy:
                if time.monotonic() > deadline:
                    remedy = "another process has it open; close that one and try again"
                    raise StoreUnavailable(f"{self._path}: {remedy} ({busy})") from busy.__cause__
            time.sleep(_PAUSE_SECONDS)

    def _make(self) -> None:
        """Makes the file under another name first: to another process that opens it while DuckDB makes it, it is not
        a valid database."""
        import duckdb

        self._path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{self._path.name}.", dir=self._path.parent) as folder:
            draft = Path(folder) / self._path.name
            duckdb.connect(draft).close()
            with suppress(FileExistsError):
                self._path.hardlink_to(draft)

    def _once(self, work: Callable[[duckdb.DuckDBPyConnection], T], writing: bool) -> T:
        # Imported here: it takes a third of a second, and who keeps the history elsewhere has not installed it.
        import duckdb

        try:
            if writing and not self._path.exists():
                self._make()
            with duckdb.connect(self._path, read_only=not writing) as connection:
                return work(connection)
        except OSError as error:
            remedy = "choose a folder that this user may write"
            raise StoreUnavailable(f"{self._path}: {error.strerror}; {remedy}") from error
        except (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError):
            raise  # A wrong statement: a fault of this program, not of the file.
        except duckdb.Error as error:
            if any(words in str(error) for words in _IN_THE_WAY):
                raise _Busy(str(error)) from error
            remedy = "cannot be used; restore it from a backup, or delete it and collect the history again"
            raise StoreUnavailable(f"{self._path}: {remedy} ({error})") from error


class _Busy(Exception):
    """Another connection, of this process or another, is in the way for the moment."""


def _definition(table: str, columns: Sequence[Column], key: Sequence[str]) -> str:
    lines = [f"{column.name} {_TYPES[column.kind]}{' NOT NULL' * column.required}" for column in columns]
    return f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(lines)}, PRIMARY KEY ({', '.join(key)}))"


def _write(
    warehouse: duckdb.DuckDBPyConnection,
    portion: Portion,
    table: str,
    columns: Mapping[str, list[str | None]],
) -> int:
    """How many of the portion's bars were new."""
    if portion.replaces:
        of_series = [portion.series.con_id, portion.series.what_to_show]
        warehouse.execute(f"DELETE FROM {table} WHERE con_id = ? AND what_to_show = ?", of_series)
        warehouse.execute(
            f"DELETE FROM {ASKED_TABLE} WHERE con_id = ? AND what_to_show = ? AND bar_size = ?",
            [*of_series, portion.series.bar_size],
        )
    return _insert(warehouse, table, BAR_COLUMNS, columns)


def _insert(
    warehouse: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[Column],
    texts: Mapping[str, list[str | None]],
    on_conflict: str = "NOTHING",
) -> int:
    """How many rows were new, where those that are there are left alone."""
    names = ", ".join(column.name for column in columns)
    # As text, which DuckDB casts exactly, and as lists: one statement for thousands of rows.
    values = ", ".join(f"unnest(?::VARCHAR[])::{_TYPES[column.kind]}" for column in columns)
    [stored] = warehouse.execute(
        f"INSERT INTO {table} ({names}) SELECT {values} ON CONFLICT DO {on_conflict}",
        [texts[column.name] for column in columns],
    ).fetchall()
    return stored[0]


def _columns(portion: Portion, stored_at: datetime) -> dict[str, list[str | None]]:
    """Column → one text a bar."""
    series, bars = portion.series, portion.bars
    same = {
        "con_id": str(series.con_id),
        "what_to_show": series.what_to_show,
        "local_symbol": series.local_symbol,
        "stored_at": utc_text(stored_at),
    }
    return {name: [text] * len(bars) for name, text in same.items()} | {
        "bar_start": [utc_text(bar.start) for bar in bars],
        "open": [numeric_text(bar.open) for bar in bars],
        "high": [numeric_text(bar.high) for bar in bars],
        "low": [numeric_text(bar.low) for bar in bars],
        "close": [numeric_text(bar.close) for bar in bars],
        "volume": [None if bar.volume is None else numeric_text(bar.volume) for bar in bars],
    }


def _last_said(portions: Sequence[Portion], stored_at: datetime) -> list[tuple[Portion, DaySpan]]:
    """Days without bars, each key once with the last answer that says so: one statement updates no row twice."""
    in_order = sorted(portions, key=lambda one: one.answered_at or stored_at)
    told = {
        (one.series.con_id, one.series.what_to_show, one.series.bar_size, span): (one, span)
        for one in in_order
        for span in one.empty
    }
    return list(told.values())


def _day_columns(
    spans: Sequence[tuple[Portion, DaySpan]], stored_at: datetime
) -> dict[str, list[str | None]]:
    """Column → one text a span of days."""
    return {
        "con_id": [str(one.series.con_id) for one, _ in spans],
        "what_to_show": [one.series.what_to_show for one, _ in spans],
        "bar_size": [one.series.bar_size for one, _ in spans],
        "first_day": [span.first.isoformat() for _, span in spans],
        "last_day": [span.last.isoformat() for _, span in spans],
        "asked_at": [utc_text(one.answered_at or stored_at) for one, _ in spans],
    }
