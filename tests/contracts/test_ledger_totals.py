"""What every PositionStore owes the totals: they are the sum of all bookings, whoever wrote those."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_trading.core.attribution import Booking, Execution, attribute
from ib_trading.core.positions import UNASSIGNED
from ib_trading.core.refusals import StaleFence
from ib_trading.core.totals import Total, Totals, with_bookings
from tests.captured import named, said
from tests.contracts.places import StorePlace, Stores
from tests.contracts.rivals import apply_one_by_one, race, read_totals
from tests.contracts.samples import NOON, a_booking, a_lease, after

MADE = "totals made from the bookings"


def digits(totals: Totals) -> list[tuple[int, str, str, str, list[tuple[str, str]]]]:
    """As people read them: 2.50 is not 2.5."""
    return sorted(
        (
            con_id,
            name,
            str(one.quantity),
            str(one.flow),
            sorted((k, str(v)) for k, v in one.commissions.items()),
        )
        for con_id, by_strategy in totals.items()
        for name, one in by_strategy.items()
    )


def some_bookings(count: int) -> list[Booking]:
    """Of five contracts, with commissions in two currencies."""
    return [
        a_booking(
            f"exec-{number}",
            {"trend": "1.50", "dummy": f"-{number}.25"},
            con_id=number % 5,
            commissions={"trend": Decimal("0.35"), UNASSIGNED: Decimal("0.0001")},
            commission_currency="CHF" if number % 3 else "USD",
            at=after(number),
        )
        for number in range(count)
    ]


def test_there_are_none_before_anything_is_booked(stores: Stores) -> None:
    assert stores.positions.totals() == {}


def test_a_booking_is_in_the_totals_once(stores: Stores) -> None:
    lease = a_lease(stores.trading_lease)
    booking = a_booking(
        "e.01", {"trend": "3"}, commissions={"trend": Decimal("1.0005")}, commission_currency="USD"
    )
    stores.positions.apply([booking, booking], lease)
    stores.positions.apply([booking], lease)
    total = Total(Decimal(3), Decimal("-473.76"), {"USD": Decimal("1.0005")})
    assert stores.positions.totals() == {265598: {"trend": total}}


def test_what_was_sold_again_keeps_what_it_earned(stores: Stores) -> None:
    lease = a_lease(stores.trading_lease)
    sold = replace(a_booking("exec-2", {"trend": "-3"}), price=Decimal("160.00"))
    stores.positions.apply([a_booking("exec-1", {"trend": "3"}), sold], lease)
    assert stores.positions.holdings() == {}
    assert stores.positions.totals()[265598]["trend"].flow == Decimal("6.24")


def test_what_an_old_lease_does_not_book_is_in_no_total(stores: Stores) -> None:
    old = a_lease(stores.trading_lease, seconds=10)
    stores.trading_lease.acquire("run-2", after(11), after(70))
    with pytest.raises(StaleFence):
        stores.positions.apply([a_booking("exec-1", {"trend": "3"})], old)
    assert stores.positions.totals() == {}


def test_of_bookings_that_cannot_all_be_applied_none_is_in_a_total(stores: Stores) -> None:
    faulty = a_booking("exec-2", {"trend": "3"}, at=after(0).replace(tzinfo=None))
    lease = a_lease(stores.trading_lease)
    with pytest.raises(ValueError, match="no time zone"):
        stores.positions.apply([a_booking("exec-1", {"trend": "3"}), faulty], lease)
    assert stores.positions.totals() == {}


@st.composite
def lives_of_an_order(draw: st.DrawFn) -> list[Booking]:
    """What the broker tells of an order bit by bit, corrections, cancelled executions and late commissions among it,
    and what strategies cross, as attribution books them."""
    source = {"trend": Decimal(7), "dummy": Decimal(3)}
    told: list[Execution] = []
    booked: list[Booking] = []
    for number in range(draw(st.integers(1, 6))):
        deed = draw(st.sampled_from(["fill", "correct", "commission", "cross"]))
        if deed == "cross":
            con_id = draw(st.sampled_from([1, 2]))
            booked.append(a_booking(f"cross:{number}:{con_id}", {"trend": "2", "dummy": "-2"}, con_id=con_id))
        elif deed == "fill" or not told:
            quantity, price = Decimal(draw(st.integers(1, 6))), draw(st.decimals(1, 999, places=4))
            at = NOON + timedelta(seconds=number)
            told.append(Execution(f"e{number}.01", "ib-pone", 7, "DU1", 1, quantity, price, at))
        else:
            changed = draw(st.sampled_from(told))
            root, _, revision = changed.exec_id.rpartition(".")
            commission = draw(st.decimals(-5, 5, places=4))
            told.append(
                replace(changed, commission=commission, commission_currency="USD")
                if deed == "commission"
                else replace(
                    changed,
                    exec_id=f"{root}.{int(revision) + 1:02}",
                    quantity=Decimal(draw(st.integers(0, 6))),
                )
            )
        of_order = [one for one in booked if one.order_ref == "ib-pone"]
        booked.extend(attribute(told, source, of_order, Decimal(1)))
    return booked


@settings(max_examples=25, deadline=None)
@given(life=lives_of_an_order(), earlier=st.integers(0, 3), cuts=st.lists(st.integers(0, 12), max_size=3))
def test_they_are_to_the_last_digit_what_all_bookings_come_to(
    new_place: Callable[[], StorePlace], life: list[Booking], earlier: int, cuts: list[int]
) -> None:
    """In any portions, with a part of the ledger from an earlier version, repeated after a restart."""
    place = new_place()
    with place.opened() as stores:
        lease = a_lease(stores.trading_lease)
    place.book_without_totals(life[:earlier])
    edges = sorted({earlier, *(cut for cut in cuts if cut > earlier), max(earlier, len(life))})
    for start, end in pairwise(edges):
        with place.opened() as stores:
            stores.positions.apply(life[:end], lease)
            stores.positions.apply(life[start:end], lease)
            booked = stores.positions.bookings()
            assert {one.booking_id for one in booked} == {one.booking_id for one in life[:end]}
            assert digits(stores.positions.totals()) == digits(with_bookings({}, booked))


class TestLedgerOfAnEarlierVersion:
    @pytest.fixture
    def bookings(self) -> Sequence[Booking]:
        return some_bookings(30)

    @pytest.fixture
    def place(self, new_place: Callable[[], StorePlace], bookings: Sequence[Booking]) -> StorePlace:
        """A ledger that was written by a version that knew of no totals."""
        place = new_place()
        with place.opened() as stores:
            stores.positions.apply(bookings, a_lease(stores.trading_lease))
        place.forget_totals()
        return place

    def test_its_totals_are_made_once_and_the_log_says_so(
        self, place: StorePlace, bookings: Sequence[Booking]
    ) -> None:
        with said() as lines, place.opened() as stores:
            assert digits(stores.positions.totals()) == digits(with_bookings({}, bookings))
            assert digits(stores.positions.totals()) == digits(with_bookings({}, bookings))
        (made,) = named(lines, MADE)
        assert (made["bookings"], made["contracts"]) == (30, 5)

    def test_the_next_booking_makes_them_too(self, place: StorePlace, bookings: Sequence[Booking]) -> None:
        """A trading run may come before anybody looks at a summary."""
        more = a_booking("exec-99", {"trend": "7"}, con_id=3)
        with place.opened() as stores:
            lease = stores.trading_lease.acquire("run-2", after(61), after(120))
            assert lease is not None
            assert stores.positions.apply([more, *bookings], lease) == 1
            assert digits(stores.positions.totals()) == digits(with_bookings({}, [*bookings, more]))

    def test_two_that_make_them_at_a_time_make_the_same(
        self, place: StorePlace, bookings: Sequence[Booking]
    ) -> None:
        one, other = race((read_totals, (place,)), (read_totals, (place,)))
        assert digits(one) == digits(other) == digits(with_bookings({}, bookings))

    def test_who_books_while_they_are_made_is_in_them_once(
        self, place: StorePlace, bookings: Sequence[Booking]
    ) -> None:
        more = [a_booking(f"more-{number}", {"trend": "1"}, con_id=number % 7) for number in range(12)]
        with place.opened() as stores:
            lease = stores.trading_lease.acquire("run-2", after(61), after(120))
            assert lease is not None
        calls = [
            (read_totals, (place,)),
            (apply_one_by_one, (place, more, lease)),
            (read_totals, (place,)),
            (apply_one_by_one, (place, random.Random(7).sample(more, 12), lease)),
        ]
        _, one, _, other = race(*calls)
        assert one + other == 12
        with place.opened() as stores:
            assert digits(stores.positions.totals()) == digits(with_bookings({}, [*bookings, *more]))

    def test_what_it_books_after_it_was_gone_back_to_is_not_missed(
        self, place: StorePlace, bookings: Sequence[Booking]
    ) -> None:
        """A deployment that went back for a day: the ledger went on, and its totals did not."""
        with place.opened() as stores:
            stores.positions.totals()
        late = a_booking(
            "late", {}, commissions={"trend": Decimal("1.25")}, commission_currency="USD", con_id=2
        )
        place.book_without_totals([late])
        with place.opened() as stores:
            assert digits(stores.positions.totals()) == digits(with_bookings({}, [*bookings, late]))
            lease = stores.trading_lease.acquire("run-2", after(61), after(120))
            assert lease is not None
            place.book_without_totals([a_booking("later", {"dummy": "9"})])
            stores.positions.apply([a_booking("exec-99", {"trend": "7"})], lease)
            assert digits(stores.positions.totals()) == digits(with_bookings({}, stores.positions.bookings()))
