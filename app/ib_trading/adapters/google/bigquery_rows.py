"""How portions of history are spelled for BigQuery: bars as lines for a staging table, days and series as parameters.

Within one call the first bar of a key is the one that is kept, as a bar that is there already would be.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from google.cloud import bigquery

from ib_trading.core.coverage import DaySpan
from ib_trading.core.history import Bar, Portion, Series
from ib_trading.ports.warehouse import table_of
from ib_trading.schema.table_values import numeric_text, utc_text
from ib_trading.schema.tables import ASKED_COLUMNS, ASKED_KEY, BAR_COLUMNS, Column

STAGED_COLUMNS: tuple[Column, ...] = (
    *BAR_COLUMNS,
    Column("bar_size", "STRING"),
    # Which of the portions, counted from 0.
    Column("portion", "INT64"),
)

Staged = dict[str, str | int | None]
DayRow = tuple[int | str | date | datetime, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """What one call stores: `bars` are the rows to stage, `starts` the starts of those bars; `asked` and `empty` are in
    the order of their columns."""

    bars: tuple[Staged, ...]
    starts: tuple[datetime, ...]
    asked: tuple[DayRow, ...]
    empty: tuple[DayRow, ...]
    replaced: tuple[Series, ...]

    def lines(self) -> bytes:
        """One JSON object a row."""
        return "\n".join(json.dumps(row) for row in self.bars).encode()

    def bar_sizes(self) -> tuple[str, ...]:
        """Those whose tables are written."""
        staged = {str(row["bar_size"]) for row in self.bars}
        return tuple(sorted(staged | {series.bar_size for series in self.replaced}))

    def has_bars(self, bar_size: str) -> bool:
        return bool(self.portions_of(bar_size))

    def portions_of(self, bar_size: str) -> tuple[int, ...]:
        """Numbers of the portions that have bars of this size."""
        numbers = (row["portion"] for row in self.bars if row["bar_size"] == bar_size)
        return tuple(dict.fromkeys(number for number in numbers if isinstance(number, int)))

    def span_of(self, bar_size: str) -> tuple[datetime, datetime]:
        """The earliest and the latest start of the bars of this size, of which there must be some."""
        starts = [
            start for row, start in zip(self.bars, self.starts, strict=True) if row["bar_size"] == bar_size
        ]
        return min(starts), max(starts)

    def replaced_in(self, bar_size: str) -> tuple[str, ...]:
        """The replaced series of this size, each as contract id, a space, and what it shows."""
        return tuple(
            f"{series.con_id} {series.what_to_show}"
            for series in self.replaced
            if series.bar_size == bar_size
        )


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
    return Batch(
        bars=tuple(collected.bars.values()),
        starts=tuple(start for _, start in collected.bars),
        asked=_days([(one, span) for one in portions for span in one.asked], stored_at, min),
        empty=_days([(one, span) for one in portions for span in one.empty], stored_at, max),
        replaced=tuple(collected.replaced),
    )


def day_rows(columns: Sequence[Column], rows: Sequence[DayRow]) -> bigquery.ArrayQueryParameter:
    """@days, an array of structs."""
    return _structs("days", columns, rows)


def fields(columns: Sequence[Column]) -> list[bigquery.SchemaField]:
    return [
        bigquery.SchemaField(column.name, column.kind, mode="REQUIRED" if column.required else "NULLABLE")
        for column in columns
    ]


def _days(
    spans: Sequence[tuple[Portion, DaySpan]],
    stored_at: datetime,
    which: Callable[[datetime, datetime], datetime],
) -> tuple[DayRow, ...]:
    """In the order of ASKED_COLUMNS, each key once, with `which` of its instants is to be kept."""
    told: dict[DayRow, datetime] = {}
    for one, span in spans:
        series = one.series
        key = (series.con_id, series.what_to_show, series.bar_size, span.first, span.last)
        at = (one.answered_at or stored_at).astimezone(UTC)
        told[key] = which(told.get(key, at), at)
    assert len(ASKED_KEY) + 1 == len(ASKED_COLUMNS)
    return tuple((*key, at) for key, at in told.items())


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
