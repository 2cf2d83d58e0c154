"""What every PositionStore owes the ledger: each booking counts once, and the holdings are their sum."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_trading.core.attribution import Booking
from ib_trading.core.positions import UNASSIGNED
from ib_trading.core.refusals import StaleFence
from ib_trading.intents.ledger import Ledger
from tests.contracts.places import StorePlace, Stores
from tests.contracts.rivals import apply_one_by_one, race
from tests.contracts.samples import a_booking, a_lease, after


def summed(bookings: Sequence[Booking]) -> dict[str, dict[int, Decimal]]:
    """Strategy → contract id → the sum of its shares, zeros left out: written out plainly, to compare with."""
    totals: dict[tuple[str, int], Decimal] = {}
    for booking in bookings:
        for name, share in booking.shares.items():
            place = (name, booking.con_id)
            totals[place] = totals.get(place, Decimal(0)) + share
    held: dict[str, dict[int, Decimal]] = {}
    for (name, con_id), quantity in totals.items():
        if quantity != 0:
            held.setdefault(name, {})[con_id] = quantity
    return held


def test_nothing_is_held_before_anything_is_booked(stores: Stores) -> None:
    assert stores.positions.holdings() == {}
    assert stores.positions.bookings() == ()


def test_an_orders_bookings_are_found_by_its_reference(stores: Stores) -> None:
    first = a_booking("exec-1", {"trend": "1"}, order_ref="ib-pone")
    other = a_booking("exec-2", {"trend": "2"}, order_ref="ib-ptwo")
    later = a_booking("exec-3", {"trend": "3"}, order_ref="ib-pone")
    stores.positions.apply([first, other, later], a_lease(stores.trading_lease))
    assert stores.positions.bookings_of("ib-pone") == (first, later)
    assert stores.positions.bookings_of("ib-pnone") == ()


def test_a_booking_changes_the_holdings_of_its_strategies(stores: Stores) -> None:
    lease = a_lease(stores.trading_lease)
    assert stores.positions.apply([a_booking("exec-1", {"trend": "3", "dummy": "-1.5"})], lease) == 1
    assert stores.positions.holdings() == {"trend": {265598: Decimal(3)}, "dummy": {265598: Decimal("-1.5")}}


def test_a_booking_applied_twice_changes_nothing(stores: Stores) -> None:
    lease = a_lease(stores.trading_lease)
    booking = a_booking("exec-1", {"trend": "3"})
    stores.positions.apply([booking], lease)
    assert stores.positions.apply([booking], lease) == 0
    assert stores.positions.holdings() == {"trend": {265598: Decimal(3)}}


def test_a_booking_that_is_named_twice_in_one_call_counts_once(stores: Stores) -> None:
    booking = a_booking("exec-1", {"trend": "3"})
    assert stores.positions.apply([booking, booking], a_lease(stores.trading_lease)) == 1
    assert stores.positions.holdings() == {"trend": {265598: Decimal(3)}}


def test_an_id_that_is_booked_keeps_what_was_booked_under_it(stores: Stores) -> None:
    lease = a_lease(stores.trading_lease)
    first = a_booking("exec-1", {"trend": "3"})
    stores.positions.apply([first], lease)
    stores.positions.apply([a_booking("exec-1", {"dummy": "9"})], lease)
    assert stores.positions.bookings() == (first,)
    assert stores.positions.holdings() == {"trend": {265598: Decimal(3)}}


def test_a_holding_at_zero_is_not_listed(stores: Stores) -> None:
    lease = a_lease(stores.trading_lease)
    stores.positions.apply([a_booking("exec-1", {"trend": "3", "dummy": "1"})], lease)
    stores.positions.apply([a_booking("exec-2", {"trend": "-3.0"})], lease)
    assert stores.positions.holdings() == {"dummy": {265598: Decimal(1)}}


def test_contracts_are_held_apart(stores: Stores) -> None:
    lease = a_lease(stores.trading_lease)
    stores.positions.apply(
        [a_booking("exec-1", {"trend": "3"}), a_booking("exec-2", {"trend": "5"}, con_id=1)], lease
    )
    assert stores.positions.holdings() == {"trend": {265598: Decimal(3), 1: Decimal(5)}}


def test_a_booking_comes_back_as_it_was_applied(stores: Stores) -> None:
    booking = a_booking(
        "exec-1",
        {"trend": "3.00", "dummy": "-0.1"},
        commissions={"trend": Decimal("1.0005"), "dummy": Decimal("0.0001")},
        commission_currency="USD",
        at=after(0.5),
    )
    stores.positions.apply([booking], a_lease(stores.trading_lease))
    assert stores.positions.bookings() == (booking,)


def test_bookings_are_listed_oldest_first(stores: Stores) -> None:
    lease = a_lease(stores.trading_lease)
    for number in (2, 0.5, 1):
        stores.positions.apply([a_booking(f"exec-{number}", {"trend": "1"}, at=after(number))], lease)
    assert [booking.booking_id for booking in stores.positions.bookings()] == ["exec-0.5", "exec-1", "exec-2"]


def test_the_bookings_of_a_contract_are_told_apart_from_the_ledgers_others(stores: Stores) -> None:
    later, first, other = (
        a_booking("exec-1", {"trend": "1"}, at=after(9)),
        a_booking("repair:1", {UNASSIGNED: "1"}, order_ref=""),
        a_booking("exec-2", {"trend": "5"}, con_id=1),
    )
    stores.positions.apply([later, first, other], a_lease(stores.trading_lease))
    assert stores.positions.bookings_in([265598]) == (first, later)
    assert stores.positions.bookings_in([1, 1, 2]) == (other,)
    assert stores.positions.bookings_in(range(265_500, 265_600)) == (first, later)
    assert stores.positions.bookings_in([]) == ()


def test_of_the_ids_asked_for_the_booked_ones_are_told(stores: Stores) -> None:
    stores.positions.apply([a_booking("exec-1", {"trend": "1"})], a_lease(stores.trading_lease))
    assert stores.positions.booked_ids(["exec-1", "exec-2"]) == {"exec-1"}
    assert stores.positions.booked_ids(iter(())) == frozenset()


def test_thousands_of_ids_may_be_asked_for_at_once(stores: Stores) -> None:
    """A day's executions of a busy account are more than many stores take in one question."""
    bookings = [a_booking(f"exec-{number}", {"trend": "1"}) for number in range(1500)]
    stores.positions.apply(bookings, a_lease(stores.trading_lease))
    asked = [f"exec-{number}" for number in range(40_000)]
    assert len(stores.positions.booked_ids(asked)) == 1500


def test_an_orders_booked_quantity_is_unsigned_and_its_own(stores: Stores) -> None:
    sells = [a_booking("exec-1", {"trend": "-2", "dummy": "-1"}), a_booking("exec-2", {"trend": "-0.5"})]
    other = a_booking("exec-3", {"trend": "-100"}, order_ref="ib-pother")
    stores.positions.apply([*sells, other], a_lease(stores.trading_lease))
    assert Ledger(stores.journal, stores.positions).booked_quantity("ib-pabc") == Decimal("3.5")
    assert Ledger(stores.journal, stores.positions).booked_quantity("ib-punknown") == 0


def test_what_went_to_nobody_is_not_attributed_to_strategies(stores: Stores) -> None:
    stores.positions.apply(
        [a_booking("exec-1", {"trend": "2", UNASSIGNED: "7"})], a_lease(stores.trading_lease)
    )
    assert Ledger(stores.journal, stores.positions).booked_quantity("ib-pabc") == 2


def test_an_old_lease_books_nothing(stores: Stores) -> None:
    old = a_lease(stores.trading_lease, seconds=10)
    stores.trading_lease.acquire("run-2", after(11), after(70))
    with pytest.raises(StaleFence):
        stores.positions.apply([a_booking("exec-1", {"trend": "3"})], old)
    assert stores.positions.holdings() == {}
    assert stores.positions.bookings() == ()


def test_of_bookings_that_cannot_all_be_applied_none_is(stores: Stores) -> None:
    """Holdings and ids are one transaction: a fault in the last booking undoes the first."""
    fine, faulty = (
        a_booking("exec-1", {"trend": "3"}),
        a_booking("exec-2", {"trend": "3"}, at=after(0).replace(tzinfo=None)),
    )
    lease = a_lease(stores.trading_lease)
    with pytest.raises(ValueError, match="no time zone"):
        stores.positions.apply([fine, faulty], lease)
    assert stores.positions.holdings() == {}
    assert stores.positions.booked_ids(["exec-1"]) == frozenset()


def test_two_processes_that_apply_the_same_fills_book_each_once(place: StorePlace) -> None:
    with place.opened() as stores:
        lease = a_lease(stores.trading_lease)
    bookings = [a_booking(f"exec-{number}", {"trend": "1", "dummy": "-0.1"}) for number in range(24)]
    shuffled = random.Random(7).sample(bookings, len(bookings))
    one, other = race(
        (apply_one_by_one, (place, bookings, lease)), (apply_one_by_one, (place, shuffled, lease))
    )
    assert one + other == 24
    with place.opened() as stores:
        assert stores.positions.holdings() == {
            "trend": {265598: Decimal(24)},
            "dummy": {265598: Decimal("-2.4")},
        }


quantities = st.decimals(min_value=-10_000, max_value=10_000, places=4)
fills = st.lists(
    st.tuples(
        st.sampled_from([1, 2, 265598]),
        st.dictionaries(st.sampled_from(["trend", "dummy", UNASSIGNED]), quantities, min_size=1),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(fills=fills, choices=st.lists(st.lists(st.integers(0, 7), max_size=6), max_size=8))
def test_holdings_are_the_sum_of_the_bookings_however_often_each_is_applied(
    new_place: Callable[[], StorePlace],
    fills: list[tuple[int, dict[str, Decimal]]],
    choices: list[list[int]],
) -> None:
    """Any batches, any repetition, a restart after each batch: every booking counts exactly once."""
    bookings = [
        a_booking(f"exec-{number}", {name: str(share) for name, share in shares.items()}, con_id=con_id)
        for number, (con_id, shares) in enumerate(fills)
    ]
    place = new_place()
    with place.opened() as stores:
        lease = a_lease(stores.trading_lease)
    applied: dict[str, Booking] = {}
    for choice in choices:
        batch = [bookings[number] for number in choice if number < len(bookings)]
        new = {booking.booking_id: booking for booking in batch if booking.booking_id not in applied}
        applied |= new
        with place.opened() as stores:
            assert stores.positions.apply(batch, lease) == len(new)
            assert stores.positions.holdings() == summed(list(applied.values()))
            assert set(stores.positions.booked_ids(f"exec-{number}" for number in range(8))) == set(applied)


def test_what_was_taken_back_is_not_booked_for_the_order_any_more(stores: Stores) -> None:
    """The quantity that is left of an order counted a corrected execution twice."""
    bookings = [
        a_booking("e.01", {"trend": "3"}),
        a_booking("reversal:e.02", {"trend": "-3"}),
        a_booking("e.02", {"trend": "2"}),
    ]
    stores.positions.apply(bookings, a_lease(stores.trading_lease))
    assert Ledger(stores.journal, stores.positions).booked_quantity("ib-pabc") == 2


def test_the_bookings_of_an_order_come_in_the_sequence_of_their_booking(stores: Stores) -> None:
    late, early, other = (
        a_booking("e.01", {"trend": "3"}, at=after(9)),
        a_booking("reversal:e.02", {"trend": "-3"}),
        a_booking("f.01", {"trend": "1"}, order_ref="ib-pother"),
    )
    stores.positions.apply([late, early, other], a_lease(stores.trading_lease))
    assert stores.positions.bookings_for(["ib-pabc"]) == (late, early)
    assert stores.positions.bookings_for([]) == ()
