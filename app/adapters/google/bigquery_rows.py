"""How portions of history are spelled for BigQuery: bars as lines for a staging table, days and series as parameters.

Within one call the first bar of a key is the one that is kept, as a bar that is there already would be.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from google.cloud import bigquery

from app.core.history import Bar, Portion, Series
from app.ports.warehouse import table_of
from schema.table_values import numeric_text, utc_text
from schema.tables import ASKED_COLUMNS, ASKED_KEY, BAR_COLUMNS, Column

STAGED_COLUMNS: tuple[Column, ...] = (
    *BAR_COLUMNS,
    Column("bar_size", "STRING"),
    # Which of the portions, counted from 0.
    Column("portion", "INT64"),
)
_REPLACED_COLUMNS = tuple(
    column for column in ASKED_COLUMNS if column.name in ("con_id", "what_to_show", "bar_size")
)

Staged = dict[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Batch:
    """What one call stores. `bars` are the rows to stage, `starts` the starts of those bars; `asked` and `replaced`
    are in the order of their columns."""

    bars: tuple[Staged, ...]
    starts: tuple[datetime, ...]
    asked: tuple[tuple[int | str | date | datetime, ...], ...]
    replaced: tuple[tuple[int, str, str], ...]

    def lines(self) -> bytes:
        """One JSON object a row."""
        return "\n".join(json.dumps(row) for row in self.bars).encode()

    def bar_sizes(self) -> tuple[str, ...]:
        """Those whose tables are written."""
        staged = {str(row["bar_size"]) for row in self.bars}
        return tuple(sorted(staged | {bar_size for *_, bar_size in self.replaced}))

    def parameters(self) -> list[bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter]:
        """@asked and @replaced, arrays of structs, and the earliest and latest start, @first and @last."""
        parameters: list[bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter] = [
            _structs("asked", ASKED_COLUMNS, self.asked),
            _structs("replaced", _REPLACED_COLUMNS, self.replaced),
        ]
        if self.starts:
            first, last = min(self.starts), max(self.starts)
            parameters.append(bigquery.ScalarQueryParameter("first", "TIMESTAMP", first))
            parameters.append(bigquery.ScalarQueryParameter("last", "TIMESTAMP", last))
        return parameters


@dataclass(slots=True)
class _Collected:
    bars: dict[tuple[Series, datetime], Staged] = field(default_factory=dict)
    replaced: dict[Series, None] = field(default_factory=dict)


def batch(portions: Sequence[Portion], stored_at: datetime) -> Batch:
    """RequestError for a bar size that has no table; ValueError for a figure that is not finite or a start without a
    zone."""
    collected = _Collected()
    for number, portion in enumerate(portions):
        table_of(portion.series.bar_size)
        # The symbol is no part of the key: it may change, and the history goes on.
        key = Series(portion.series.con_id, "", portion.series.what_to_show, portion.series.bar_size)
        if portion.replaces:
            collected.replaced[key] = None
            collected.bars = {one: row for one, row in collected.bars.items() if one[0] != key}
        for bar in portion.bars:
            row = _staged(portion.series, bar, number, stored_at)
            collected.bars.setdefault((key, bar.start.astimezone(UTC)), row)
    asked = {
        (one.series.con_id, one.series.what_to_show, one.series.bar_size, span.first, span.last): stored_at
        for one in portions
        for span in one.asked
    }
    assert len(ASKED_KEY) + 1 == len(ASKED_COLUMNS)
    return Batch(
        bars=tuple(collected.bars.values()),
        starts=tuple(start for _, start in collected.bars),
        asked=tuple((*key, at.astimezone(UTC)) for key, at in asked.items()),
        replaced=tuple((key.con_id, key.what_to_show, key.bar_size) for key in collected.replaced),
    )


def fields(columns: Sequence[Column]) -> list[bigquery.SchemaField]:
    return [
        bigquery.SchemaField(column.name, column.kind, mode="REQUIRED" if column.required else "NULLABLE")
        for column in columns
    ]


def _staged(series: Series, bar: Bar, portion: int, stored_at: datetime) -> Staged:
    """Figures as text: a JSON number would pass through a binary fraction."""
    return {
        "con_id": series.con_id,
        "what_to_show": series.what_to_show,
        "bar_start": utc_text(bar.start),
        "local_symbol": series.local_symbol,
        "open": numeric_text(bar.open),
        "high": numeric_text(bar.high),
        "low": numeric_text(bar.low),
        "close": numeric_text(bar.close),
        "volume": None if bar.volume is None else numeric_text(bar.volume),
        "stored_at": utc_text(stored_at),
        "bar_size": series.bar_size,
        "portion": portion,
    }


def _structs(name: str, columns: Sequence[Column], rows: Sequence[tuple]) -> bigquery.ArrayQueryParameter:
    kind = bigquery.StructQueryParameterType(
        *(bigquery.ScalarQueryParameterType(column.kind, name=column.name) for column in columns)
    )
    structs = [
        bigquery.StructQueryParameter(
            None,
            *(
                bigquery.ScalarQueryParameter(column.name, column.kind, value)
                for column, value in zip(columns, row, strict=True)
            ),
        )
        for row in rows
    ]
    return bigquery.ArrayQueryParameter(name, kind, structs)
