"""Where ledger and broker differ, a person decides on a repair."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from ib_trading.core.account import OrderReport
from ib_trading.core.attribution import Booking
from ib_trading.core.market import Quote
from ib_trading.core.order import Order
from ib_trading.core.order_kind import Side
from ib_trading.core.order_state import OrderState
from ib_trading.core.positions import UNASSIGNED
from ib_trading.core.reconciliation import (
    Repair,
    RepairKind,
    best_prices,
    closed,
    contradicting,
    differences,
    repairs,
)
from tests.contracts.samples import NOON, an_order
from tests.core.builders import AAA, BBB, CCC, quote, stock

KNOWN = {1: AAA, 2: BBB, 3: CCC}
PRICES = {1: Decimal(100), 2: Decimal(50)}


def unknown(quantity: str = "10", **source: str) -> Order:
    """An order for AAA of which the broker knows nothing; alpha's unless `source` says otherwise."""
    parts = {name: Decimal(part) for name, part in (source or {"alpha": quantity}).items()}
    size = sum(parts.values(), Decimal(0))
    made = an_order("ib-pabc", "run-1", OrderState.UNKNOWN, quantity=abs(size), source=parts)
    return replace(made, con_id=1, local_symbol="AAA", action=Side.BUY if size > 0 else Side.SELL)


def reported(state: OrderState) -> OrderReport:
    """The broker's word on that order."""
    return OrderReport("ib-pabc", 1, 9, 1, "AAA", Side.BUY, Decimal(10), "MKT", state, Decimal(0), None)


def proposed(
    ledger: dict[str, dict[int, Decimal]],
    broker: dict[int, Decimal],
    *orders: Order,
    bookings: tuple[Booking, ...] = (),
) -> tuple[Repair, ...]:
    return repairs(differences(ledger, broker, KNOWN), orders, bookings, PRICES)


def test_equal_holdings_need_no_repair() -> None:
    ledger = {"alpha": {1: Decimal(5)}, UNASSIGNED: {1: Decimal(-2)}}
    assert proposed(ledger, {1: Decimal(3)}) == ()


def test_what_no_rule_explains_goes_to_nobody() -> None:
    (repair,) = proposed({"alpha": {1: Decimal(5)}}, {1: Decimal(10)})
    assert (repair.kind, repair.shares, repair.price) == (
        RepairKind.BOOK_TO_UNASSIGNED,
        {UNASSIGNED: Decimal(5)},
        Decimal(100),
    )


def test_a_position_the_broker_does_not_show_is_a_difference_too() -> None:
    (repair,) = proposed({"alpha": {1: Decimal(5)}}, {})
    assert repair.shares == {UNASSIGNED: Decimal(-5)}


def test_currencies_are_cash_and_no_difference() -> None:
    euro = stock(9, "EUR.USD", sec_type="CASH")
    assert differences({"alpha": {9: Decimal(5)}}, {}, KNOWN | {9: euro}) == ()


def test_a_difference_that_an_order_in_doubt_explains_is_proposed_as_its_fill() -> None:
    (repair,) = proposed({}, {1: Decimal(10)}, unknown(alpha="6", beta="4"))
    assert (repair.kind, repair.shares) == (
        RepairKind.BOOK_AS_FILL,
        {"alpha": Decimal(6), "beta": Decimal(4)},
    )
    done = closed(unknown(alpha="6", beta="4"), repair, abs(sum(repair.shares.values(), Decimal(0))), NOON)
    assert (done.state, done.filled) == (OrderState.FILLED, Decimal(10))


def test_a_difference_on_the_other_side_of_the_order_is_not_its_fill() -> None:
    kinds = {repair.kind for repair in proposed({}, {1: Decimal(-10)}, unknown())}
    assert kinds == {RepairKind.BOOK_TO_UNASSIGNED, RepairKind.CLOSE_ORDER}


def test_a_difference_beyond_the_order_is_not_its_fill() -> None:
    kinds = {repair.kind for repair in proposed({}, {1: Decimal(11)}, unknown())}
    assert kinds == {RepairKind.BOOK_TO_UNASSIGNED, RepairKind.CLOSE_ORDER}


def test_an_order_that_left_no_trace_is_closed_as_never_arrived() -> None:
    (repair,) = proposed({}, {}, unknown())
    assert (repair.kind, repair.shares) == (RepairKind.CLOSE_ORDER, {})
    assert closed(unknown(), repair, Decimal(0), NOON).state is OrderState.CANCELLED


def test_an_order_that_the_broker_still_shows_is_cancelled_and_never_just_closed() -> None:
    """Closing an inactive order here unlocked its contract, and the next run sent it again beside the first. Whether a
    difference is a fill of it, nobody can say before it has ended."""
    inactive = replace(unknown(), state=OrderState.INACTIVE)
    shown = reported(OrderState.INACTIVE)
    on_aaa = differences({}, {1: Decimal(4), 2: Decimal(3)}, KNOWN)
    cancel, other = repairs(on_aaa, [inactive], (), PRICES, alive=[shown])
    assert (cancel.kind, cancel.con_id, cancel.shares) == (RepairKind.CANCEL_ORDER, 1, {})
    assert (other.kind, other.con_id) == (RepairKind.BOOK_TO_UNASSIGNED, 2)


def test_an_id_says_what_it_stands_for_and_not_the_price_of_the_moment() -> None:
    (one,) = proposed({}, {1: Decimal(5)})
    (same,) = repairs(differences({}, {1: Decimal(5)}, KNOWN), (), (), {1: Decimal(101)})
    (other,) = proposed({}, {1: Decimal(6)})
    assert (one.id == same.id, one.id == other.id) == (True, False)


def test_the_same_difference_after_its_repair_is_another_repair() -> None:
    (first,) = proposed({}, {1: Decimal(5)})
    (second,) = proposed({}, {1: Decimal(5)}, bookings=(first.booking(NOON),))
    assert first.id != second.id


def euros(*orders: Order) -> tuple[Repair, ...]:
    """What is proposed for orders of a pair, which is contract 1 here: no position is shown, and none is missing."""
    return repairs((), orders, (), PRICES, forex={1})


def test_an_order_for_forex_in_doubt_may_have_filled_or_not() -> None:
    """No position says which; closeOrder alone was proposed, and lost 196,635 EUR to the ledger."""
    found = {repair.kind: repair.shares for repair in euros(unknown(alpha="6", beta="4"))}
    assert found == {
        RepairKind.CLOSE_ORDER: {},
        RepairKind.BOOK_AS_FILL: {"alpha": Decimal(6), "beta": Decimal(4)},
    }


def test_a_sale_of_forex_in_doubt_is_proposed_as_a_sale() -> None:
    """With its sign."""
    shares = [repair.shares for repair in euros(unknown("-10")) if repair.shares]
    assert shares == [{"alpha": Decimal(-10)}]


def test_what_the_broker_once_counted_of_a_forex_order_is_proposed_beside_all_of_it() -> None:
    """It told of 4 and no executions; the other 6 may have followed."""
    found = euros(replace(unknown(), filled=Decimal(4)))
    assert sorted(sum(repair.shares.values(), Decimal(0)) for repair in found) == [0, 4, 10]
    assert contradicting(found) == found


def test_a_conversion_in_doubt_is_closed_and_booked_to_nobody() -> None:
    """It is cash whether it filled or not."""
    (repair,) = euros(replace(unknown(), source={}))
    assert repair.kind is RepairKind.CLOSE_ORDER


def test_repairs_of_two_orders_do_not_exclude_each_other() -> None:
    """Nor do two differences, which are no order's."""
    found = proposed({}, {1: Decimal(-1), 2: Decimal(3)}, unknown(), replace(unknown(), order_ref="ib-pdef"))
    assert len(found) == 4
    assert contradicting(found) == ()


@pytest.mark.parametrize(
    ("shown", "best"),
    [
        (quote("0", bid=Decimal(99), ask=Decimal(101), last=Decimal(90), close=Decimal(80)), 100),
        (quote("0", bid=None, ask=None, last=Decimal(90), close=Decimal(80)), 90),
        (quote("0", bid=None, ask=None, last=None, close=Decimal(80)), 80),
        (quote("0", bid=None, ask=None, last=None, close=None), 7),
    ],
)
def test_a_repair_is_booked_at_the_best_price_that_is_shown_else_at_the_ledger_s_last(
    shown: Quote, best: int
) -> None:
    ledger = [
        Booking("1", "ref", 1, Decimal(price), NOON, {"alpha": Decimal(1)}, {}, "USD") for price in (5, 7, 0)
    ]
    assert best_prices(ledger, {1: shown}) == {1: Decimal(best)}


def test_a_fill_after_others_goes_to_whose_turn_it_is() -> None:
    """Of 1 for alpha and 2 for beta the first is beta's and the second alpha's, as each fill's shares were."""
    told = Booking("b1", "ib-pabc", 1, Decimal(100), NOON, {"beta": Decimal(1)}, {}, "USD")
    others = Booking("b2", "ib-pother", 1, Decimal(100), NOON, {"alpha": Decimal(1)}, {}, "USD")
    ledger = {"alpha": {1: Decimal(1)}, "beta": {1: Decimal(1)}}
    found = proposed(ledger, {1: Decimal(3)}, unknown(alpha="1", beta="2"), bookings=(told, others))
    [filled] = [repair for repair in found if repair.kind is RepairKind.BOOK_AS_FILL]
    assert filled.shares == {"alpha": Decimal(1)}


def test_a_repair_is_told_in_the_ledger_from_what_the_broker_executed() -> None:
    (repair,) = proposed({}, {1: Decimal(5)})
    booking = repair.booking(NOON)
    assert booking.booking_id == f"repair:{repair.id}"
    assert (booking.commissions, booking.commission_currency) == ({}, "")


def test_only_an_order_for_forex_is_said_to_show_in_no_position() -> None:
    [stock_order] = [r for r in proposed({}, {}, unknown()) if r.kind is RepairKind.CLOSE_ORDER]
    [pair_order] = [r for r in euros(unknown()) if r.kind is RepairKind.CLOSE_ORDER]
    assert "no position tells" not in stock_order.reason
    assert stock_order.reason.endswith("what became of it")
    assert "no position tells" in pair_order.reason


def test_what_was_booked_of_a_forex_order_is_not_proposed_again() -> None:
    booked = Booking("b1", "ib-pabc", 1, Decimal(100), NOON, {"alpha": Decimal(4)}, {}, "USD")
    found = repairs((), [replace(unknown(), filled=Decimal(4))], (booked,), PRICES, forex={1})
    assert sorted(sum(repair.shares.values(), Decimal(0)) for repair in found) == [0, 6]


def test_a_difference_larger_than_what_is_left_of_an_order_is_not_its_fill() -> None:
    booked = Booking("b1", "ib-pabc", 1, Decimal(100), NOON, {"alpha": Decimal(6)}, {}, "USD")
    found = proposed({"alpha": {1: Decimal(6)}}, {1: Decimal(13)}, unknown(), bookings=(booked,))
    assert RepairKind.BOOK_AS_FILL not in {repair.kind for repair in found}
    assert any(repair.shares == {UNASSIGNED: Decimal(7)} for repair in found)


def test_a_repair_keeps_its_id_from_one_release_to_the_next() -> None:
    """What a person has looked at before the update is accepted by its id after it."""
    shown = reported(OrderState.INACTIVE)
    found = (
        *proposed({}, {1: Decimal(5)}),
        *proposed({}, {1: Decimal(10)}, unknown(alpha="6", beta="4")),
        *proposed({}, {}, unknown()),
        *repairs((), (), (), PRICES, alive=[shown]),
        *euros(unknown()),
    )
    assert [(repair.kind, repair.id) for repair in found] == [
        (RepairKind.BOOK_TO_UNASSIGNED, "5f6814212af8cf16"),
        (RepairKind.BOOK_AS_FILL, "7c8e4e5b06389924"),
        (RepairKind.CLOSE_ORDER, "ba49b9ad8df2efe3"),
        (RepairKind.CANCEL_ORDER, "3603ccbb8e777cda"),
        (RepairKind.BOOK_AS_FILL, "b68ded8d83eccf3e"),
        (RepairKind.CLOSE_ORDER, "ba49b9ad8df2efe3"),
    ]


def test_only_earlier_repairs_of_its_own_contract_make_a_difference_another_one() -> None:
    """Executions, and repairs of other contracts, are none of them."""
    (first,) = proposed({}, {1: Decimal(5)})
    (other,) = proposed({}, {2: Decimal(5)})
    execution = Booking("0000e215.01", "ib-pabc", 1, Decimal(100), NOON, {"alpha": Decimal(1)}, {}, "USD")
    (again,) = proposed({}, {1: Decimal(5)}, bookings=(other.booking(NOON), execution))
    assert again.id == first.id


def test_an_order_that_nobody_can_price_is_not_proposed_as_a_fill() -> None:
    [euro] = repairs((), [unknown()], (), {}, forex={1})
    assert euro.kind is RepairKind.CLOSE_ORDER
    found = repairs(differences({}, {1: Decimal(10)}, KNOWN), [unknown()], (), {})
    assert {(repair.kind, repair.price) for repair in found} == {
        (RepairKind.BOOK_TO_UNASSIGNED, Decimal(0)),
        (RepairKind.CLOSE_ORDER, Decimal(0)),
    }


@pytest.mark.parametrize(("told", "price"), [("99", 99), (None, 100)])
def test_a_fill_is_booked_at_what_the_broker_told_of_the_order_else_at_the_price_of_now(
    told: str | None, price: int
) -> None:
    order = replace(unknown(), average_price=told and Decimal(told))
    (repair,) = proposed({}, {1: Decimal(10)}, order)
    assert (repair.kind, repair.price) == (RepairKind.BOOK_AS_FILL, price)


def test_two_orders_in_doubt_are_not_both_the_one_difference() -> None:
    second = replace(unknown(), order_ref="ib-pdef")
    found = proposed({}, {1: Decimal(10)}, unknown(), second)
    assert {repair.order_ref: repair.kind for repair in found} == {
        "ib-pabc": RepairKind.BOOK_AS_FILL,
        "ib-pdef": RepairKind.CLOSE_ORDER,
    }


def test_an_order_that_is_not_in_doubt_needs_no_repair() -> None:
    settled = [replace(unknown(), state=state) for state in (OrderState.WORKING, OrderState.FILLED)]
    assert proposed({}, {}, *settled) == ()


def test_a_stray_hides_no_difference_on_other_contracts() -> None:
    """Whichever comes first."""
    shown = reported(OrderState.WORKING)
    both = differences({}, {1: Decimal(4), 2: Decimal(3), 3: Decimal(1)}, KNOWN)
    found = repairs(both, (), (), PRICES, alive=[shown])
    assert [(repair.con_id, repair.kind) for repair in found] == [
        (1, RepairKind.CANCEL_ORDER),
        (2, RepairKind.BOOK_TO_UNASSIGNED),
        (3, RepairKind.BOOK_TO_UNASSIGNED),
    ]


def test_what_the_broker_knows_no_more_is_a_difference_by_its_id() -> None:
    (gone,) = differences({"alpha": {9: Decimal(5)}}, {}, KNOWN)
    assert (gone.local_symbol, gone.quantity) == ("contract 9", -5)
    assert gone.reason == "the ledger holds 5, the broker shows 0, and no rule explains it"
