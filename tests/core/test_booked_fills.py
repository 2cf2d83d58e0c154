"""The fills that an order's bookings came from are those that the broker told, in their last correction."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.attribution import Booking, Execution, attribute, latest
from ib_trading.core.booked_fills import booked_fills
from tests.core.builders import NOW, execution

SOURCE = {"alpha": Decimal(7), "beta": Decimal(3)}


def booked(*told: list[Execution]) -> list[Booking]:
    """The ledger after the broker has told these lists, one after the other."""
    bookings: list[Booking] = []
    for executions in told:
        bookings.extend(attribute(executions, SOURCE, bookings, Decimal(1)))
    return bookings


def shown(fills: tuple[Execution, ...]) -> list[tuple[str, Decimal, Decimal, Decimal | None]]:
    return [(one.exec_id, one.quantity, one.price, one.commission) for one in fills]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=3), st.booleans())
def test_fills_come_back_as_they_were_told_however_they_were_shared(
    sizes: list[int], commissions_come_late: bool
) -> None:
    fills = [
        replace(execution(f"e.{number}.01", str(size)), commission=Decimal("0.35"), commission_currency="USD")
        for number, size in enumerate(sizes)
    ]
    early = [replace(one, commission=None, commission_currency="") for one in fills]
    ledger = booked(early, fills) if commissions_come_late else booked(fills)
    assert shown(booked_fills(ledger)) == shown(latest(fills))


def test_a_commission_of_nothing_is_one_and_none_told_is_not() -> None:
    free = replace(execution("e.1.01", "5"), commission=Decimal(0), commission_currency="USD")
    untold = replace(execution("e.2.01", "5"), commission=None, commission_currency="")
    assert [fill.commission for fill in booked_fills(booked([free, untold]))] == [0, None]


def test_a_corrected_fill_is_one_and_a_fill_corrected_to_nothing_none() -> None:
    first = replace(execution("e.1.01", "5"), commission=Decimal(1), commission_currency="USD")
    right = replace(first, exec_id="e.1.02", quantity=Decimal(4))
    gone = replace(first, exec_id="e.1.03", quantity=Decimal(0))
    assert shown(booked_fills(booked([first], [first, right]))) == [("e.1.02", 4, first.price, 1)]
    assert booked_fills(booked([first], [first, right], [gone])) == ()


def test_an_accepted_repair_is_a_fill_too_and_an_internal_cross_of_the_run_is_none_of_an_order() -> None:
    repair = Booking("repair:abc", "ib-pabc", 1, Decimal(100), NOW, {"alpha": Decimal(2)}, {})
    closed = Booking("repair:def", "ib-pabc", 1, Decimal(0), NOW, {}, {})
    assert shown(booked_fills([repair, closed])) == [("repair:abc", 2, 100, None)]
