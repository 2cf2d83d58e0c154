"""Totals are what the bookings come to, to the last digit, in whatever sequence and portions they came."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.attribution import Booking, Execution, attribute
from ib_trading.core.positions import UNASSIGNED
from ib_trading.core.profit import results
from ib_trading.core.totals import Total, Totals, currencies, is_held, with_bookings
from tests.core.builders import NOW, STOCK

NAMES = ["trend", "dummy", UNASSIGNED]
figures = st.decimals(min_value=-(10**12), max_value=10**12, places=9)
parts = st.dictionaries(st.sampled_from(NAMES), figures)


@st.composite
def ledgers(draw: st.DrawFn) -> list[Booking]:
    """Anything that may be booked: fills, what takes them back, commissions that come late, crosses."""
    count = draw(st.integers(0, 12))
    return [
        Booking(
            f"exec-{number}",
            "ib-pabc",
            draw(st.sampled_from([1, 2, 3])),
            draw(figures),
            NOW,
            draw(parts),
            draw(parts),
            draw(st.sampled_from(["USD", "CHF"])),
        )
        for number in range(count)
    ]


def exactly(ledger: list[Booking]) -> dict[tuple[int, str], tuple[Fraction, Fraction, dict[str, Fraction]]]:
    """Written out plainly in numbers that are never rounded, to compare with."""
    sums: dict[tuple[int, str], tuple[Fraction, Fraction, dict[str, Fraction]]] = {}
    for one in ledger:
        for name in {*one.shares, *one.commissions}:
            share = Fraction(one.shares.get(name, 0))
            quantity, flow, paid = sums.get((one.con_id, name), (Fraction(0), Fraction(0), {}))
            if name in one.commissions:
                currency = one.commission_currency
                paid = paid | {currency: paid.get(currency, Fraction(0)) + Fraction(one.commissions[name])}
            sums[one.con_id, name] = (quantity + share, flow - share * Fraction(one.price), paid)
    return sums


@given(ledger=ledgers())
def test_they_are_the_sums_to_the_last_digit(ledger: list[Booking]) -> None:
    """A quantity times a price may have more digits than Python's Decimals keep by themselves."""
    found = {
        (con_id, name): (
            Fraction(total.quantity),
            Fraction(total.flow),
            {currency: Fraction(amount) for currency, amount in total.commissions.items()},
        )
        for con_id, by_strategy in with_bookings({}, ledger).items()
        for name, total in by_strategy.items()
    }
    assert found == exactly(ledger)


@given(ledger=ledgers(), data=st.data())
def test_no_portion_and_no_sequence_changes_them(ledger: list[Booking], data: st.DataObject) -> None:
    mixed = data.draw(st.permutations(ledger))
    totals: Totals = {}
    while mixed:
        some = data.draw(st.integers(1, len(mixed)))
        totals, mixed = with_bookings(totals, mixed[:some]), mixed[some:]
    assert spelled(totals) == spelled(with_bookings({}, ledger))


def spelled(totals: Totals) -> dict[tuple[int, str], tuple[str, str, dict[str, str]]]:
    """As a store writes them: 2.50 is not 2.5."""
    return {
        (con_id, name): (
            str(total.quantity),
            str(total.flow),
            {currency: str(amount) for currency, amount in total.commissions.items()},
        )
        for con_id, by_strategy in totals.items()
        for name, total in by_strategy.items()
    }


@given(ledger=ledgers(), data=st.data(), rate=st.decimals("0.001", 1000, places=6))
def test_what_strategies_earned_is_the_same_digits_however_it_was_added_up(
    ledger: list[Booking], data: st.DataObject, rate: Decimal
) -> None:
    instruments = {con_id: replace(STOCK, con_id=con_id, currency="CHF") for con_id in (1, 2, 3)}
    prices, rates = dict.fromkeys(instruments, Decimal("157.92")), {"USD": Decimal(1), "CHF": 1 / rate}
    mixed = data.draw(st.permutations(ledger))
    one, other = (results(with_bookings({}, some), instruments, prices, rates) for some in (ledger, mixed))
    assert str(sorted(one.items())) == str(sorted(other.items()))


def test_a_narrow_context_of_the_caller_rounds_nothing() -> None:
    ledger = [Booking("1", "", 1, Decimal("157.92"), NOW, {"trend": Decimal("3.5")}, {})]
    with localcontext(prec=2):
        assert with_bookings({}, ledger)[1]["trend"].flow == Decimal("-552.720")


def test_a_correction_and_a_late_commission_leave_what_the_correction_says() -> None:
    """3 at 100, later known to have cost 1, corrected to 2 at 101 with commissions of 0.80."""
    source = {"trend": Decimal(3)}
    first = Execution("e.01", "ib-pabc", 7, "DU1", 1, Decimal(3), Decimal(100), NOW)
    told = replace(first, commission=Decimal(1), commission_currency="USD")
    corrected = replace(
        told, exec_id="e.02", quantity=Decimal(2), price=Decimal(101), commission=Decimal("0.80")
    )
    booked: tuple[Booking, ...] = ()
    for execution in (first, told, corrected):
        booked += attribute([execution], source, booked, Decimal(1))
    assert len(booked) == 4
    assert with_bookings({}, booked) == {
        1: {"trend": Total(Decimal(2), Decimal(-202), {"USD": Decimal("0.80")})}
    }


def test_what_was_added_to_stays_as_it_was() -> None:
    ledger = [Booking("1", "", 1, Decimal(10), NOW, {"trend": Decimal(3)}, {"trend": Decimal(1)}, "USD")]
    before = with_bookings({}, ledger)
    with_bookings(before, ledger)
    assert before == with_bookings({}, ledger)


def test_strategies_that_hold_against_each_other_hold_something() -> None:
    assert is_held({"trend": Total(Decimal(5)), "dummy": Total(Decimal(-5))})
    assert not is_held({"trend": Total(Decimal("0.00"), Decimal(40))})


def test_every_currency_of_a_commission_is_told() -> None:
    paid = {"trend": Total(commissions={"USD": Decimal(1)}), "dummy": Total(commissions={"CHF": Decimal(2)})}
    assert currencies(paid) == {"USD", "CHF"}
