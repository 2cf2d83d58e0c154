"""What every PositionStore owes a strategy that gets another name: its past is the new one's, whole and once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from operator import attrgetter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_trading.core.attribution import Booking
from ib_trading.core.former_names import after, booking_now
from ib_trading.core.positions import UNASSIGNED
from ib_trading.core.refusals import StaleFence
from ib_trading.core.totals import with_bookings
from tests.captured import named, said
from tests.contracts.places import StorePlace, Stores
from tests.contracts.samples import a_booking, a_lease
from tests.contracts.samples import after as seconds_after
from tests.contracts.test_ledger_totals import MADE, digits, some_bookings
from tests.contracts.test_position_store import summed

by_id = attrgetter("booking_id")


def under_todays_names(stores: Stores) -> list[Booking]:
    former = stores.positions.former_names()
    return [booking_now(booking, former) for booking in stores.positions.bookings()]


def is_whole(stores: Stores) -> None:
    """Holdings and totals are what was booked, read under the names of today."""
    bookings = under_todays_names(stores)
    assert stores.positions.holdings() == summed(bookings)
    assert digits(stores.positions.totals()) == digits(with_bookings({}, bookings))


def test_before_the_first_one_no_name_is_a_former_one(stores: Stores) -> None:
    assert stores.positions.former_names() == {}


def test_holdings_and_totals_go_to_the_new_name_and_bookings_stand_as_they_were_made(stores: Stores) -> None:
    lease = a_lease(stores.trading_lease)
    bookings = some_bookings(7)
    stores.positions.apply(bookings, lease)
    held = stores.positions.holdings()
    stores.positions.save_renames({"trend": "a/b .c"}, lease)
    assert stores.positions.former_names() == {"trend": "a/b .c"}
    assert stores.positions.holdings() == {"a/b .c": held["trend"], "dummy": held["dummy"]}
    assert sorted(stores.positions.bookings(), key=by_id) == sorted(bookings, key=by_id)
    is_whole(stores)


def test_done_again_it_changes_nothing(stores: Stores) -> None:
    lease = a_lease(stores.trading_lease)
    stores.positions.apply(some_bookings(3), lease)
    stores.positions.save_renames({"trend": "drift"}, lease)
    once = (stores.positions.holdings(), stores.positions.totals(), stores.positions.former_names())
    stores.positions.save_renames({"trend": "drift"}, lease)
    assert (stores.positions.holdings(), stores.positions.totals(), stores.positions.former_names()) == once


def test_a_past_that_goes_to_a_strategy_with_one_of_its_own_is_added_to_it(stores: Stores) -> None:
    lease = a_lease(stores.trading_lease)
    bookings = [
        a_booking("exec-1", {"trend": "5", "dummy": "-5"}, con_id=1),
        a_booking("exec-2", {"trend": "2"}, con_id=2),
        a_booking("exec-3", {"dummy": "1", UNASSIGNED: "4"}, con_id=2),
    ]
    stores.positions.apply(bookings, lease)
    stores.positions.save_renames({"trend": "dummy"}, lease)
    assert stores.positions.holdings() == {"dummy": {2: Decimal(3)}, UNASSIGNED: {2: Decimal(4)}}
    is_whole(stores)


def test_a_name_may_have_its_past_back(stores: Stores) -> None:
    lease = a_lease(stores.trading_lease)
    stores.positions.apply(some_bookings(4), lease)
    before = (stores.positions.holdings(), digits(stores.positions.totals()))
    stores.positions.save_renames({"trend": "drift"}, lease)
    stores.positions.save_renames({"drift": "trend"}, lease)
    assert stores.positions.former_names() == {"drift": "trend"}
    assert (stores.positions.holdings(), digits(stores.positions.totals())) == before


def test_a_name_that_holds_nothing_becomes_a_former_one_all_the_same(stores: Stores) -> None:
    """What was ordered under it may fill later."""
    stores.positions.save_renames({"trend": "drift"}, a_lease(stores.trading_lease))
    assert stores.positions.former_names() == {"trend": "drift"}
    assert (stores.positions.holdings(), stores.positions.totals()) == ({}, {})


def test_under_an_old_lease_no_name_changes(stores: Stores) -> None:
    old = a_lease(stores.trading_lease, seconds=10)
    stores.positions.apply([a_booking("exec-1", {"trend": "3"})], old)
    stores.trading_lease.acquire("run-2", seconds_after(11), seconds_after(70))
    with pytest.raises(StaleFence):
        stores.positions.save_renames({"trend": "drift"}, old)
    assert stores.positions.former_names() == {}
    assert set(stores.positions.holdings()) == {"trend"}
    is_whole(stores)


def test_totals_that_are_made_anew_have_the_new_names(place: StorePlace) -> None:
    """An earlier version booked beside this one: whoever looks next makes all totals from all bookings."""
    with place.opened() as stores:
        lease = a_lease(stores.trading_lease)
        stores.positions.apply(some_bookings(6), lease)
        stores.positions.save_renames({"trend": "drift"}, lease)
        place.book_without_totals([a_booking("late", {"dummy": "2"}, con_id=3)])
        with said() as lines:
            totals = stores.positions.totals()
        assert len(named(lines, MADE)) == 1
        assert digits(totals) == digits(with_bookings({}, under_todays_names(stores)))
        place.book_without_totals([a_booking("later", {"dummy": "2"}, con_id=4)])
        stores.positions.save_renames({"dummy": "drift"}, lease)
        assert digits(stores.positions.totals()) == digits(with_bookings({}, under_todays_names(stores)))


names = st.sampled_from(["trend", "dummy", "drift", "other"])
steps = st.lists(st.one_of(st.integers(1, 4), st.tuples(names, names)), max_size=6)


@settings(max_examples=15, deadline=None)
@given(steps)
def test_whatever_is_booked_and_renamed_in_whatever_sequence_the_ledger_is_whole(
    new_place: Callable[[], StorePlace], sequence: Sequence[int | tuple[str, str]]
) -> None:
    """By a process of its own each: nothing rests on what another one remembers."""
    place, booked = new_place(), 0
    with place.opened() as stores:
        lease = a_lease(stores.trading_lease)
    for step in sequence:
        with place.opened() as stores:
            former = stores.positions.former_names()
            if isinstance(step, int):
                new = some_bookings(booked + step)[booked:]
                new.append(a_booking(f"cross-{booked}", {"trend": "1", "other": "-1"}, con_id=1))
                stores.positions.apply([booking_now(one, former) for one in new], lease)
                booked += step
            else:
                old, name = step
                if old == name or old in former or former.get(name, old) != old:
                    continue
                stores.positions.save_renames({old: name}, lease)
                assert stores.positions.former_names() == after(former, {old: name})
            is_whole(stores)
