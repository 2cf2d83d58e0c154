"""Every fill is booked to those who ordered it, to the last share, whatever pieces it comes in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.attribution import Booking, attribute, latest, remaining, unapplied
from ib_trading.core.positions import UNASSIGNED
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
    bookings = attribute(fills, signed, (), ONE)
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
    at_once = attribute([execution("1", str(filled))], source, (), ONE)
    in_pieces = attribute(
        [execution(f"{n:04}", str(piece)) for n, piece in enumerate(cut(filled, cuts))],
        source,
        (),
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
    before = attribute([early], source, (), ONE)
    after = attribute([late], source, before, ONE)
    assert before + after == attribute([early, late], source, (), ONE)


@given(source=SOURCES, data=st.data(), sign=st.sampled_from([1, -1]))
def test_what_is_booked_and_what_may_still_come_add_up_to_what_was_ordered(
    source: dict[str, Decimal], data: st.DataObject, sign: int
) -> None:
    signed = {name: sign * part for name, part in source.items()}
    filled = data.draw(st.integers(0, int(sum(source.values()))))
    booked = shared(attribute([execution("1", str(sign * filled))], signed, (), ONE)) if filled else {}
    left = remaining(signed, Decimal(filled), ONE)
    assert {name: booked.get(name, Decimal(0)) + left[name] for name in signed} == signed


def test_fills_are_booked_by_their_time_not_by_the_order_in_which_they_were_reported() -> None:
    early, late = execution("2", "3"), execution("1", "7", at=NOW + timedelta(seconds=1))
    assert [booking.booking_id for booking in attribute([late, early], SOURCE, (), ONE)] == ["2", "1"]


def test_a_booking_keeps_what_the_execution_said() -> None:
    fill = execution("0001.01", "10", price=Decimal("99.5"), commission=ONE, commission_currency="USD")
    assert attribute([fill], SOURCE, (), ONE) == (
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
    (booking,) = attribute([execution("1", "-5", commission=ONE)], {}, (), ONE)
    assert booking.shares == {UNASSIGNED: Decimal(-5)}
    assert booking.commissions == {UNASSIGNED: ONE}


def test_of_a_fill_beyond_the_order_the_strategies_get_what_they_ordered_and_nobody_the_rest() -> None:
    bookings = attribute([execution("1", "7"), execution("2", "5")], SOURCE, (), ONE)
    assert shared(bookings) == SOURCE | {UNASSIGNED: Decimal(2)}
    assert sum(bookings[1].shares.values()) == 5


def test_a_fill_after_the_order_was_full_charges_no_strategy() -> None:
    full = attribute([execution("0", "10")], SOURCE, (), ONE)
    (booking,) = attribute([execution("1", "5")], SOURCE, full, ONE)
    assert booking.shares == {UNASSIGNED: Decimal(5)}


def test_a_sale_in_the_name_of_a_purchase_charges_no_strategy_and_uses_nothing_of_the_order_up() -> None:
    bookings = attribute([execution("1", "-5"), execution("2", "10")], SOURCE, (), ONE)
    assert [booking.shares for booking in bookings] == [{UNASSIGNED: Decimal(-5)}, SOURCE]


def test_a_fill_of_less_than_an_increment_is_booked_and_not_lost() -> None:
    bookings = attribute([execution("1", "0.5"), execution("2", "9.5")], SOURCE, (), ONE)
    assert sum(bookings[0].shares.values()) == Decimal("0.5")
    assert shared(bookings) == SOURCE


@given(
    commission=st.decimals(Decimal(-100), Decimal(100), places=6),
    filled=st.integers(1, 10),
)
def test_commissions_are_shared_to_the_last_digit(commission: Decimal, filled: int) -> None:
    (booking,) = attribute([execution("1", str(filled), commission=commission)], SOURCE, (), ONE)
    assert sum(booking.commissions.values()) == commission
    assert set(booking.commissions) in ({*booking.shares}, set())
    for name, share in booking.shares.items():
        assert abs(booking.commissions.get(name, Decimal(0)) - commission * share / filled) <= Decimal(
            "0.000001"
        )


def test_a_commission_that_is_not_known_yet_is_nobody_s() -> None:
    (booking,) = attribute([execution("1", "10", commission=None)], SOURCE, (), ONE)
    assert booking.commissions == {}


def test_a_correction_of_an_execution_that_was_not_booked_is_booked_in_its_place() -> None:
    bookings = attribute([execution("a.01", "7"), execution("a.02", "6")], SOURCE, (), ONE)
    assert [booking.booking_id for booking in bookings] == ["a.02"]
    assert sum(shared(bookings).values()) == 6


def test_a_correction_of_a_booked_execution_books_the_difference_and_never_both() -> None:
    """An execution `.02` was booked beside the `.01` that it replaces: the strategies held twice what they had."""
    first = attribute([execution("a.01", "10", commission=ONE)], SOURCE, (), ONE)
    both = [execution("a.01", "10"), execution("a.02", "5", price=Decimal(99), commission=Decimal(2))]
    back, again = attribute(both, SOURCE, first, ONE)
    assert (back.price, again.price) == (Decimal(100), Decimal(99))
    assert shared((*first, back, again)) == {"alpha": Decimal(3), "beta": Decimal(2)}
    assert sum(amount for one in (*first, back, again) for amount in one.commissions.values()) == 2


def test_what_a_correction_replaced_is_not_booked_when_it_is_told_again() -> None:
    corrected = attribute([execution("a.02", "5")], SOURCE, (), ONE)
    assert attribute([execution("a.01", "10")], SOURCE, corrected, ONE) == ()


def test_a_correction_to_nothing_takes_the_fill_back() -> None:
    first = attribute([execution("a.01", "10", commission=ONE)], SOURCE, (), ONE)
    after = (*first, *attribute([execution("a.02", "0")], SOURCE, first, ONE))
    assert set(shared(after).values()) == {Decimal(0)}


def test_a_commission_told_later_is_booked_then_and_once() -> None:
    """Executions whose commission report came late were booked without it, and the strategy's profit never paid it."""
    early = attribute([execution("1", "10")], SOURCE, (), ONE)
    told = [execution("1", "10", commission=ONE, commission_currency="USD")]
    late = attribute(told, SOURCE, early, ONE)
    assert [(dict(one.shares), dict(one.commissions), one.commission_currency) for one in late] == [
        ({}, {"alpha": Decimal("0.6"), "beta": Decimal("0.4")}, "USD")
    ]
    assert attribute(told, SOURCE, (*early, *late), ONE) == ()
    revised = [execution("1", "10", commission=Decimal("1.5"), commission_currency="USD")]
    assert sum(attribute(revised, SOURCE, (*early, *late), ONE)[0].commissions.values()) == Decimal("0.5")


def test_a_correction_takes_back_a_commission_that_was_told_later() -> None:
    early = attribute([execution("a.01", "10")], SOURCE, (), ONE)
    late = attribute([execution("a.01", "10", commission=ONE)], SOURCE, early, ONE)
    corrected = attribute([execution("a.02", "10", commission=ONE)], SOURCE, (*early, *late), ONE)
    everything = (*early, *late, *corrected)
    assert sum(amount for one in everything for amount in one.commissions.values()) == 1


def test_a_commission_is_taken_back_in_the_currency_in_which_it_was_told() -> None:
    """A correction may come before its own commission report: an amount of no currency could not be stored."""
    early = attribute([execution("a.01", "10")], SOURCE, (), ONE)
    late = attribute([execution("a.01", "10", commission=ONE, commission_currency="USD")], SOURCE, early, ONE)
    back, _ = attribute([execution("a.02", "9")], SOURCE, (*early, *late), ONE)
    assert (sum(back.commissions.values()), back.commission_currency) == (-1, "USD")


@given(source=SOURCES, data=st.data(), sign=st.sampled_from([1, -1]))
def test_after_any_corrections_in_any_batches_every_strategy_has_its_part_of_what_is_filled(
    source: dict[str, Decimal], data: st.DataObject, sign: int
) -> None:
    """As if the last word on each execution had been the first."""
    signed = {name: sign * part for name, part in source.items()}
    pieces = cut(int(sum(source.values())), data.draw(st.lists(st.integers(0, 10_000), max_size=6)))
    fills = {n: execution(f"{n:04}.01", str(sign * piece)) for n, piece in enumerate(pieces)}
    booked: tuple[Booking, ...] = ()
    for _ in range(data.draw(st.integers(1, 6))):
        seen = [fills[n] for n in sorted(fills) if data.draw(st.booleans())]
        booked += attribute(seen, signed, booked, ONE)
        n = data.draw(st.sampled_from(sorted(fills)))
        less = data.draw(st.integers(0, pieces[n]))
        number = int(fills[n].exec_id[-2:]) + 1
        fills[n] = execution(f"{n:04}.{number:02}", str(sign * less))
    booked += attribute(list(fills.values()), signed, booked, ONE)
    total = sum((fill.quantity for fill in fills.values()), Decimal(0))
    left = remaining(signed, abs(total), ONE)
    held = shared(booked)
    assert {name: held.get(name, Decimal(0)) + left[name] for name in signed} == signed
    assert not held.get(UNASSIGNED)
    assert unapplied(fills.values(), booked) == {}


def test_what_nobody_s_strategy_ordered_fills_last_and_the_strategies_parts_stay_exact() -> None:
    """close-all sells a strategy's 6 and 4 that were bought by hand in one order."""
    source = {"alpha": Decimal(-6), UNASSIGNED: Decimal(-4)}
    first, second, third = attribute(
        (execution("a", "-4"), execution("b", "-4"), execution("c", "-2")), source, (), Decimal(1)
    )
    assert [one.shares for one in (first, second, third)] == [
        {"alpha": -4},
        {"alpha": -2, UNASSIGNED: -2},
        {UNASSIGNED: -2},
    ]
    assert remaining(source, Decimal(4), Decimal(1)) == {"alpha": -2, UNASSIGNED: -4}


def test_an_execution_without_a_number_is_older_than_its_corrections() -> None:
    first, corrected = execution("a", "5"), execution("a.01", "4")
    assert latest([first, corrected]) == latest([corrected, first]) == (corrected,)


def test_a_correction_that_gives_one_strategy_s_share_to_another_is_paid_by_both() -> None:
    """The first fill, which was alpha's, never was; the second is alpha's then, and no longer beta's."""
    source = {"alpha": ONE, "beta": ONE}
    booked = attribute([execution("a.01", "1"), execution("b.01", "1")], source, (), ONE)
    corrected = execution("a.02", "0", commission=Decimal("0.5"), commission_currency="USD")
    back, anew = attribute([corrected, execution("b.01", "1")], source, booked, ONE)
    assert (back.shares, anew.shares) == ({"alpha": -1}, {"alpha": 1, "beta": -1})
    assert anew.commissions == {"alpha": Decimal("0.25"), "beta": Decimal("0.25")}


def test_every_booking_is_named_after_the_execution_that_it_is_about() -> None:
    """A store books each name once, whatever release wrote it."""
    first = attribute([execution("a.01", "10")], SOURCE, (), ONE)
    paid = execution("a.01", "10", commission=ONE, commission_currency="USD")
    late = attribute([paid], SOURCE, first, ONE)
    more = attribute([replace(paid, commission=Decimal(2))], SOURCE, (*first, *late), ONE)
    back = attribute([execution("a.02", "9")], SOURCE, (*first, *late, *more), ONE)
    assert [one.booking_id for one in (*first, *late, *more, *back)] == [
        "a.01", "commission:1:a.01", "commission:2:a.01", "reversal:a.02", "a.02",
    ]  # fmt: skip
    assert (first[0].commission_currency, late[0].commission_currency) == ("", "USD")
