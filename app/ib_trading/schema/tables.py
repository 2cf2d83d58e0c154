"""The warehouse's tables: names, columns, keys. DuckDB, BigQuery and the Pulumi program all build from here.

One partitioned, clustered table per bar size, keyed (conId, whatToShow, barStart): writing a bar twice changes
nothing. Beside them one table of the days that were asked for, whether or not there were bars. Partitions and
clustering are BigQuery's; DuckDB needs neither.
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
    "1 day": "bars_1_day",
    "1 hour": "bars_1_hour",
    "5 mins": "bars_5_mins",
    "1 min": "bars_1_min",
}
"""Broker's bar size → table name. A size that is not here is refused."""

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
"""Rows are only added and may overlap; core/coverage.py reads them as one set of days."""

BAR_PARTITION_COLUMN = "bar_start"
BAR_PARTITION_UNITS: dict[str, str] = {"1 day": "YEAR", "1 hour": "YEAR", "5 mins": "MONTH", "1 min": "MONTH"}
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
)
