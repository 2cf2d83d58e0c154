"""Market history in BigQuery; the tables are those of schema/tables.py, made by the Pulumi program.

Decides the questions. Each names its contracts and a range of the column that the tables are partitioned by, so that
it reads what it needs. What is stored is loaded into a staging table first; how it is taken over from there,
bigquery_merges.py decides. BigQuery enforces no key: whoever reads takes the first of several bars with one key.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from google.cloud import bigquery

from ib_trading.adapters.google.bigquery_failures import Where
from ib_trading.adapters.google.bigquery_jobs import BigqueryJobs, Parameter
from ib_trading.adapters.google.bigquery_merges import BigqueryMerges
from ib_trading.adapters.google.bigquery_rows import STAGED_COLUMNS, batch, fields
from ib_trading.core.bars import DAILY, BarColumns, trading_days
from ib_trading.core.coverage import DaySpan
from ib_trading.core.history import NewestBar, Portion, StoredSeries
from ib_trading.core.market import DailyClose
from ib_trading.ports.warehouse import table_of
from ib_trading.schema.tables import ASKED_TABLE, EMPTY_TABLE

BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
END = datetime(9999, 12, 31, tzinfo=UTC)
"""The first and the last day of a TIMESTAMP."""

_MARGIN = timedelta(days=40)
"""Longer than any market was closed; a series that ends earlier is looked for from the beginning."""


_FIGURES = ("open", "high", "low", "close", "volume")


class BigqueryWarehouse:
    """Warehouse in `dataset` of `project`, on the client that `client` gives; StoreUnavailable with the remedy.

    Figures are NUMERIC: nine decimal places, exactly; finer ones are rounded half even.
    """

    def __init__(self, client: Callable[[], bigquery.Client], project: str, dataset: str) -> None:
        self._jobs = BigqueryJobs(client, Where(project, dataset))
        self._writing = BigqueryMerges(self._jobs)

    def store(self, portions: Sequence[Portion], stored_at: datetime) -> tuple[int, ...]:
        """Days are forgotten before, and remembered after, the bars that answer them: see bigquery_merges.py."""
        given = batch(portions, stored_at)
        if not given.bars:
            self._writing.days_without_bars(given)
            return tuple(0 for _ in portions)
        staging = self._jobs.stage(fields(STAGED_COLUMNS), given.lines())
        try:
            counts = self._writing.bars_and_days(given, staging)
        finally:
            self._jobs.unstage(staging)
        return tuple(counts.get(number, 0) for number, _ in enumerate(portions))

    def stored(
        self, con_ids: Iterable[int], what_to_show: str, bar_size: str, *, since: date | None = None
    ) -> Mapping[int, StoredSeries]:
        """The days first and then the bars: who stores in between shows a bar too many, never a day too many."""
        table, wanted = table_of(bar_size), list(con_ids)
        asked = self._spans(ASKED_TABLE, "MIN", wanted, what_to_show, bar_size)
        empty = self._spans(EMPTY_TABLE, "MAX", wanted, what_to_show, bar_size)
        ends = [max(span.last for span in spans) for spans in asked.values() if spans]
        earliest = _before(_midnight(min(ends)), _MARGIN) if ends else BEGINNING
        newest = self._last_bars(table, wanted, what_to_show, earliest, END, 1)
        days = self._days(table, wanted, what_to_show, since) if since else {}
        return {
            con_id: StoredSeries(
                newest=NewestBar(*newest[con_id][-1]) if newest[con_id] else None,
                asked=tuple(spans),
                asked_at=spans,
                days=frozenset(days.get(con_id, ())),
                empty=empty[con_id],
            )
            for con_id, spans in asked.items()
        }

    def _spans(
        self, table: str, which: str, con_ids: Sequence[int], what_to_show: str, bar_size: str
    ) -> dict[int, dict[DaySpan, datetime]]:
        """Contract id → span of days → when it was told, `which` (MIN, MAX) of several, in the order of the days."""
        question = f"""
            SELECT con_id, first_day, last_day, {which}(asked_at) AS asked_at FROM {self._jobs.table(table)}
            WHERE con_id IN UNNEST(@con_ids) AND what_to_show = @what_to_show AND bar_size = @bar_size
            GROUP BY con_id, first_day, last_day
            ORDER BY con_id, first_day, last_day
        """
        of_size = bigquery.ScalarQueryParameter("bar_size", "STRING", bar_size)
        found: dict[int, dict[DaySpan, datetime]] = {con_id: {} for con_id in con_ids}
        for row in self._jobs.rows(question, [*_series(con_ids, what_to_show), of_size]):
            found[row["con_id"]][DaySpan(row["first_day"], row["last_day"])] = row["asked_at"]
        return found

    def _days(
        self, table: str, con_ids: Sequence[int], what_to_show: str, since: date
    ) -> dict[int, list[date]]:
        """Contract id → the days from `since` on that have a bar."""
        question = f"""
            SELECT DISTINCT con_id, DATE(bar_start) AS day FROM {self._jobs.table(table)}
            WHERE con_id IN UNNEST(@con_ids) AND what_to_show = @what_to_show AND bar_start >= @since
        """
        first = bigquery.ScalarQueryParameter("since", "TIMESTAMP", _midnight(since))
        found: dict[int, list[date]] = {con_id: [] for con_id in con_ids}
        for row in self._jobs.rows(question, [*_series(con_ids, what_to_show), first]):
            found[row["con_id"]].append(row["day"])
        return found

    def bars(
        self, con_ids: Iterable[int], what_to_show: str, bar_size: str, *, before: datetime, count: int
    ) -> Mapping[int, BarColumns]:
        wanted = list(con_ids)
        found = self._last_bars(
            table_of(bar_size), wanted, what_to_show, _since(bar_size, before, count), before, count, _FIGURES
        )
        return {
            con_id: BarColumns.of(
                [int(row[0].timestamp()) for row in rows], *list(zip(*rows, strict=True))[1:]
            )
            if rows
            else BarColumns()
            for con_id, rows in found.items()
        }

    def daily_closes(
        self, con_ids: Iterable[int], what_to_show: str, before: datetime, count: int
    ) -> Mapping[int, tuple[DailyClose, ...]]:
        since = _since(DAILY, before, count)
        found = self._last_bars(table_of(DAILY), list(con_ids), what_to_show, since, before, count)
        return {
            con_id: tuple(DailyClose(start.date(), close) for start, close in closes)
            for con_id, closes in found.items()
        }

    def _last_bars(
        self,
        table: str,
        con_ids: Sequence[int],
        what_to_show: str,
        since: datetime,
        before: datetime,
        count: int,
        figures: tuple[str, ...] = ("close",),
    ) -> dict[int, list[tuple[Any, ...]]]:
        """(start, *figures) of the last `count` bars before `before`, oldest first, from `since` on; of a contract that
        has fewer there, from the beginning."""
        found: dict[int, list[tuple[Any, ...]]] = {con_id: [] for con_id in con_ids}
        for earliest in dict.fromkeys((since, BEGINNING)):
            lacking = [con_id for con_id, bars in found.items() if len(bars) < count]
            if not lacking:
                break
            found |= {con_id: [] for con_id in lacking}
            for row in self._jobs.rows(
                self._question(table, figures),
                [
                    *_series(lacking, what_to_show),
                    bigquery.ScalarQueryParameter("since", "TIMESTAMP", earliest),
                    bigquery.ScalarQueryParameter("before", "TIMESTAMP", before),
                    bigquery.ScalarQueryParameter("count", "INT64", count),
                ],
            ):
                found[row["con_id"]].append((row["bar_start"], *(row[name] for name in figures)))
        return found

    def _question(self, table: str, figures: tuple[str, ...]) -> str:
        first = ", ".join(f"MIN_BY({name}, stored_at) AS {name}" for name in figures)
        return f"""
            SELECT con_id, bar_start, {first} FROM {self._jobs.table(table)}
            WHERE con_id IN UNNEST(@con_ids) AND what_to_show = @what_to_show
              AND bar_start >= @since AND bar_start < @before
            GROUP BY con_id, bar_start
            QUALIFY ROW_NUMBER() OVER (PARTITION BY con_id ORDER BY bar_start DESC) <= @count
            ORDER BY con_id, bar_start
        """


def _since(bar_size: str, before: datetime, count: int) -> datetime:
    """Where the last `count` bars before `before` probably begin: five trading days a week, of six hours and a half,
    and some holidays."""
    days = min(count, 100_000) * 3 // 2 * trading_days(bar_size)
    return _before(before, timedelta(days=math.ceil(days)) + _MARGIN)


def _series(con_ids: Sequence[int], what_to_show: str) -> list[Parameter]:
    return [
        bigquery.ArrayQueryParameter("con_ids", "INT64", list(con_ids)),
        bigquery.ScalarQueryParameter("what_to_show", "STRING", what_to_show),
    ]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _before(at: datetime, span: timedelta) -> datetime:
    """`at` less `span`, or the beginning."""
    return at - span if at - BEGINNING > span else BEGINNING
