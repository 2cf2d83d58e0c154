"""Every fill is booked to those who ordered it, to the last share, whatever pieces it comes in."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.core.attribution import Booking, attribute, remaining
from app.core.positions import UNASSIGNED
from tests.core.builders import NOW, execution

ONE = Decimal(1)
SOURCE = {"alpha": Decimal(6), "beta": Decimal(4)}
SOURCES = st.dictionaries(
    st.sampled_from(["alpha", "beta", "gamma", "delta"]), st.integers(1, 300).map(Decimal), min_size=1
)


def shared(bookings: tuple[Booking, ...]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for booking in bookings:
        for name, share in booking.shares.items():
            totals[name] = totals.get(name, Decimal(0)) + share
    return totals


def cut(whole: int, cuts: list[int]) -> list[int]:
    """`whole` in pieces that end at `cuts`."""
    edges = [0, *sorted({edge % whole for edge in cuts} - {0}), whole]
    return [end - start for start, end in pairwise(edges)]


@given(source=SOURCES, cuts=st.lists(st.integers(0, 10_000), max_size=12), sign=st.sampled_from([1, -1]))
def test_a_filled_order_gives_every_strategy_exactly_its_part_in_whatever_pieces_it_fills(
    source: dict[str, Decimal], cuts: list[int], sign: int
) -> None:
    signed = {name: sign * part for name, part in source.items()}
    pieces = cut(int(sum(source.values())), cuts)
    fills = [execution(f"{n:04}", str(sign * piece)) for n, piece in enumerate(pieces)]
    bookings = attribute(fills, signed, Decimal(0), ONE)
    assert shared(bookings) == signed
    for fill, booking in zip(fills, bookings, strict=True):
        assert sum(booking.shares.values()) == fill.quantity
        assert all(share * sign > 0 for share in booking.shares.values())


@given(source=SOURCES, data=st.data())
def test_who_has_how_much_depends_only_on_how_much_has_filled(
    source: dict[str, Decimal], data: st.DataObject
) -> None:
    filled = data.draw(st.integers(1, int(sum(source.values()))))
    cuts = data.draw(st.lists(st.integers(0, 10_000), max_size=8))
    at_once = attribute([execution("1", str(filled))], source, Decimal(0), ONE)
    in_pieces = attribute(
        [execution(f"{n:04}", str(piece)) for n, piece in enumerate(cut(filled, cuts))],
        source,
        Decimal(0),
        ONE,
    )
    assert shared(in_pieces) == shared(at_once)


@given(source=SOURCES, data=st.data())
def test_a_run_that_was_interrupted_between_two_fills_books_the_rest_as_if_it_had_not_been(
    source: dict[str, Decimal], data: st.DataObject
) -> None:
    whole = int(sum(source.values()))
    first = data.draw(st.integers(1, whole))
    early, late = execution("1", str(first)), execution("2", str(whole + 1 - first))
    before = attribute([early], source, Decimal(0), ONE)
    after = attribute([late], source, Decimal(first), ONE)
    assert before + after == attribute([early, late], source, Decimal(0), ONE)


@given(source=SOURCES, data=st.data(), sign=st.sampled_from([1, -1]))
def test_what_is_booked_and_what_may_still_come_add_up_to_what_was_ordered(
    source: dict[str, Decimal], data: st.DataObject, sign: int
) -> None:
    signed = {name: sign * part for name, part in source.items()}
    filled = data.draw(st.integers(0, int(sum(source.values()))))
    booked = (
        shared(attribute([execution("1", str(sign * filled))], signed, Decimal(0), ONE)) if filled else {}
    )
    left = remaining(signed, Decimal(filled), ONE)
    assert {name: booked.get(name, Decimal(0)) + left[name] for name in signed} == signed


def test_fills_are_booked_by_their_time_not_by_the_order_in_which_they_were_reported() -> None:
    early, late = execution("2", "3"), execution("1", "7", at=NOW + timedelta(seconds=1))
    assert [booking.booking_id for booking in attribute([late, early], SOURCE, Decimal(0), ONE)] == ["2", "1"]


def test_a_booking_keeps_what_the_execution_said() -> None:
    fill = execution("0001.01", "10", price=Decimal("99.5"), commission=ONE, commission_currency="USD")
    assert attribute([fill], SOURCE, Decimal(0), ONE) == (
        Booking(
            booking_id="0001.01",
            order_ref="ib-pabc",
            con_id=1,
            price=Decimal("99.5"),
            at=NOW,
            shares=SOURCE,
            commissions={"alpha": Decimal("0.6"), "beta": Decimal("0.4")},
            commission_currency="USD",
        ),
    )


def test_an_execution_that_nobody_here_ordered_is_unassigned() -> None:
    (booking,) = attribute([execution("1", "-5", commission=ONE)], {}, Decimal(0), ONE)
    assert booking.shares == {UNASSIGNED: Decimal(-5)}
    assert booking.commissions == {UNASSIGNED: ONE}


def test_of_a_fill_beyond_the_order_the_strategies_get_what_they_ordered_and_nobody_the_rest() -> None:
    bookings = attribute([execution("1", "7"), execution("2", "5")], SOURCE, Decimal(0), ONE)
    assert shared(bookings) == SOURCE | {UNASSIGNED: Decimal(2)}
    assert sum(bookings[1].shares.values()) == 5


def test_a_fill_after_the_order_was_full_charges_no_strategy() -> None:
    (booking,) = attribute([execution("1", "5")], SOURCE, Decimal(10), ONE)
    assert booking.shares == {UNASSIGNED: Decimal(5)}


def test_a_sale_in_the_name_of_a_purchase_charges_no_strategy_and_uses_nothing_of_the_order_up() -> None:
    bookings = attribute([execution("1", "-5"), execution("2", "10")], SOURCE, Decimal(0), ONE)
    assert [booking.shares for booking in bookings] == [{UNASSIGNED: Decimal(-5)}, SOURCE]


def test_a_fill_of_less_than_an_increment_is_booked_and_not_lost() -> None:
    bookings = attribute([execution("1", "0.5"), execution("2", "9.5")], SOURCE, Decimal(0), ONE)
    assert sum(bookings[0].shares.values()) == Decimal("0.5")
    assert shared(bookings) == SOURCE


@given(
    commission=st.decimals(Decimal(-100), Decimal(100), places=6),
    filled=st.integers(1, 10),
)
def test_commissions_are_shared_to_the_last_digit(commission: Decimal, filled: int) -> None:
    (booking,) = attribute([execution("1", str(filled), commission=commission)], SOURCE, Decimal(0), ONE)
    assert sum(booking.commissions.values()) == commission
    assert set(booking.commissions) in ({*booking.shares}, set())
    for name, share in booking.shares.items():
        assert abs(booking.commissions.get(name, Decimal(0)) - commission * share / filled) <= Decimal(
            "0.000001"
        )


def test_a_commission_that_is_not_known_yet_is_nobody_s() -> None:
    (booking,) = attribute([execution("1", "10", commission=None)], SOURCE, Decimal(0), ONE)
    assert booking.commissions == {}


def test_what_nobody_s_strategy_ordered_fills_last_and_the_strategies_parts_stay_exact() -> None:
    """close-all sells a strategy's 6 and 4 that were bought by hand in one order."""
    source = {"alpha": Decimal(-6), UNASSIGNED: Decimal(-4)}
    first, second, third = attribute(
        (execution("a", "-4"), execution("b", "-4"), execution("c", "-2")), source, Decimal(0), Decimal(1)
    )
    assert [one.shares for one in (first, second, third)] == [
        {"alpha": -4},
        {"alpha": -2, UNASSIGNED: -2},
        {UNASSIGNED: -2},
    ]
    assert remaining(source, Decimal(4), Decimal(1)) == {"alpha": -2, UNASSIGNED: -4}
