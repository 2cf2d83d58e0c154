"""What Google's failures do to a whole trading run: it refuses before it trades, or settles after. Judged by the
simulator's record and by the documents in the emulator, never by the answers alone.

A call goes through the application with BACKEND=google, whose clients reach the emulators by way of proxies that fail
on command.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import grpc
import pytest

from emulators.bigquery import PROJECT, make_tables
from ib_trading.adapters.google.firestore_database import FirestoreDatabase
from ib_trading.composition import build_services
from ib_trading.host.in_process import InProcess
from ib_trading.schema.documents import TRADING_FIELD, configuration_path
from ib_trading.settings import read_settings
from ib_trading_simulator.launch import Launched
from tests.emulators.grpc_faults import FaultyGrpc
from tests.emulators.http_faults import RESET, FaultyBigquery, faulty_bigquery
from tests.positions import broker_positions, together
from tests.service import START, Reply, ServiceUnderTest

pytestmark = [pytest.mark.emulator, pytest.mark.timeout(120)]
Code = grpc.StatusCode
ALWAYS = 1_000
TRADING = {"exposure": {"overall": "0.9", "strategies": {"dummy": "0.2", "trend": "0.6"}}}

# What only the commits of one step say.
CLAIM, PLAN, MARK, BOOKING = "/keys/", "planned", "sending", "/bookings/"


@dataclass(frozen=True, slots=True)
class Ground:
    """A service on Google's backend with faults in reach, and the simulator behind it."""

    service: ServiceUnderTest
    simulator: Launched
    firestore: FaultyGrpc
    bigquery: FaultyBigquery
    database: str

    def allocate(self) -> Reply:
        return self.service.post("/allocation", {"strategies": ["dummy", "trend"]}, Idempotency_Key="monday")

    def orders(self) -> Counter[str]:
        """orderRef → how many orders have reached the simulator."""
        return Counter(order["orderRef"] for order in self.simulator.state(messages=False)["orders"])

    def positions(self) -> dict[str, Decimal]:
        return {str(con_id): quantity for con_id, quantity in broker_positions(self.simulator).items()}

    def documents(self, path: str) -> dict[str, dict[str, Any]]:
        """Id → fields of a collection."""
        from google.cloud import firestore

        client = firestore.Client(project=PROJECT, database=self.database)
        found = {one.id: one.to_dict() or {} for one in client.collection(path).stream(timeout=20)}
        client.close()
        return found

    def holdings(self) -> dict[str, Decimal]:
        """Contract id → what all strategies hold of it together."""
        return together(self.documents("positions/paper/holdings"))

    def assert_nothing_is_half_written(self) -> None:
        """Each order that left is in the journal, once and marked; no order is without the plan that it is of, and no
        booking without its order."""
        runs = self.documents("journal/paper/runs")
        journal = self.documents("journal/paper/orders")
        assert set(self.orders().values()) <= {1}
        assert all(journal[ref]["state"] != "planned" for ref in self.orders())
        assert all(runs[order["runId"]].get("plan") for order in journal.values())
        assert {one["orderRef"] for one in self.documents("positions/paper/bookings").values()} <= set(
            journal
        )

    def assert_settled(self) -> None:
        self.assert_nothing_is_half_written()
        assert self.positions(), "nothing was traded"
        assert self.holdings() == self.positions()
        assert self.documents("positions/paper/openOrders") == {}
        states = {run["state"] for run in self.documents("journal/paper/runs").values()}
        # A run of which no order left has failed; the call that came after it made another.
        assert "settled" in states
        assert states <= {"settled", "failed"}


@pytest.fixture(scope="module")
def collected(bigquery_address: str) -> str:
    """A dataset that holds what was collected before the faults began; every test reads it, and none writes it."""
    dataset = f"runs_{uuid4().hex}"
    make_tables(bigquery_address, PROJECT, dataset)
    return dataset


@pytest.fixture
def simulator() -> Iterator[Launched]:
    with Launched.start("--clock", "virtual", "--start", START, "--cash", "USD=1000000") as running:
        yield running


@pytest.fixture
def ground(
    faulty: FaultyGrpc, bigquery_address: str, collected: str, simulator: Launched
) -> Generator[Ground]:
    """A Firestore database of its own, into which Pulumi has written the configuration, and collected history."""
    from google.cloud import firestore

    database = f"run-{uuid4().hex}"
    client = firestore.Client(project=PROJECT, database=database)
    client.document(configuration_path("paper")).set({TRADING_FIELD: TRADING}, timeout=20)
    client.close()
    with faulty_bigquery(bigquery_address) as warehouse:
        environment = {
            "BACKEND": "google",
            "PROJECT_ID": PROJECT,
            "FIRESTORE_DATABASE": database,
            "BIGQUERY_DATASET": collected,
            "BIGQUERY_EMULATOR_HOST": warehouse.address,
            "IB_GATEWAY": f"127.0.0.1:{simulator.port}",
            "CLOCK": "broker",
        }
        settings = read_settings(environment)
        services = replace(build_services(settings), strategies=InProcess.discovered())
        service = ServiceUnderTest.of(services, settings.local_data_dir)
        ground = Ground(service, simulator, faulty, warehouse, database)
        # Asked again it finds everything there: only the first test's call brings something.
        assert service.post("/collect-market-data", {"strategies": ["trend"]}).status == 200
        faulty.calls.clear()
        yield ground


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that stays away is given up soon."""
    monkeypatch.setattr(FirestoreDatabase, "timeout", 1.0)


@pytest.mark.parametrize(
    ("step", "code", "remedy"),
    [
        (CLAIM, Code.PERMISSION_DENIED, "roles/datastore.user on Firestore database {database}"),
        (PLAN, Code.DEADLINE_EXCEEDED, "did not answer in time"),
        (MARK, Code.RESOURCE_EXHAUSTED, "the quota of Firestore database {database}"),
        (MARK, Code.PERMISSION_DENIED, "roles/datastore.user on Firestore database {database}"),
    ],
)
@pytest.mark.usefixtures("impatient")
def test_a_run_that_cannot_write_what_comes_before_an_order_sends_none(
    ground: Ground, step: str, code: Code, remedy: str
) -> None:
    """An order that is not marked before it leaves would be lost with the process, or be sent again."""
    fault = ground.firestore.fail("Commit", code, said=step, times=ALWAYS)
    refused = ground.allocate()
    assert fault.struck, "the fault has met nothing"
    assert refused.status in {502, 503}
    assert remedy.format(database=ground.database) in refused.body["detail"]
    assert not ground.orders()
    ground.assert_nothing_is_half_written()
    ground.firestore.faults.clear()
    assert ground.allocate().status == 200
    ground.assert_settled()


@pytest.mark.parametrize("code", [Code.PERMISSION_DENIED, Code.DEADLINE_EXCEEDED])
@pytest.mark.usefixtures("impatient")
def test_a_run_that_cannot_book_its_fills_is_settled_by_the_next_call(ground: Ground, code: Code) -> None:
    """The orders have left: whoever said that nothing was done would have them sent twice."""
    fault = ground.firestore.fail("Commit", code, said=BOOKING, times=ALWAYS)
    failed = ground.allocate()
    assert fault.struck
    assert failed.status == 502
    assert "settled by the next run" in failed.body["detail"]
    sent = ground.orders()
    assert sent
    assert ground.holdings() == {}
    ground.assert_nothing_is_half_written()
    ground.firestore.faults.clear()
    assert ground.allocate().status == 200
    assert ground.orders() == sent
    ground.assert_settled()


@pytest.mark.parametrize(
    ("step", "code", "after"),
    [
        (CLAIM, Code.UNAVAILABLE, True),
        (CLAIM, None, False),
        (PLAN, None, True),
        (MARK, Code.UNAVAILABLE, False),
        (MARK, None, True),
        (BOOKING, Code.UNAVAILABLE, True),
        (BOOKING, None, True),
    ],
    ids=lambda told: "reset" if told is None else str(getattr(told, "name", told)),
)
def test_a_moment_without_firestore_delays_a_run_and_changes_nothing(
    ground: Ground, step: str, code: Code | None, after: bool
) -> None:
    """Also where the commit counted and only its answer was lost."""
    fault = ground.firestore.fail("Commit", code, said=step, after=after)
    assert ground.allocate().status == 200
    assert fault.struck == 1
    ground.assert_settled()


@pytest.mark.parametrize(
    ("reason", "message", "remedy"),
    [
        ("accessDenied", "bigquery.jobs.create", "roles/bigquery.jobUser on project demo"),
        ("accessDenied", "Access Denied: Table", "roles/bigquery.dataEditor on dataset runs_"),
        ("quotaExceeded", "Quota exceeded", "a quota of project demo is used up"),
    ],
)
def test_a_run_that_cannot_read_history_refuses(
    ground: Ground, reason: str, message: str, remedy: str
) -> None:
    """A strategy without history would say zero for everything, and sell it."""
    ground.bigquery.fail("/queries", 403, reason, message, times=ALWAYS)
    refused = ground.allocate()
    assert refused.status == 503
    assert remedy in refused.body["detail"]
    assert not ground.orders()
    assert ground.documents("journal/paper/orders") == {}
    ground.bigquery.faults.clear()
    assert ground.allocate().status == 200
    ground.assert_settled()


@pytest.mark.parametrize("status", [503, RESET])
def test_a_moment_without_bigquery_delays_a_run_and_changes_nothing(ground: Ground, status: int) -> None:
    ground.bigquery.fail("/queries", status, "backendError")
    assert ground.allocate().status == 200
    ground.assert_settled()


def test_slow_services_delay_a_run_and_change_nothing(ground: Ground) -> None:
    ground.firestore.delay = ground.bigquery.delay = 0.05
    assert ground.allocate().status == 200
    ground.assert_settled()
