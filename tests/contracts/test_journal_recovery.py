"""What every JournalStore owes a run that died: its plan with its orders, its key."""

from __future__ import annotations

import pytest

from ib_trading.core.journal import RunState, given_up
from ib_trading.core.order_state import OrderMoment, OrderState
from ib_trading.core.refusals import StaleFence
from tests.contracts.places import Stores
from tests.contracts.samples import NOON, a_lease, a_run, after, an_order


def test_a_plan_is_written_with_its_orders_or_not_at_all(stores: Stores) -> None:
    lease = a_lease(stores.trading_lease)
    stores.journal.claim(a_run("run-1"), None)
    planned = a_run("run-1", state=RunState.PLANNED, plan=b"{}")
    faulty = an_order("ref-2", "run-unknown")
    with pytest.raises(Exception, match=r"FOREIGN KEY|run-unknown is not in the journal"):
        stores.journal.save_plan(planned, [an_order("ref-1", "run-1"), faulty], lease)
    assert (stores.journal.run("run-1"), stores.journal.orders("run-1")) == (a_run("run-1"), ())
    stores.journal.save_plan(planned, [an_order("ref-1", "run-1")], lease)
    assert stores.journal.run("run-1") == planned
    assert stores.journal.orders("run-1") == (an_order("ref-1", "run-1"),)


def test_the_states_of_an_order_come_back_with_their_times(stores: Stores) -> None:
    stores.journal.claim(a_run("run-1"), None)
    order = an_order("ref-1", "run-1", life=(OrderMoment(OrderState.PLANNED, NOON),))
    order = order.became(OrderState.SENDING, after(0.25))
    stores.journal.save_orders([order], a_lease(stores.trading_lease))
    assert stores.journal.orders("run-1") == (order,)


def test_runs_that_have_not_ended_are_found_with_or_without_orders(stores: Stores) -> None:
    lease = a_lease(stores.trading_lease)
    for number, state in enumerate(RunState):
        stores.journal.claim(a_run(f"run-{number}", claimed_at=after(-number)), None)
        stores.journal.save_run(a_run(f"run-{number}", claimed_at=after(-number), state=state), lease)
    found = [run.state for run in stores.journal.open_runs()]
    assert found == [RunState.SETTLING, RunState.SUBMITTING, RunState.PLANNED, RunState.CLAIMED]


def test_a_run_that_came_to_nothing_gives_its_key_back(stores: Stores) -> None:
    run = a_run("run-1", "monday")
    stores.journal.claim(run, None)
    stores.journal.save_run(given_up(run), a_lease(stores.trading_lease))
    assert stores.journal.claim(a_run("run-2", "monday"), None) is None
    kept = stores.journal.run("run-1")
    assert kept is not None
    assert (kept.state, "monday" in kept.key) == (RunState.FAILED, True)


def test_orders_of_any_run_are_found_by_name(stores: Stores) -> None:
    lease = a_lease(stores.trading_lease)
    for number in (1, 2):
        stores.journal.claim(a_run(f"run-{number}"), None)
        stores.journal.save_orders([an_order(f"ref-{number}", f"run-{number}")], lease)
    found = stores.journal.orders_named(["ref-2", "ref-9", "ref-1"])
    assert [order.order_ref for order in found] == ["ref-1", "ref-2"]


def test_an_old_lease_plans_nothing(stores: Stores) -> None:
    old = a_lease(stores.trading_lease, seconds=10)
    stores.journal.claim(a_run("run-1"), None)
    newer = stores.trading_lease.acquire("run-2", after(11), after(70))
    assert newer is not None
    with pytest.raises(StaleFence):
        stores.journal.save_plan(a_run("run-1", state=RunState.PLANNED), [], old)
