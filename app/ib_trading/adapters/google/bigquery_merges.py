"""What writes history to BigQuery: statements each of which is atomic by itself, and the order in which they are sent.

Decides that no day counts as answered whose bars are not there: days of a series that is replaced are forgotten first,
then every table of bars is merged by key from the staging table, then the days are merged. A process that ends in
between leaves bars whose days are not remembered: they are asked for again, which changes nothing.

A MERGE and not an INSERT of what is missing, because BigQuery lets two INSERTs into one table pass each other: two
processes would both find a bar missing and both add it. Of two MERGEs the second sees what the first has done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from google.cloud import bigquery

from ib_trading.adapters.google.bigquery_jobs import BigqueryJobs
from ib_trading.adapters.google.bigquery_rows import Batch, DayRow, day_rows
from ib_trading.ports.warehouse import table_of
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

_SERIES = "CONCAT(CAST(kept.con_id AS STRING), ' ', kept.what_to_show)"
"""A series of the table of one bar size, as `Batch.replaced_in` spells it."""


class BigqueryMerges:
    """Every call raises StoreUnavailable with the remedy; what was done until then stays, and may be done again."""

    def __init__(self, jobs: BigqueryJobs) -> None:
        self._jobs = jobs

    def days_without_bars(self, given: Batch) -> None:
        self._forget_days(given)
        for bar_size in given.bar_sizes():
            self._forget_bars(given, bar_size)
        self._remember_days(given)

    def bars_and_days(self, given: Batch, staging: str) -> Mapping[int, int]:
        """Portion → how many of its bars, which are in table `staging`, were new."""
        self._forget_days(given)
        counts: Counter[int] = Counter()
        for bar_size in given.bar_sizes():
            if given.has_bars(bar_size):
                counts.update(self._merge_bars(given, bar_size, staging))
            else:
                self._forget_bars(given, bar_size)
        self._remember_days(given)
        return counts

    def _merge_bars(self, given: Batch, bar_size: str, staging: str) -> Mapping[int, int]:
        """The same. A bar of a replaced series is always a new one. If another process adds some of them between the
        question and the statement, only the sum is certain."""
        if given.replaced_in(bar_size):
            missing = self._missing(given, bar_size, staging)
            self._jobs.written(self._replacing(bar_size, staging), _of_size(given, bar_size))
            return missing
        portions = given.portions_of(bar_size)
        missing = self._missing(given, bar_size, staging) if len(portions) > 1 else {}
        added = self._jobs.written(self._adding(bar_size, staging), _of_size(given, bar_size))
        return _summing_to(added, missing) if missing else dict.fromkeys(portions, added)

    def _missing(self, given: Batch, bar_size: str, staging: str) -> Mapping[int, int]:
        """Portion → how many of its bars are not in the table, or are in it and will be replaced."""
        key = ", ".join(BAR_KEY)
        question = f"""
            SELECT portion, COUNT(*) AS bars FROM {self._jobs.table(staging)} AS staged
            LEFT JOIN (
              SELECT {key}, TRUE AS there FROM {self._jobs.table(table_of(bar_size))} AS kept
              WHERE bar_start BETWEEN @first AND @last AND {_SERIES} NOT IN UNNEST(@replaced)
            ) AS kept USING ({key})
            WHERE kept.there IS NULL AND staged.bar_size = @bar_size
            GROUP BY portion ORDER BY portion
        """
        return {row["portion"]: row["bars"] for row in self._jobs.rows(question, _of_size(given, bar_size))}

    def _adding(self, bar_size: str, staging: str) -> str:
        """The range is no condition, which the keys are already: it tells which partitions to read."""
        return f"""
            MERGE {self._jobs.table(table_of(bar_size))} AS kept USING {self._staged(staging)} AS staged
            ON {_same(BAR_KEY, "staged")} AND kept.bar_start BETWEEN @first AND @last
            WHEN NOT MATCHED THEN {_inserted()}
        """

    def _replacing(self, bar_size: str, staging: str) -> str:
        """Of a replaced series everything else goes, whenever it was: this reads every partition, of which clustering
        leaves the blocks with those contracts."""
        updated = ", ".join(
            f"{column.name} = staged.{column.name}" for column in BAR_COLUMNS if column.name not in BAR_KEY
        )
        return f"""
            MERGE {self._jobs.table(table_of(bar_size))} AS kept USING {self._staged(staging)} AS staged
            ON {_same(BAR_KEY, "staged")} AND kept.bar_start >= TIMESTAMP '0001-01-01'
            WHEN MATCHED AND {_SERIES} IN UNNEST(@replaced) THEN UPDATE SET {updated}
            WHEN NOT MATCHED THEN {_inserted()}
            WHEN NOT MATCHED BY SOURCE AND {_SERIES} IN UNNEST(@replaced) THEN DELETE
        """

    def _staged(self, staging: str) -> str:
        return f"(SELECT * FROM {self._jobs.table(staging)} WHERE bar_size = @bar_size)"

    def _forget_bars(self, given: Batch, bar_size: str) -> None:
        if given.replaced_in(bar_size):
            statement = f"""
                DELETE FROM {self._jobs.table(table_of(bar_size))} AS kept
                WHERE kept.bar_start >= TIMESTAMP '0001-01-01' AND {_SERIES} IN UNNEST(@replaced)
            """
            self._jobs.written(statement, [_replaced(given, bar_size)])

    def _forget_days(self, given: Batch) -> None:
        for bar_size in given.bar_sizes():
            if given.replaced_in(bar_size):
                statement = f"""
                    DELETE FROM {self._jobs.table(ASKED_TABLE)} AS kept
                    WHERE kept.bar_size = @bar_size AND {_SERIES} IN UNNEST(@replaced)
                """
                self._jobs.written(statement, [_size(bar_size), _replaced(given, bar_size)])

    def _remember_days(self, given: Batch) -> None:
        """The days asked for first: one that has no bar counts only beside them, from when that was last said."""
        self._remember(ASKED_TABLE, ASKED_COLUMNS, ASKED_KEY, given.asked)
        later = (
            "WHEN MATCHED AND kept.asked_at < answered.asked_at THEN UPDATE SET asked_at = answered.asked_at"
        )
        self._remember(EMPTY_TABLE, EMPTY_COLUMNS, EMPTY_KEY, given.empty, later)

    def _remember(
        self,
        table: str,
        table_columns: tuple[Column, ...],
        key: tuple[str, ...],
        rows: tuple[DayRow, ...],
        matched: str = "",
    ) -> None:
        if not rows:
            return
        columns = ", ".join(column.name for column in table_columns)
        told = ", ".join(f"one.{column.name} AS {column.name}" for column in table_columns)
        values = ", ".join(f"answered.{column.name}" for column in table_columns)
        statement = f"""
            MERGE {self._jobs.table(table)} AS kept
            USING (SELECT {told} FROM UNNEST(@days) AS one) AS answered
            ON {_same(key, "answered")}
            {matched}
            WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({values})
        """
        self._jobs.written(statement, [day_rows(table_columns, rows)])


def _of_size(
    given: Batch, bar_size: str
) -> list[bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter]:
    """@bar_size, @replaced, and the earliest and latest start of the bars of that size, @first and @last."""
    first, last = given.span_of(bar_size)
    return [
        _size(bar_size),
        _replaced(given, bar_size),
        bigquery.ScalarQueryParameter("first", "TIMESTAMP", first),
        bigquery.ScalarQueryParameter("last", "TIMESTAMP", last),
    ]


def _size(bar_size: str) -> bigquery.ScalarQueryParameter:
    return bigquery.ScalarQueryParameter("bar_size", "STRING", bar_size)


def _replaced(given: Batch, bar_size: str) -> bigquery.ArrayQueryParameter:
    return bigquery.ArrayQueryParameter("replaced", "STRING", list(given.replaced_in(bar_size)))


def _same(key: tuple[str, ...], source: str) -> str:
    return " AND ".join(f"kept.{column} = {source}.{column}" for column in key)


def _inserted() -> str:
    columns = [column.name for column in BAR_COLUMNS]
    values = ", ".join(f"staged.{column}" for column in columns)
    return f"INSERT ({', '.join(columns)}) VALUES ({values})"


def _summing_to(added: int, missing: Mapping[int, int]) -> dict[int, int]:
    """`missing`, of which the last ones are lowered until they sum to no more than `added`."""
    left, counts = added, {}
    for portion, count in missing.items():
        counts[portion] = min(count, left)
        left -= counts[portion]
    return counts
