"""What Firestore's failures do to a run: nothing is half-written or written twice, and the remedy is told."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import grpc
import pytest
from google.cloud.firestore_v1.types import BeginTransactionRequest

from ib_trading.adapters.google.firestore_database import FirestoreDatabase
from ib_trading.core.journal import RunState
from ib_trading.core.order_state import OrderState
from ib_trading.core.refusals import StoreUnavailable
from ib_trading.core.snapshot import TradingSwitch
from tests.contracts.places import FirestoreProject, Stores
from tests.contracts.samples import NOON, a_booking, a_lease, a_run, after, an_order
from tests.emulators.grpc_faults import FaultyGrpc

PLANNED = a_run("run-1", state=RunState.PLANNED, plan=b"{}")

pytestmark = [pytest.mark.emulator, pytest.mark.timeout(120)]
Code = grpc.StatusCode

UNANSWERED = [Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED, Code.UNKNOWN, Code.CANCELLED, Code.INTERNAL]
"""After which nobody knows whether the call counted."""
PASSING = [*UNANSWERED, Code.ABORTED, Code.RESOURCE_EXHAUSTED, Code.UNAUTHENTICATED]
"""What Google's client for Node starts a transaction again after: nodejs-firestore, issue 953."""


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (Code.PERMISSION_DENIED, "roles/datastore.user on Firestore database paper of project {project}"),
        (Code.UNAUTHENTICATED, "gcloud auth application-default login"),
        (Code.NOT_FOUND, "no Firestore database paper of project {project}: `pulumi up` makes it"),
        (Code.RESOURCE_EXHAUSTED, "quota"),
        (Code.DEADLINE_EXCEEDED, "did not answer in time"),
        (Code.INTERNAL, "status.cloud.google.com"),
        (Code.UNKNOWN, "status.cloud.google.com"),
        (Code.CANCELLED, "try again"),
        (Code.ABORTED, "other processes kept writing"),
    ],
)
def test_a_failure_tells_what_to_do_and_nothing_is_half_written(
    stores: Stores,
    faulty: FaultyGrpc,
    project: FirestoreProject,
    monkeypatch: pytest.MonkeyPatch,
    code: Code,
    remedy: str,
) -> None:
    """A plan without its orders would never be sent and never be abandoned."""
    monkeypatch.setattr(FirestoreDatabase, "timeout", 0.5)
    stores.journal.claim(a_run("run-1"), None)
    lease = a_lease(stores.trading_lease)
    faulty.fail("Commit", code, times=1_000)
    with pytest.raises(StoreUnavailable) as refused:
        stores.journal.save_plan(PLANNED, [an_order("ref-1", "run-1")], lease)
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


@pytest.mark.parametrize("code", PASSING)
@pytest.mark.parametrize("method", ["BatchGetDocuments", "BeginTransaction", "Commit"])
def test_what_passes_is_waited_out_wherever_it_strikes_a_transaction(
    stores: Stores, faulty: FaultyGrpc, method: str, code: Code
) -> None:
    """The reads of a transaction take locks and may be ABORTED as its commit may be. That was retried on the commit
    alone: a run that lost a read after its first window of orders ended there, and the later windows were never
    sent."""
    stores.journal.claim(a_run("run-1"), None)
    lease = a_lease(stores.trading_lease)
    faulty.fail(method, code, times=2)
    stores.journal.save_plan(PLANNED, [an_order("ref-1", "run-1")], lease)
    assert stores.journal.run("run-1") == PLANNED
    assert stores.journal.orders("run-1") == (an_order("ref-1", "run-1"),)


def test_a_query_that_loses_its_locks_is_asked_again_in_a_new_transaction(
    stores: Stores, faulty: FaultyGrpc
) -> None:
    stores.journal.claim(a_run("run-1"), None)
    faulty.fail("RunQuery", Code.ABORTED, times=2)
    stores.journal.withdraw("run-1")
    assert stores.journal.run("run-1") is None


@pytest.mark.parametrize("code", UNANSWERED)
def test_a_read_outside_of_transactions_waits_out_what_passes(
    stores: Stores, faulty: FaultyGrpc, code: Code
) -> None:
    """A connection that goes while an answer comes is UNKNOWN ("Stream removed"), which became a 500."""
    faulty.fail("BatchGetDocuments", code, times=2)
    faulty.fail("RunQuery", code, times=2)
    assert stores.journal.trading_switch() == TradingSwitch()
    assert stores.journal.runs(10) == ()


def test_looking_at_what_is_open_takes_no_locks(stores: Stores, faulty: FaultyGrpc) -> None:
    """/metrics and dry-runs look while a run writes the same documents: a look that locks them holds the run up. One
    that is begun again names no transaction to be retried, which Firestore refuses of one that only reads."""
    stores.journal.claim(a_run("run-1"), None)
    stores.journal.save_orders([an_order("ref-1", "run-1")], a_lease(stores.trading_lease))
    faulty.calls.clear()
    faulty.fail("RunQuery", Code.UNAVAILABLE)
    assert stores.journal.unsettled_orders() == (an_order("ref-1", "run-1"),)
    begun = [
        BeginTransactionRequest.deserialize(said)
        for method, said in faulty.calls
        if method == "BeginTransaction"
    ]
    assert ["read_only" in one.options for one in begun] == [True, True]
    assert "Commit" not in {method for method, _ in faulty.calls}


def test_a_firestore_that_stays_away_is_told_within_seconds(stores: Stores, faulty: FaultyGrpc) -> None:
    faulty.fail("BatchGetDocuments", Code.UNAVAILABLE, times=1_000)
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        stores.journal.trading_switch()


@pytest.mark.parametrize("code", UNANSWERED)
def test_fills_whose_commit_was_not_answered_are_booked_once(
    stores: Stores, faulty: FaultyGrpc, code: Code
) -> None:
    """Run anew the transaction finds them booked. Google's own loop would send the commit itself again."""
    lease = a_lease(stores.trading_lease)
    faulty.fail("Commit", code, after=True)
    stores.positions.apply([a_booking("exec-1", {"trend": "3"})], lease)
    assert stores.positions.holdings() == {"trend": {265598: Decimal(3)}}
    assert len(stores.positions.bookings()) == 1


@pytest.mark.parametrize("code", UNANSWERED)
def test_orders_whose_commit_was_not_answered_are_saved_once(
    stores: Stores, faulty: FaultyGrpc, code: Code
) -> None:
    """Under their orderRefs they are found again, and those that may still change among the open ones once."""
    stores.journal.claim(a_run("run-1"), None)
    lease = a_lease(stores.trading_lease)
    orders = (an_order("ref-1", "run-1"), an_order("ref-2", "run-1", OrderState.SENDING))
    faulty.fail("Commit", code, after=True)
    stores.journal.save_plan(PLANNED, orders, lease)
    assert stores.journal.run("run-1") == PLANNED
    assert stores.journal.orders("run-1") == stores.journal.unsettled_orders() == orders


@pytest.mark.parametrize("code", [Code.UNAVAILABLE, Code.UNKNOWN, Code.CANCELLED, Code.INTERNAL])
def test_a_claim_whose_answer_was_lost_is_the_claimants(
    stores: Stores, faulty: FaultyGrpc, code: Code
) -> None:
    """It would have been told that its own run has the key, and nobody would have traded."""
    faulty.fail("Commit", code, after=True)
    assert stores.journal.claim(a_run("run-1", "monday"), None) is None
    assert stores.journal.claim(a_run("run-2", "monday"), None) == a_run("run-1", "monday")


def test_a_lease_whose_answer_was_lost_is_taken_with_a_higher_fence(
    stores: Stores, faulty: FaultyGrpc
) -> None:
    faulty.fail("Commit", Code.UNAVAILABLE, after=True)
    lease = a_lease(stores.trading_lease)
    assert lease.fence == 2
    stores.trading_lease.check(lease)
    assert stores.trading_lease.acquire("another", NOON, after(60)) is None


def test_a_line_of_activity_whose_answer_was_lost_is_one_line(stores: Stores, faulty: FaultyGrpc) -> None:
    from tests.contracts.test_activity_log import an_activity

    faulty.fail("Commit", Code.UNAVAILABLE, after=True)
    stores.activity.append(an_activity(1))
    assert stores.activity.latest(10) == (an_activity(1),)


def test_a_transaction_that_lost_against_another_keeps_its_place_in_line(
    stores: Stores, faulty: FaultyGrpc
) -> None:
    stores.journal.claim(a_run("run-1"), None)
    lease = a_lease(stores.trading_lease)
    faulty.calls.clear()
    faulty.fail("Commit", Code.ABORTED, times=2)
    faulty.fail("BatchGetDocuments", Code.ABORTED)
    settled = replace(a_run("run-1"), state=RunState.SETTLED)
    stores.journal.save_run(settled, lease)
    assert stores.journal.run("run-1") == settled
    begun = [
        BeginTransactionRequest.deserialize(said).options.read_write.retry_transaction
        for method, said in faulty.calls
        if method == "BeginTransaction"
    ]
    assert [bool(retried) for retried in begun] == [False, True, True, True]
