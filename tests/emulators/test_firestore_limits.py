"""What is too large for Firestore is refused whole, with a sentence, and never cut or split."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from ib_trading.core.journal import RunState, StoredResponse
from ib_trading.core.refusals import TooLargeForStore
from ib_trading.ports.activity_log import Activity
from tests.contracts.places import Stores
from tests.contracts.samples import NOON, a_booking, a_lease, a_run, an_order

pytestmark = [pytest.mark.emulator, pytest.mark.timeout(120)]


def incompressible(size: int) -> bytes:
    return random.Random(7).randbytes(size)


def test_a_plan_with_more_than_five_hundred_orders_is_written_whole(stores: Stores) -> None:
    """A commit had a limit of 500 writes until March 2023."""
    stores.journal.claim(a_run("run-1"), None)
    orders = [an_order(f"ref-{number:03}", "run-1") for number in range(600)]
    planned = a_run("run-1", state=RunState.PLANNED, plan=b"{}")
    stores.journal.save_plan(planned, orders, a_lease(stores.trading_lease))
    assert stores.journal.orders("run-1") == tuple(orders)
    assert stores.journal.unsettled_orders() == tuple(orders)


def test_orders_that_are_too_many_for_one_commit_are_refused_together(stores: Stores) -> None:
    stores.journal.claim(a_run("run-1"), None)
    lease = a_lease(stores.trading_lease)
    orders = [an_order(f"ref-{number}", "run-1", messages=("x" * 30_000,)) for number in range(200)]
    with pytest.raises(TooLargeForStore, match=r"belong together.*nothing was written"):
        stores.journal.save_orders(orders, lease)
    assert stores.journal.orders("run-1") == ()


def test_a_document_beyond_a_mebibyte_is_refused_by_its_name(stores: Stores) -> None:
    too_much = Activity(NOON, "summary", "run-1", dry_run=False, outcome=200, facts={"x": "é" * 524_288})
    with pytest.raises(TooLargeForStore, match=r"activity/paper/lines/.*1048576"):
        stores.activity.append(too_much)
    assert stores.activity.latest(1) == ()


def test_a_booking_beyond_a_mebibyte_leaves_the_holdings_as_they_are(stores: Stores) -> None:
    lease = a_lease(stores.trading_lease)
    wide = a_booking("exec-2", {f"{number}{'x' * 1_000}": "1" for number in range(1_100)})
    with pytest.raises(TooLargeForStore):
        stores.positions.apply([a_booking("exec-1", {"trend": "3"}), wide], lease)
    assert stores.positions.holdings() == {}
    assert stores.positions.bookings() == ()


def test_a_plan_that_leaves_no_room_for_its_answer_is_refused_before_anything_is_sent(stores: Stores) -> None:
    """Refused when the answer is stored, the run could never end: its orders are at the broker by then."""
    stores.journal.claim(a_run("run-1"), None)
    lease = a_lease(stores.trading_lease)
    planned = a_run("run-1", state=RunState.PLANNED, plan=incompressible(360_000))
    with pytest.raises(TooLargeForStore, match="nothing was sent"):
        stores.journal.save_plan(planned, [an_order("ref-1", "run-1")], lease)
    assert (stores.journal.run("run-1"), stores.journal.orders("run-1")) == (a_run("run-1"), ())


def test_the_largest_plan_and_an_answer_that_repeats_it_fit_into_a_run(stores: Stores) -> None:
    stores.journal.claim(a_run("run-1"), None)
    plan = incompressible(345_000)
    response = StoredResponse(200, plan + incompressible(345_000))
    run = replace(a_run("run-1"), state=RunState.SETTLED, plan=plan, response=response)
    stores.journal.save_run(run, a_lease(stores.trading_lease))
    assert stores.journal.run("run-1") == run


def test_a_plan_of_megabytes_fits_because_plans_repeat_themselves(stores: Stores) -> None:
    stores.journal.claim(a_run("run-1"), None)
    row = b'{"conId":265598,"price":"157.92","source":"mid","weight":"0.0125"},'
    run = a_run("run-1", state=RunState.PLANNED, plan=row * 50_000, business_at=NOON + timedelta(hours=1))
    stores.journal.save_run(run, a_lease(stores.trading_lease))
    assert stores.journal.run("run-1") == run
