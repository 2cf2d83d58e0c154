"""How BigQuery is asked: how long each kind of job may take, how often it is tried, and how much it may read.

Every question has its values as parameters and a limit on the bytes that are billed. What is asked, the warehouse
decides; what a failure means, bigquery_failures.py.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from google.api_core.exceptions import GoogleAPICallError
from google.api_core.retry import Retry, if_exception_type
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_JOB_RETRY, DEFAULT_RETRY
from google.cloud.bigquery.table import Row

from ib_trading.adapters.google.bigquery_failures import Where, explained, is_conflict

Parameter = bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter

REQUEST_SECONDS = 20.0
"""One HTTP request. BigQuery holds a request for results open for 10 s."""

QUESTION_SECONDS = 60.0
WRITING_SECONDS = 300.0

QUESTION_BYTES = 2 * 1024**3
WRITING_BYTES = 20 * 1024**3
"""A question about a thousand instruments reads some megabytes, and a write the partitions that it touches: whoever
reads more has forgotten a filter."""

STAGING_HOURS = 1
"""After which a staging table that nobody removed goes by itself."""

# Which errors are worth another try is the client's own knowledge; how long it goes on is ours.
_REQUEST_RETRY = DEFAULT_RETRY.with_delay(initial=0.5, maximum=5.0, multiplier=2.0).with_timeout(30.0)
_QUESTION_RETRY = DEFAULT_JOB_RETRY.with_delay(initial=0.5, maximum=5.0, multiplier=2.0).with_timeout(
    QUESTION_SECONDS
)
_CONFLICT_RETRY = Retry(predicate=is_conflict, initial=0.1, maximum=5.0, multiplier=2.0, timeout=120.0)


class BigqueryJobs:
    """Jobs of one project on one dataset, on the client that `client` gives.

    Every call raises StoreUnavailable with the remedy.
    """

    def __init__(self, client: Callable[[], bigquery.Client], where: Where) -> None:
        self._client = client
        self._where = where

    def table(self, name: str) -> str:
        """As a statement names it."""
        return f"`{self._where.project}.{self._where.dataset}.{name}`"

    def rows(self, question: str, parameters: Sequence[Parameter]) -> list[Row]:
        config = bigquery.QueryJobConfig(
            query_parameters=list(parameters), maximum_bytes_billed=QUESTION_BYTES
        )
        with explained(self._where):
            return list(
                self._client().query_and_wait(
                    question,
                    job_config=config,
                    api_timeout=REQUEST_SECONDS,
                    wait_timeout=QUESTION_SECONDS,
                    retry=_REQUEST_RETRY,
                    job_retry=_QUESTION_RETRY,
                )
            )

    def written(self, statement: str, parameters: Sequence[Parameter]) -> int:
        """How many rows `statement`, which is atomic by itself, has added. It is done again if another writer of the
        same table was quicker."""
        with explained(self._where):
            return _CONFLICT_RETRY(self._written_once)(statement, parameters)

    def _written_once(self, statement: str, parameters: Sequence[Parameter]) -> int:
        config = bigquery.QueryJobConfig(
            query_parameters=list(parameters), maximum_bytes_billed=WRITING_BYTES
        )
        # The client names the job before it sends it: a request that is sent twice is the same job.
        job = self._client().query(
            statement, job_config=config, retry=_REQUEST_RETRY, timeout=REQUEST_SECONDS, job_retry=None
        )
        try:
            job.result(retry=_REQUEST_RETRY, timeout=WRITING_SECONDS, job_retry=None)
        except TimeoutError:
            # Nobody will read its answer: a statement that is not done yet should not be done later.
            with suppress(GoogleAPICallError):
                job.cancel(retry=_REQUEST_RETRY, timeout=REQUEST_SECONDS)
            raise
        return job.dml_stats.inserted_row_count if job.dml_stats else 0

    def stage(self, columns: Sequence[bigquery.SchemaField], lines: bytes) -> str:
        """The name of a new table that holds `lines`, one JSON object a row; it goes by itself."""
        name = f"staging_{uuid4().hex}"
        reference = f"{self._where.project}.{self._where.dataset}.{name}"
        table = bigquery.Table(reference, schema=columns)
        table.expires = datetime.now(UTC) + timedelta(hours=STAGING_HOURS)
        config = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
            schema=list(columns),
            write_disposition=bigquery.WriteDisposition.WRITE_EMPTY,
        )
        with explained(self._where):
            # Its name is nobody else's: one that is there already was made by a request whose answer was lost.
            self._client().create_table(table, exists_ok=True, retry=_REQUEST_RETRY, timeout=REQUEST_SECONDS)
            job = self._client().load_table_from_file(
                io.BytesIO(lines), reference, job_config=config, num_retries=3, timeout=REQUEST_SECONDS
            )
            job.result(retry=_REQUEST_RETRY, timeout=WRITING_SECONDS)
        return name

    def unstage(self, name: str) -> None:
        """Removes a staging table; one that cannot be removed now goes by itself."""
        reference = f"{self._where.project}.{self._where.dataset}.{name}"
        once = Retry(predicate=if_exception_type(), timeout=REQUEST_SECONDS)
        with suppress(GoogleAPICallError, OSError):
            self._client().delete_table(reference, retry=once, timeout=REQUEST_SECONDS, not_found_ok=True)
