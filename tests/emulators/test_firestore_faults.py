"""What Firestore's failures do to a run: nothing is half-written or written twice, and the remedy is told."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import grpc
import pytest

from app.core.journal import RunState
from app.errors import StoreUnavailable
from tests.contracts.places import FirestoreProject, Stores
from tests.contracts.samples import NOON, a_booking, a_lease, a_run, after, an_order
from tests.emulators.grpc_faults import FaultyGrpc

pytestmark = [pytest.mark.emulator, pytest.mark.timeout(120)]
Code = grpc.StatusCode


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (Code.PERMISSION_DENIED, "roles/datastore.user on Firestore database paper of project {project}"),
        (Code.UNAUTHENTICATED, "gcloud auth application-default login"),
        (Code.NOT_FOUND, "no Firestore database paper of project {project}: `pulumi up` makes it"),
        (Code.RESOURCE_EXHAUSTED, "quota"),
        (Code.DEADLINE_EXCEEDED, "did not answer in time"),
        (Code.INTERNAL, "status.cloud.google.com"),
    ],
)
def test_a_failure_tells_what_to_do_and_nothing_is_half_written(
    stores: Stores, faulty: FaultyGrpc, project: FirestoreProject, code: Code, remedy: str
) -> None:
    """A plan without its orders would never be sent and never be abandoned."""
    stores.journal.claim(a_run("run-1"), None)
    lease = a_lease(stores.journal)
    faulty.fail("Commit", code)
    planned = a_run("run-1", state=RunState.PLANNED, plan=b"{}")
    with pytest.raises(StoreUnavailable) as refused:
        stores.journal.save_plan(planned, [an_order("ref-1", "run-1")], lease)
    assert remedy.format(project=project.project) in refused.value.detail
    assert (stores.journal.run("run-1"), stores.journal.orders("run-1")) == (a_run("run-1"), ())


def test_a_read_that_is_not_permitted_names_the_role(stores: Stores, faulty: FaultyGrpc) -> None:
    faulty.fail("RunQuery", Code.PERMISSION_DENIED)
    with pytest.raises(StoreUnavailable, match=r"roles/datastore\.user"):
        stores.positions.holdings()


def test_a_missing_index_is_made_by_pulumi(stores: Stores, faulty: FaultyGrpc) -> None:
    faulty.fail("RunQuery", Code.FAILED_PRECONDITION)
    with pytest.raises(StoreUnavailable, match="`pulumi up` makes the indexes"):
        stores.journal.runs(10)


@pytest.mark.parametrize("method", ["BatchGetDocuments", "BeginTransaction", "Commit"])
def test_a_moment_without_firestore_is_waited_out(stores: Stores, faulty: FaultyGrpc, method: str) -> None:
    stores.journal.claim(a_run("run-1"), None)
    lease = a_lease(stores.journal)
    faulty.fail(method, Code.UNAVAILABLE, times=2)
    stores.journal.save_orders([an_order("ref-1", "run-1")], lease)
    assert stores.journal.orders("run-1") == (an_order("ref-1", "run-1"),)


def test_a_firestore_that_stays_away_is_told_within_seconds(stores: Stores, faulty: FaultyGrpc) -> None:
    faulty.fail("BatchGetDocuments", Code.UNAVAILABLE, times=1_000)
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        stores.journal.trading_switch()


def test_fills_whose_commit_was_not_answered_are_booked_once(stores: Stores, faulty: FaultyGrpc) -> None:
    """Google's own loop sends the commit again; had it counted, the holdings would have been written twice."""
    lease = a_lease(stores.journal)
    faulty.fail("Commit", Code.UNAVAILABLE, after=True)
    stores.positions.apply([a_booking("exec-1", {"trend": "3"})], lease)
    assert stores.positions.holdings() == {"trend": {265598: Decimal(3)}}
    assert len(stores.positions.bookings()) == 1


def test_a_claim_whose_answer_was_lost_is_the_claimants(stores: Stores, faulty: FaultyGrpc) -> None:
    """It would have been told that its own run has the key, and nobody would have traded."""
    faulty.fail("Commit", Code.UNAVAILABLE, after=True)
    assert stores.journal.claim(a_run("run-1", "monday"), None) is None
    assert stores.journal.claim(a_run("run-2", "monday"), None) == a_run("run-1", "monday")


def test_a_lease_whose_answer_was_lost_is_taken_with_a_higher_fence(
    stores: Stores, faulty: FaultyGrpc
) -> None:
    faulty.fail("Commit", Code.UNAVAILABLE, after=True)
    lease = a_lease(stores.journal)
    assert lease.fence == 2
    stores.journal.check_lease(lease)
    assert stores.journal.acquire_lease("another", NOON, after(60)) is None


def test_a_line_of_activity_whose_answer_was_lost_is_one_line(stores: Stores, faulty: FaultyGrpc) -> None:
    from tests.contracts.test_activity_log import an_activity

    faulty.fail("Commit", Code.UNAVAILABLE, after=True)
    stores.activity.append(an_activity(1))
    assert stores.activity.latest(10) == (an_activity(1),)


def test_a_transaction_that_lost_against_another_is_run_again(stores: Stores, faulty: FaultyGrpc) -> None:
    stores.journal.claim(a_run("run-1"), None)
    lease = a_lease(stores.journal)
    faulty.fail("Commit", Code.ABORTED, times=3)
    settled = replace(a_run("run-1"), state=RunState.SETTLED)
    stores.journal.save_run(settled, lease)
    assert stores.journal.run("run-1") == settled
