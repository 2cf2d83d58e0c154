"""Market history in BigQuery; the tables are those of schema/tables.py, made by the Pulumi program.

Decides the statements. Bars are loaded into a staging table and taken over by key in one transaction. A question
names its contracts and a range of the column that the tables are partitioned by, so that it reads what it needs.
BigQuery enforces no key, and promises no conflict between two transactions that only add rows: whoever reads takes
the first of several bars with one key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from google.cloud import bigquery

from app.adapters.google.bigquery_failures import Where
from app.adapters.google.bigquery_jobs import BigqueryJobs, Parameter
from app.adapters.google.bigquery_rows import STAGED_COLUMNS, Batch, batch, fields
from app.core.coverage import DaySpan
from app.core.history import NewestBar, Portion, StoredSeries
from app.core.market import DailyClose
from app.ports.warehouse import table_of
from schema.tables import ASKED_COLUMNS, ASKED_TABLE, BAR_COLUMNS, BAR_KEY

BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
END = datetime(9999, 12, 31, tzinfo=UTC)
"""The first and the last day of a TIMESTAMP."""

_MARGIN = timedelta(days=40)
"""Longer than any market was closed; a series that ends earlier is looked for from the beginning."""


class BigqueryWarehouse:
    """Warehouse in `dataset` of `project`, on the client that `client` gives; StoreUnavailable with the remedy.

    Figures are NUMERIC: nine decimal places, exactly; finer ones are rounded half even.
    """

    def __init__(self, client: Callable[[], bigquery.Client], project: str, dataset: str) -> None:
        self._jobs = BigqueryJobs(client, Where(project, dataset))

    def store(self, portions: Sequence[Portion], stored_at: datetime) -> tuple[int, ...]:
        given = batch(portions, stored_at)
        if not (given.bars or given.asked or given.replaced):
            return tuple(0 for _ in portions)
        if not given.bars:
            self._jobs.written(self._script(given, None), given.parameters())
            return tuple(0 for _ in portions)
        staging = self._jobs.stage(fields(STAGED_COLUMNS), given.lines())
        try:
            counted = self._jobs.written(self._script(given, staging), given.parameters())
        finally:
            self._jobs.unstage(staging)
        counts = {row["portion"]: row["bars"] for row in counted}
        return tuple(counts.get(number, 0) for number, _ in enumerate(portions))

    def stored(self, con_ids: Iterable[int], what_to_show: str, bar_size: str) -> Mapping[int, StoredSeries]:
        """The days first and then the bars: who stores in between shows a bar too many, never a day too many."""
        table, wanted = table_of(bar_size), list(con_ids)
        question = f"""
            SELECT DISTINCT con_id, first_day, last_day FROM {self._jobs.table(ASKED_TABLE)}
            WHERE con_id IN UNNEST(@con_ids) AND what_to_show = @what_to_show AND bar_size = @bar_size
            ORDER BY con_id, first_day, last_day
        """
        of_size = bigquery.ScalarQueryParameter("bar_size", "STRING", bar_size)
        asked: dict[int, list[DaySpan]] = {con_id: [] for con_id in wanted}
        for row in self._jobs.rows(question, [*_series(wanted, what_to_show), of_size]):
            asked[row["con_id"]].append(DaySpan(row["first_day"], row["last_day"]))
        ends = [max(span.last for span in spans) for spans in asked.values() if spans]
        since = _before(_midnight(min(ends)), _MARGIN) if ends else BEGINNING
        newest = self._last_bars(table, wanted, what_to_show, since, END, 1)
        return {
            con_id: StoredSeries(
                newest=NewestBar(*newest[con_id][-1]) if newest[con_id] else None, asked=tuple(spans)
            )
            for con_id, spans in asked.items()
        }

    def daily_closes(
        self, con_ids: Iterable[int], what_to_show: str, before: datetime, count: int
    ) -> Mapping[int, tuple[DailyClose, ...]]:
        # Five trading days a week and some holidays.
        since = _before(before, timedelta(days=min(count, 100_000) * 3 // 2) + _MARGIN)
        found = self._last_bars(table_of("1 day"), list(con_ids), what_to_show, since, before, count)
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
    ) -> dict[int, list[tuple[datetime, Decimal]]]:
        """(start, close) of the last `count` bars before `before`, oldest first, from `since` on; of a contract that
        has fewer there, from the beginning."""
        found: dict[int, list[tuple[datetime, Decimal]]] = {con_id: [] for con_id in con_ids}
        for earliest in dict.fromkeys((since, BEGINNING)):
            lacking = [con_id for con_id, bars in found.items() if len(bars) < count]
            if not lacking:
                break
            found |= {con_id: [] for con_id in lacking}
            for row in self._jobs.rows(
                self._question(table),
                [
                    *_series(lacking, what_to_show),
                    bigquery.ScalarQueryParameter("since", "TIMESTAMP", earliest),
                    bigquery.ScalarQueryParameter("before", "TIMESTAMP", before),
                    bigquery.ScalarQueryParameter("count", "INT64", count),
                ],
            ):
                found[row["con_id"]].append((row["bar_start"], row["close"]))
        return found

    def _question(self, table: str) -> str:
        return f"""
            SELECT con_id, bar_start, MIN_BY(close, stored_at) AS close FROM {self._jobs.table(table)}
            WHERE con_id IN UNNEST(@con_ids) AND what_to_show = @what_to_show
              AND bar_start >= @since AND bar_start < @before
            GROUP BY con_id, bar_start
            QUALIFY ROW_NUMBER() OVER (PARTITION BY con_id ORDER BY bar_start DESC) <= @count
            ORDER BY con_id, bar_start
        """

    def _script(self, given: Batch, staging: str | None) -> str:
        """One transaction, and after it (portion, bars) of what was new."""
        statements = ["BEGIN TRANSACTION"]
        sizes = given.bar_sizes()
        if given.replaced:
            statements += [self._forgetting(table_of(bar_size), bar_size) for bar_size in sizes]
            statements.append(self._forgetting_days())
        if staging is not None:
            for bar_size in sizes:
                statements += self._taking_over(table_of(bar_size), bar_size, staging)
        statements.append(self._remembering_days())
        statements.append("COMMIT TRANSACTION")
        if staging is not None:
            new = " UNION ALL ".join(f"SELECT portion FROM new_{table_of(bar_size)}" for bar_size in sizes)
            statements.append(f"SELECT portion, COUNT(*) AS bars FROM ({new}) GROUP BY portion")
        return ";\n".join(statements) + ";"

    def _forgetting(self, table: str, bar_size: str) -> str:
        """Of a replaced series everything goes, whenever it was: this is the one statement that reads every partition,
        of which clustering leaves the blocks with those contracts."""
        return f"""DELETE FROM {self._jobs.table(table)} AS kept
            WHERE kept.bar_start >= TIMESTAMP '0001-01-01' AND EXISTS (
              SELECT 1 FROM UNNEST(@replaced) AS gone
              WHERE gone.con_id = kept.con_id AND gone.what_to_show = kept.what_to_show
                AND gone.bar_size = '{bar_size}')"""

    def _forgetting_days(self) -> str:
        return f"""DELETE FROM {self._jobs.table(ASKED_TABLE)} AS kept
            WHERE EXISTS (
              SELECT 1 FROM UNNEST(@replaced) AS gone
              WHERE gone.con_id = kept.con_id AND gone.what_to_show = kept.what_to_show
                AND gone.bar_size = kept.bar_size)"""

    def _taking_over(self, table: str, bar_size: str, staging: str) -> list[str]:
        kept, key = self._jobs.table(table), ", ".join(BAR_KEY)
        columns = ", ".join(column.name for column in BAR_COLUMNS)
        within = "bar_start BETWEEN @first AND @last"
        return [
            f"""CREATE TEMP TABLE new_{table} AS
            SELECT staged.* FROM {self._jobs.table(staging)} AS staged
            LEFT JOIN (SELECT {key}, TRUE AS there FROM {kept} WHERE {within}) AS kept USING ({key})
            WHERE kept.there IS NULL AND staged.bar_size = '{bar_size}'""",
            f"INSERT INTO {kept} ({columns}) SELECT {columns} FROM new_{table}",
        ]

    def _remembering_days(self) -> str:
        columns = ", ".join(column.name for column in ASKED_COLUMNS)
        asked = ", ".join(f"one.{column.name}" for column in ASKED_COLUMNS)
        return f"""INSERT INTO {self._jobs.table(ASKED_TABLE)} ({columns})
            SELECT {asked} FROM UNNEST(@asked) AS one"""


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
