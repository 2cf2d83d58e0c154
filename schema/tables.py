"""The warehouse's tables: names, columns, keys. DuckDB, BigQuery and the Pulumi program all build from here.

One partitioned, clustered table per bar size, keyed (conId, whatToShow, barStart): writing a bar twice changes
nothing. Beside them one table of the days that were asked for, whether or not there were bars.
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
