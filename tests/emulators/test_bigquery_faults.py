"""What BigQuery's failures do to history: no day counts as answered without its bars, and the remedy is told."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from ib_trading.core.coverage import DaySpan
from ib_trading.core.history import Portion
from ib_trading.core.refusals import StoreUnavailable
from ib_trading.ports.warehouse import Warehouse
from tests.contracts.places import BigqueryDataset
from tests.contracts.samples import DAILY, NOON, a_bar
from tests.emulators.http_faults import RESET, FaultyBigquery, faulty_bigquery

if TYPE_CHECKING:
    from google.cloud import bigquery

pytestmark = [pytest.mark.emulator, pytest.mark.timeout(180)]
PORTION = Portion(DAILY, [a_bar(2), a_bar(3)], (DaySpan(date(2019, 1, 2), date(2019, 1, 3)),))
FOREVER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def dataset(bigquery_address: str) -> BigqueryDataset:
    """With its tables, and nothing in them."""
    from emulators.bigquery import PROJECT, make_tables

    place = BigqueryDataset(bigquery_address, PROJECT, f"faults_{uuid4().hex}")
    make_tables(place.address, place.project, place.dataset, ("1 day",))
    return place


@pytest.fixture
def faulty(dataset: BigqueryDataset) -> Generator[FaultyBigquery]:
    with faulty_bigquery(dataset.address) as faulty:
        yield faulty


@pytest.fixture
def warehouse(dataset: BigqueryDataset, faulty: FaultyBigquery) -> Warehouse:
    """`dataset`, opened by way of `faulty`."""
    return BigqueryDataset(faulty.address, dataset.project, dataset.dataset).opened()


def closes(dataset: BigqueryDataset) -> list[Decimal]:
    found = dataset.opened().daily_closes([DAILY.con_id], "TRADES", FOREVER, 100)
    return [close.close for close in found[DAILY.con_id]]


def starts(dataset: BigqueryDataset) -> set[date]:
    """The days that have a bar."""
    found = dataset.opened().daily_closes([DAILY.con_id], "TRADES", FOREVER, 100)
    return {close.day for close in found[DAILY.con_id]}


def answered(dataset: BigqueryDataset) -> set[date]:
    """The days that will not be asked for again."""
    spans = dataset.opened().stored([DAILY.con_id], "TRADES", "1 day")[DAILY.con_id].asked
    return {
        span.first + timedelta(days=n) for span in spans for n in range((span.last - span.first).days + 1)
    }


def _stored(warehouse: Warehouse, portion: Portion) -> bool:
    try:
        warehouse.store([portion], NOON)
    except StoreUnavailable:
        return False
    return True


@pytest.mark.parametrize(
    ("status", "reason", "message", "remedy"),
    [
        (403, "accessDenied", "bigquery.jobs.create", r"roles/bigquery\.jobUser on project demo"),
        (
            403,
            "accessDenied",
            "Access Denied: Table",
            r"roles/bigquery\.dataEditor on dataset {dataset}",
        ),
        (403, "quotaExceeded", "Quota exceeded", "a quota of project demo is used up"),
        (401, "authError", "Invalid credentials", "identity is not accepted"),
        (404, "notFound", "Not found: Dataset", "`pulumi up`"),
        (400, "bytesBilledLimitExceeded", "Query exceeded limit", "fewer instruments or days"),
    ],
)
def test_a_failure_tells_what_to_do_and_nothing_is_written(
    dataset: BigqueryDataset,
    warehouse: Warehouse,
    faulty: FaultyBigquery,
    status: int,
    reason: str,
    message: str,
    remedy: str,
) -> None:
    faulty.fail("POST /bigquery/v2/projects/demo/jobs?", status, reason, message)
    with pytest.raises(StoreUnavailable, match=remedy.format(dataset=dataset.dataset)) as refused:
        warehouse.store([PORTION], NOON)
    assert refused.value.transient
    assert closes(dataset) == []


@pytest.mark.parametrize("replaces", [False, True])
def test_wherever_a_write_is_cut_short_no_day_counts_whose_bars_are_not_there(
    dataset: BigqueryDataset, warehouse: Warehouse, faulty: FaultyBigquery, replaces: bool
) -> None:
    """Days are marked by a statement of their own, and the process may end before any statement. A day that was marked
    too soon would never be asked for again, and its bar be missing for ever."""
    old = Portion(DAILY, [a_bar(2, "100"), a_bar(3, "101")], (DaySpan(date(2019, 1, 2), date(2019, 1, 3)),))
    new = Portion(
        DAILY,
        [a_bar(3, "51"), a_bar(4, "52")],
        (DaySpan(date(2019, 1, 3), date(2019, 1, 4)),),
        replaces=replaces,
    )
    dataset.opened().store([old], NOON)
    for spared in range(4 if replaces else 3):
        faulty.faults.clear()
        faulty.fail("POST /bigquery/v2/projects/demo/jobs?", 403, "accessDenied", spared=spared)
        if not _stored(warehouse, new):
            assert answered(dataset) <= starts(dataset), f"after {spared} statements"
            continue
        break
    assert spared == (3 if replaces else 2), "each statement was cut short once, and then all was written"
    assert answered(dataset) == starts(dataset)
    assert closes(dataset) == ([51, 52] if replaces else [100, 101, 52])


@pytest.mark.parametrize("status", [503, RESET])
def test_a_moment_without_bigquery_is_waited_out(
    dataset: BigqueryDataset, warehouse: Warehouse, faulty: FaultyBigquery, status: int
) -> None:
    faulty.fail("POST /bigquery/v2/projects/demo/jobs?", status, "backendError")
    faulty.fail("/queries", status, "backendError")
    assert warehouse.store([PORTION], NOON) == (2,)
    assert len(closes(dataset)) == 2


@pytest.mark.parametrize("status", [503, RESET])
def test_a_write_whose_answer_is_lost_is_not_done_twice(
    dataset: BigqueryDataset, warehouse: Warehouse, faulty: FaultyBigquery, status: int
) -> None:
    """The job was made before the connection broke: sent again under its name it is the same job."""
    faulty.fail("POST /bigquery/v2/projects/demo/jobs?", status, "backendError", after=True)
    assert warehouse.store([PORTION], NOON) == (2,)
    assert len(closes(dataset)) == 2


@pytest.mark.parametrize("status", [503, RESET])
def test_a_staging_table_whose_making_was_not_answered_is_used_as_it_is(
    dataset: BigqueryDataset, warehouse: Warehouse, faulty: FaultyBigquery, status: int
) -> None:
    """Asked for again it is there already (409): that was taken for a failure, and history was not stored."""
    faulty.fail("/tables?", status, "backendError", after=True)
    assert warehouse.store([PORTION], NOON) == (2,)
    assert len(closes(dataset)) == 2


def test_every_job_has_parameters_and_a_limit_on_what_it_reads(
    warehouse: Warehouse, faulty: FaultyBigquery
) -> None:
    warehouse.store([PORTION], NOON)
    warehouse.stored([DAILY.con_id], "TRADES", "1 day")
    warehouse.daily_closes([DAILY.con_id], "TRADES", FOREVER, 5)
    asked = [one.get("configuration", {}).get("query") or one for one in faulty.queries()]
    questions = [one for one in asked if isinstance(one.get("query"), str)]
    assert len(questions) >= 5
    for one in questions:
        assert int(one["maximumBytesBilled"]) > 0, one["query"]
        assert one["queryParameters"]
        assert str(DAILY.con_id) not in one["query"]
        assert "TRADES" not in one["query"]


def test_every_question_about_bars_names_its_partitions(
    dataset: BigqueryDataset, warehouse: Warehouse, faulty: FaultyBigquery
) -> None:
    """A table that refuses questions without a filter on its partitions answers all of them. The stand-in asks itself
    without one when it merges, whatever the statement says: of that the text is judged."""
    from emulators.bigquery import emulator_client
    from ib_trading.schema.tables import BAR_SIZES

    warehouse.store([PORTION], NOON)
    client: bigquery.Client = emulator_client(dataset.address, dataset.project)
    table = client.get_table(f"{dataset.project}.{dataset.dataset}.{BAR_SIZES['1 day']}")
    table.require_partition_filter = True
    client.update_table(table, ["require_partition_filter"])
    assert len(closes(dataset)) == 2
    assert warehouse.stored([DAILY.con_id], "TRADES", "1 day")[DAILY.con_id].newest is not None
    client.close()
    asked = [one.get("configuration", {}).get("query", {}).get("query", "") for one in faulty.queries()]
    merges = [text for text in asked if "MERGE" in text and f".{table.table_id}`" in text]
    assert merges
    assert all("kept.bar_start BETWEEN @first AND @last" in text for text in merges)


def test_no_staging_table_is_left(dataset: BigqueryDataset, warehouse: Warehouse) -> None:
    from emulators.bigquery import emulator_client

    client = emulator_client(dataset.address, dataset.project)

    def tables() -> set[str]:
        return {table.table_id for table in client.list_tables(f"{dataset.project}.{dataset.dataset}")}

    before = tables()
    warehouse.store([PORTION], NOON)
    assert tables() == before
    client.close()
