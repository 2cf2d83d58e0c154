"""What raw messages make of an order, in any sequence in which a gateway may send them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ib_trading.adapters.ib.order_record import ShownOrder, Status, TrackedOrder
from ib_trading.adapters.ib.order_tracker import OrderTracker
from ib_trading.core.account import OrderReport
from ib_trading.core.attribution import Execution
from ib_trading.core.order_kind import Side
from ib_trading.core.order_state import OrderState
from ib_trading.core.refusals import BrokerFault
from tests.contracts.samples import an_order

REF = "ib-pabc"
CLIENT = 101


@pytest.fixture
def orders() -> OrderTracker:
    """A session in which order 7 over 100 shares has just left."""
    heard = OrderTracker(CLIENT)
    heard.sending(an_order(REF, "run-1", quantity=Decimal(100)), 7)
    return heard


def _shown(status: str, perm_id: int = 900, ref: str = REF, client: int = CLIENT) -> ShownOrder:
    return ShownOrder(
        ref, 7, client, perm_id, "DU1", 265598, "AAPL", Side.BUY, Decimal(100), "MKT", Status(status)
    )


def _status(text: str, filled: int = 0) -> Status:
    return Status(text, Decimal(filled), Decimal("38.7") if filled else None)


def _execution(shares: int, exec_id: str = "e.1.01.01", ref: str = REF) -> Execution:
    at = datetime(2019, 1, 2, 15, tzinfo=UTC)
    return Execution(exec_id, ref, 900, "DU1", 265598, Decimal(shares), Decimal("38.7"), at)


def _report(orders: OrderTracker) -> OrderReport:
    return orders.reports([REF])[REF]


def test_an_order_of_which_nothing_was_heard_is_still_being_sent(orders: OrderTracker) -> None:
    report = _report(orders)
    assert (report.state, report.perm_id, report.filled) == (OrderState.SENDING, 0, 0)


def test_an_echo_with_a_perm_id_acknowledges_the_order(orders: OrderTracker) -> None:
    orders.shown(_shown("PreSubmitted"))
    assert (_report(orders).state, _report(orders).perm_id) == (OrderState.WORKING, 900)


@pytest.mark.parametrize(("status", "perm_id"), [("PreSubmitted", 0), ("PendingSubmit", 900)])
def test_an_echo_without_a_perm_id_or_from_before_submission_acknowledges_nothing(
    orders: OrderTracker, status: str, perm_id: int
) -> None:
    orders.shown(_shown(status, perm_id))
    assert _report(orders).state is OrderState.SENDING


def test_a_status_alone_acknowledges_nothing_because_it_carries_no_order_ref(orders: OrderTracker) -> None:
    orders.status(900, _status("Submitted"))
    assert _report(orders).state is OrderState.SENDING


def test_a_status_that_came_before_the_echo_counts_once_the_echo_is_there(orders: OrderTracker) -> None:
    orders.status(900, _status("Submitted", 40))
    orders.shown(_shown("Submitted"))
    assert (_report(orders).state, _report(orders).filled) == (OrderState.WORKING, 40)


def test_an_execution_alone_acknowledges_the_order(orders: OrderTracker) -> None:
    orders.executed(_execution(40))
    report = _report(orders)
    assert (report.state, report.filled, report.perm_id) == (OrderState.ACKNOWLEDGED, 40, 900)


def test_executions_of_the_whole_quantity_fill_the_order_whatever_its_status(orders: OrderTracker) -> None:
    orders.shown(_shown("Submitted"))
    orders.executed(_execution(60, "e.1.01.01"))
    orders.executed(_execution(40, "e.2.01.01"))
    assert _report(orders).state is OrderState.FILLED


def test_the_same_execution_twice_is_one(orders: OrderTracker) -> None:
    orders.executed(_execution(60))
    orders.executed(_execution(60))
    assert _report(orders).filled == 60
    assert len(orders.executions_of([REF])) == 1


def test_a_correction_replaces_what_it_corrects(orders: OrderTracker) -> None:
    orders.executed(_execution(60, "e.1.01.01"))
    orders.executed(_execution(50, "e.1.01.02"))
    assert _report(orders).filled == 50


def test_a_fill_after_the_cancellation_wins(orders: OrderTracker) -> None:
    orders.shown(_shown("Submitted"))
    orders.status(900, _status("Cancelled"))
    orders.message(7, 202, "Order Canceled - reason:")
    orders.executed(_execution(100))
    assert _report(orders).state is OrderState.FILLED


def test_a_cancelled_order_that_filled_in_part_says_so(orders: OrderTracker) -> None:
    orders.shown(_shown("Submitted"))
    orders.executed(_execution(40))
    orders.status(900, _status("Cancelled", 40))
    assert (_report(orders).state, _report(orders).filled) == (OrderState.PARTLY_FILLED, 40)


@pytest.mark.parametrize("code", [10349, 399, 404, 99999])
def test_a_code_that_is_no_ending_is_kept_and_changes_nothing(orders: OrderTracker, code: int) -> None:
    """The library would call the order Cancelled on 10349 and on every code that it does not know."""
    orders.shown(_shown("Submitted"))
    orders.message(7, code, "something")
    assert _report(orders).state is OrderState.WORKING
    assert _report(orders).messages == (f"{code} something",)


def test_a_refusal_before_any_echo_rejects_the_order(orders: OrderTracker) -> None:
    orders.message(7, 110, "The price does not conform to the minimum price variation for this contract.")
    assert _report(orders).state is OrderState.REJECTED


def test_a_refusal_of_an_order_that_works_is_about_something_else(orders: OrderTracker) -> None:
    orders.shown(_shown("Submitted"))
    orders.message(7, 321, "Error validating request")
    assert _report(orders).state is OrderState.WORKING


def test_a_duplicate_order_id_leaves_the_order_undecided(orders: OrderTracker) -> None:
    orders.message(7, 103, "Duplicate order id")
    assert _report(orders).state is OrderState.SENDING


def test_an_inactive_order_is_rejected_once_its_reason_has_come(orders: OrderTracker) -> None:
    orders.shown(_shown("Inactive"))
    assert _report(orders).state is OrderState.INACTIVE
    orders.message(7, 201, "Order rejected - reason:margin")
    assert _report(orders).state is OrderState.REJECTED


def test_a_refusal_of_an_earlier_sending_is_not_one_of_the_next(orders: OrderTracker) -> None:
    orders.message(7, 321, "Error validating request")
    orders.sending(an_order(REF, "run-1", quantity=Decimal(100)), 8)
    orders.message(7, 200, "No security definition has been found for the request")
    assert _report(orders).state is OrderState.SENDING


def test_a_second_order_under_the_same_reference_needs_a_person(orders: OrderTracker) -> None:
    orders.shown(_shown("Submitted", perm_id=900))
    orders.shown(_shown("Submitted", perm_id=901))
    report = _report(orders)
    assert report.state is OrderState.UNKNOWN
    assert "permId 901" in report.messages[0]


def test_a_message_about_no_order_of_ours_is_not_taken(orders: OrderTracker) -> None:
    assert orders.message(8, 201, "rejected") is False
    assert _report(orders).state is OrderState.SENDING


def test_an_order_of_an_earlier_session_is_followed_by_its_reference() -> None:
    heard = OrderTracker(CLIENT)
    heard.shown(_shown("Submitted"))
    assert heard.reports([REF])[REF].state is OrderState.WORKING


def test_another_clients_orders_are_not_followed() -> None:
    heard = OrderTracker(CLIENT)
    heard.shown(_shown("Submitted", client=7))
    assert heard.reports([REF]) == {}


def test_a_commission_that_comes_first_waits_for_its_execution(orders: OrderTracker) -> None:
    orders.commission("e.1.01.01", Decimal("1.25"), "USD")
    orders.executed(_execution(100))
    (execution,) = orders.executions_of([REF])
    assert (execution.commission, execution.commission_currency) == (Decimal("1.25"), "USD")


def _completes(orders: OrderTracker, *told: Callable[[], object]) -> list[bool]:
    """Whether every fill was there with its commission, after each of `told`."""
    outcome = []
    for tell in told:
        tell()
        outcome.append(orders._by_ref[REF].fills_complete)
    return outcome


def test_fills_are_complete_when_all_that_the_broker_counts_are_there_with_their_commissions(
    orders: OrderTracker,
) -> None:
    complete = _completes(
        orders,
        lambda: orders.shown(_shown("Submitted")),
        lambda: orders.status(900, _status("Filled", 100)),
        lambda: orders.executed(_execution(100)),
        lambda: orders.commission("e.1.01.01", Decimal(1), "USD"),
    )
    assert complete == [True, False, False, True]


def _working(order: TrackedOrder) -> bool:
    return order.state is not OrderState.SENDING


def test_who_waits_wakes_with_the_message_and_not_before(orders: OrderTracker) -> None:
    async def scene() -> list[str]:
        seen = []

        async def wait() -> None:
            await orders.until([REF], _working, seconds=30)
            seen.append("woken")

        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        orders.message(7, 399, "not yet")
        await asyncio.sleep(0)
        seen.append("told")
        orders.shown(_shown("Submitted"))
        await waiting
        return seen

    assert asyncio.run(scene()) == ["told", "woken"]


def test_waiting_ends_with_its_seconds(orders: OrderTracker) -> None:
    asyncio.run(orders.until([REF], _working, seconds=0.01))
    assert _report(orders).state is OrderState.SENDING


def test_who_waits_learns_that_the_connection_is_lost(orders: OrderTracker) -> None:
    async def scene() -> None:
        waiting = asyncio.create_task(orders.until([REF], _working, seconds=30))
        await asyncio.sleep(0)
        orders.lost(BrokerFault("the connection was lost"))
        await waiting

    with pytest.raises(BrokerFault, match="connection was lost"):
        asyncio.run(scene())


def test_who_begins_to_wait_after_the_loss_learns_it_at_once(orders: OrderTracker) -> None:
    """The connection may break between the sending of an order and the waiting for it."""
    orders.lost(BrokerFault("the connection was lost"))
    with pytest.raises(BrokerFault, match="connection was lost"):
        asyncio.run(orders.until([REF], _working, seconds=30))
    with pytest.raises(BrokerFault, match="connection was lost"):
        asyncio.run(orders.until_commissions(["0001"], seconds=30))
