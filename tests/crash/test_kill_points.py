"""A process killed in the middle of a run leaves no duplicate and no forgotten order after the next one. Judged by the
simulator's own record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ib_trading.core.journal import RunState
from ib_trading.core.order_state import OrderState
from tests.crash.processes import Ground
from tests.crash.stopping import POINTS
from tests.service import STACK_FILE

ALLOCATE = ("/allocation", {"strategies": ["dummy"]})
RECONCILE = ("/trade-reconciliation", {})
LEASE_OVER = 5.0


def interrupted(ground: Ground, point: str) -> None:
    ground.killed_at(point, (*ALLOCATE, "monday"))


def settled_by_a_person(ground: Ground) -> None:
    """Reconciles and accepts everything that is proposed."""
    proposed = ground.call("/trade-reconciliation", {}, "look", LEASE_OVER)["body"]["repairs"]
    accept = [repair["id"] for repair in proposed]
    reply = ground.call("/trade-reconciliation", {"accept": accept}, "accept", 2 * LEASE_OVER)
    assert (reply["status"], reply["body"]["repairs"]) == (200, [])


@pytest.mark.parametrize("point", POINTS)
def test_after_a_kill_no_order_is_doubled_or_forgotten_and_the_ledger_is_the_brokers(
    ground: Ground, point: str
) -> None:
    """The next run comes with another key, as tomorrow's does."""
    interrupted(ground, point)
    ground.call(*ALLOCATE, "tuesday", LEASE_OVER)
    settled_by_a_person(ground)
    after = ground.call(*ALLOCATE, "wednesday", 3 * LEASE_OVER)
    assert after["status"] == 200, after
    ledger = ground.services().ledger
    known = {order.order_ref: order for run in ledger.runs(20) for order in ledger.orders(run.run_id)}
    assert set(ground.refs()) <= set(known), "no order at the broker that the journal does not know"
    assert set(ground.refs().values()) <= {1}, "no orderRef was sent twice"
    assert {known[ref].state for ref in ground.refs()} == {OrderState.FILLED}
    assert all(order.state.final for order in known.values())
    assert ground.ledger() == ground.positions() != {}


@pytest.mark.parametrize("point", POINTS)
def test_the_same_key_after_a_kill_never_sends_what_may_have_been_sent(ground: Ground, point: str) -> None:
    interrupted(ground, point)
    sent = ground.refs()
    reply = ground.call(*ALLOCATE, "monday", LEASE_OVER)
    if point in {"claimed", "planned"}:
        assert (reply["status"], reply["replayed"]) == (200, False), "nothing had left: the attempt trades"
        assert len(ground.refs()) == 6
    else:
        assert reply["replayed"], reply
        assert ground.refs() == sent
        assert reply["status"] == (200 if point in {"filled", "booked"} else 502)
    assert ground.ledger() == ground.positions()
    assert ground.call(*ALLOCATE, "monday", LEASE_OVER)["body"] == reply["body"]


def test_an_order_that_was_marked_and_never_seen_locks_its_instrument_and_only_that(ground: Ground) -> None:
    """Absence is not evidence: the bytes may be on their way. Nothing is sent again on doubt."""
    interrupted(ground, "sent 3")
    first = ground.call(*ALLOCATE, "monday", LEASE_OVER)
    unknown = [order["localSymbol"] for order in first["body"]["orders"] if order["status"] == "unknown"]
    assert len(unknown) == 3
    unmoved = ground.call(*ALLOCATE, "tuesday", LEASE_OVER)
    assert (unmoved["status"], unmoved["body"]["orders"]) == (200, []), "what is in doubt counts as working"
    for symbol in unknown:
        ground.simulator.set_price(symbol, 300)
    refused = ground.call(*ALLOCATE, "wednesday", LEASE_OVER)
    assert refused["status"] == 423
    assert {lock["localSymbol"] for lock in refused["body"]["locks"]} == set(unknown)
    assert len(ground.refs()) == 3
    ledger = ground.services().ledger
    assert RunState.NEEDS_REVIEW in {run.state for run in ledger.runs(5)}
    settled_by_a_person(ground)
    assert RunState.NEEDS_REVIEW not in {run.state for run in ledger.runs(5)}


def test_while_the_dead_process_s_lease_lasts_the_next_run_waits(ground: Ground) -> None:
    interrupted(ground, "filled")
    reply = ground.call(*ALLOCATE, "tuesday")
    assert (reply["status"], ground.ledger()) == (409, {})


@pytest.mark.parametrize("point", ["renaming", "renamed", "planned", "booked"])
def test_a_strategy_whose_renaming_was_killed_has_one_name_and_all_that_it_had(
    ground: Ground, point: str
) -> None:
    """Before or after, and never half of it; whatever the next run finds, it ends under the new name."""
    ground.call(*ALLOCATE, "monday")
    had = ground.services().ledger.holdings()
    renamed = '{random: {share: "0.1", strategy: dummy, renamedFrom: [dummy]}, trend: "0.6"}'
    stack_file = STACK_FILE.replace('{dummy: "0.2", trend: "0.6"}', renamed)
    ground = replace(ground, stack_file=stack_file)
    again = ("/allocation", {"strategies": ["random"]})
    ground.killed_at(point, (*again, "tuesday"))
    held = ground.services().ledger.holdings()
    assert set(held) == ({"dummy"} if point == "renaming" else {"random"})
    assert held == dict.fromkeys(held, had["dummy"]) or point == "booked"
    reply = ground.call(*again, "wednesday", LEASE_OVER)
    assert reply["status"] in {200, 423}, reply
    settled_by_a_person(ground)
    ledger = ground.services().ledger
    assert ledger.former_names() == {"dummy": "random"}
    assert set(ledger.holdings()) == {"random"}
    assert ground.ledger() == ground.positions() != {}
    assert set(ground.refs().values()) <= {1}


@pytest.mark.parametrize("point", ["claimed", "booked"])
def test_a_reconciliation_that_was_killed_is_done_under_its_key_by_the_next_attempt(
    ground: Ground, point: str
) -> None:
    """It sends nothing, so that its key is never locked for good; what it had booked is not booked again."""
    ground.simulator.trade("KO", "BUY", 7)
    ground.killed_at(point, (*RECONCILE, "friday"))
    reply = ground.call(*RECONCILE, "friday", LEASE_OVER)
    assert (reply["status"], reply["replayed"]) == (200, False)
    assert ground.ledger() == ground.positions() != {}
    again = ground.call(*RECONCILE, "friday", LEASE_OVER)
    assert (again["body"], again["replayed"]) == (reply["body"], True)


def test_a_repair_that_was_accepted_before_the_kill_is_accepted_once(ground: Ground) -> None:
    """The attempt after the kill finds its repair applied, and no longer proposed: that is no refusal."""
    ground.simulator.trade("KO", "BUY", 7)
    ground.simulator.advance(by="1 day")
    [repair] = ground.call(*RECONCILE, "look")["body"]["repairs"]
    accept = ("/trade-reconciliation", {"accept": [repair["id"]]}, "accept")
    ground.killed_at("booked", accept)
    reply = ground.call(*accept, LEASE_OVER)
    assert (reply["status"], reply["body"]["repairs"]) == (200, [])
    assert ground.ledger() == ground.positions() != {}
