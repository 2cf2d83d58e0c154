"""The warehouse's tables: names, columns, keys. DuckDB, BigQuery and the Pulumi program all build from here.

One partitioned, clustered table per bar size, keyed (conId, whatToShow, barStart): writing a bar twice changes
nothing. Beside them one table of the days that were asked for, whether or not there were bars, and one of the days
for which the broker said a second time that it has none. Partitions and clustering are BigQuery's; DuckDB needs
neither.
"""

from __future__ import annotations

from dataclasses import dataclass

DATASET = "historical_data"


@dataclass(frozen=True, slots=True)
class Column:
    """`kind` is a BigQuery type; DECIMAL(38, 9) is what BigQuery calls NUMERIC."""

    name: str
    kind: str
    required: bool = True


BAR_COLUMNS: tuple[Column, ...] = (
    Column("con_id", "INT64"),
    Column("what_to_show", "STRING"),
    Column("bar_start", "TIMESTAMP"),
    Column("local_symbol", "STRING"),
    Column("open", "NUMERIC"),
    Column("high", "NUMERIC"),
    Column("low", "NUMERIC"),
    Column("close", "NUMERIC"),
    Column("volume", "NUMERIC", required=False),
    Column("stored_at", "TIMESTAMP"),
)
BAR_KEY: tuple[str, ...] = ("con_id", "what_to_show", "bar_start")

BAR_SIZES: dict[str, str] = {
    size: f"bars_{size.replace(' ', '_')}"
    for size in (
        *("1 min", "2 mins", "3 mins", "5 mins", "10 mins", "15 mins", "20 mins", "30 mins"),
        *("1 hour", "2 hours", "3 hours", "4 hours", "8 hours"),
        *("1 day", "1 week"),
    )
}
"""Broker's bar size → table name. A size that is not here is refused. They are all that the broker lists from a minute
to a week: "Valid Bar Sizes" in the TWS API's documentation, Historical Bar Data."""

ASKED_TABLE = "asked_days"
ASKED_COLUMNS: tuple[Column, ...] = (
    Column("con_id", "INT64"),
    Column("what_to_show", "STRING"),
    Column("bar_size", "STRING"),
    Column("first_day", "DATE"),
    Column("last_day", "DATE"),
    Column("asked_at", "TIMESTAMP"),
)
ASKED_KEY: tuple[str, ...] = ("con_id", "what_to_show", "bar_size", "first_day", "last_day")
"""Rows are only added and may overlap; core/coverage.py reads them as one set of days. A row stands for one word of the
broker's: where a day has no bar, it takes another one, of another day, which is a row of the next table."""

EMPTY_TABLE = "empty_days"
EMPTY_COLUMNS: tuple[Column, ...] = ASKED_COLUMNS
EMPTY_KEY: tuple[str, ...] = ASKED_KEY
"""The same for the days of which the broker has said twice, on different days, that it has no bar; `asked_at` is when
it last said so, the only figure of these tables that changes."""

BAR_PARTITION_COLUMN = "bar_start"
BAR_PARTITION_UNITS: dict[str, str] = {size: "MONTH" if "min" in size else "YEAR" for size in BAR_SIZES}
"""Broker's bar size → how much one partition holds. A table has at most 10,000 partitions, and one load or statement
may change 4,000: days would be used up by thirty years of daily bars, with a few kilobytes in each."""

CLUSTERED_BY: tuple[str, ...] = ("con_id", "what_to_show")
"""Of every table: each question names the contracts, and reads the blocks that hold them."""


@dataclass(frozen=True, slots=True)
class Table:
    """What BigQuery has to be told of a table; `partitioned_by` is (column, unit), or None for one that stays small."""

    name: str
    columns: tuple[Column, ...]
    partitioned_by: tuple[str, str] | None
    clustered_by: tuple[str, ...] = CLUSTERED_BY


TABLES: tuple[Table, ...] = (
    *(
        Table(name, BAR_COLUMNS, (BAR_PARTITION_COLUMN, BAR_PARTITION_UNITS[bar_size]))
        for bar_size, name in BAR_SIZES.items()
    ),
    Table(ASKED_TABLE, ASKED_COLUMNS, None),
    Table(EMPTY_TABLE, EMPTY_COLUMNS, None),
)
