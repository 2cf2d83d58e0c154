"""What a strategy has paid for what it holds, by its own bookings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.attribution import Booking, Execution, attribute
from ib_trading.core.average_price import average_prices
from ib_trading.core.fx import FxRate
from ib_trading.core.instruments import Instrument
from ib_trading.core.positions import UNASSIGNED, with_changes
from ib_trading.core.questions import question
from ib_trading.core.strategy import Declaration, Instance
from ib_trading.strategies import StrategyView
from tests.core.builders import NOW, STOCK, quote, snapshot, spec


def booked(*fills: tuple[str, str], booking_id: str = "exec", **shares: str) -> list[Booking]:
    """Alpha's (quantity, price), one after the other."""
    del shares
    return [
        booking(f"{booking_id}.{number}.01", price, alpha=quantity)
        for number, (quantity, price) in enumerate(fills)
    ]


def booking(booking_id: str, price: str, **shares: str) -> Booking:
    parts = {name: Decimal(share) for name, share in shares.items()}
    return Booking(booking_id, "ib-pabc", 1, Decimal(price), NOW, parts, {}, "USD")


def paid(bookings: Iterable[Booking], strategy: str = "alpha") -> Decimal | None:
    ledger = list(bookings)
    changes = [(name, one.con_id, share) for one in ledger for name, share in one.shares.items()]
    return average_prices(ledger, with_changes({}, changes)).get(strategy, {}).get(1)


@pytest.mark.parametrize(
    ("fills", "average"),
    [
        ([("10", "100")], "100"),
        ([("10", "100"), ("30", "120")], "115"),
        # A part that is sold, for whatever, leaves the rest at what it had cost.
        ([("10", "100"), ("10", "120"), ("-15", "500")], "110"),
        ([("10", "100"), ("10", "120"), ("-15", "500"), ("5", "130")], "120"),
        # What turns begins anew, and so does what was closed.
        ([("10", "100"), ("-25", "130")], "130"),
        ([("-10", "100"), ("-10", "90"), ("5", "10")], "95"),
        ([("-10", "100"), ("25", "70")], "70"),
        ([("10", "100"), ("-10", "130"), ("4", "90")], "90"),
        ([("10", "100"), ("-10", "130")], None),
    ],
)
def test_it_is_the_mean_of_the_purchases_that_made_what_is_held(
    fills: list[tuple[str, str]], average: str | None
) -> None:
    assert paid(booked(*fills)) == (None if average is None else Decimal(average))


def test_it_is_the_strategy_s_own_and_an_internal_cross_is_a_purchase() -> None:
    """The broker's average of the account knows neither: 10 at 100 and nothing else."""
    ledger = [
        booking("a.01", "100", alpha="10"),
        booking("cross:run:1", "150", alpha="-4", beta="4"),
        booking("cross:run2:1", "170", alpha="2", beta="-2"),
    ]
    assert paid(ledger) == Decimal(6 * 100 + 2 * 170) / 8
    assert paid(ledger, "beta") == 150


def test_a_correction_counts_as_what_it_corrects_would_have() -> None:
    """As if the price had been right at once, in its place: not as a sale and a purchase."""
    first, second = (fill(f"0001.{n}.01", price) for n, price in ((1, "100"), (2, "130")))
    ledger = attribute([first, second], {"alpha": Decimal(20)}, (), Decimal(1))
    sold = booking("later.01", "90", alpha="-5")
    corrected = attribute(
        [replace(first, exec_id="0001.1.02", price=Decimal(110)), second],
        {"alpha": Decimal(20)},
        ledger,
        Decimal(1),
    )
    assert len(corrected) == 2
    assert paid([*ledger, sold]) == 115
    assert paid([*ledger, sold, *corrected]) == 120
    gone = attribute(
        [replace(first, exec_id="0001.1.02", quantity=Decimal(0)), second], {}, ledger, Decimal(1)
    )
    assert paid([*ledger, *gone]) == 130


def fill(exec_id: str, price: str) -> Execution:
    return Execution(exec_id, "ib-pabc", 7, "DU1", 1, Decimal(10), Decimal(price), NOW, Decimal(1), "USD")


def test_a_commission_that_comes_late_changes_nothing() -> None:
    ledger = booked(("10", "100"))
    late = replace(
        ledger[0], booking_id="commission:1:exec.0.01", shares={}, commissions={"alpha": Decimal(3)}
    )
    assert paid([*ledger, late]) == 100


def test_after_a_change_that_no_fill_explains_nobody_knows_it_until_the_position_is_new() -> None:
    """Two for one: ten that cost 100 each are ten at 50 now, and no booking says that it was a split."""
    split = booking("repair:abc", "50", **{UNASSIGNED: "10"})
    before = booked(("10", "100"))
    assert paid([*before, split]) is None
    assert paid([*before, split, booking("b.01", "51", alpha="10")]) is None
    assert paid([*before, split, booking("b.01", "51", alpha="-4")]) is None
    assert paid([*before, split, booking("b.01", "51", alpha="-14")]) == 51
    closed = [booking("b.01", "51", alpha="-10"), booking("c.01", "52", alpha="3")]
    assert paid([*before, split, *closed]) == 52


def test_a_repair_of_another_contract_and_one_that_was_a_fill_leave_it_known() -> None:
    other = replace(booking("repair:abc", "50", **{UNASSIGNED: "10"}), con_id=2)
    fill_of_ours = booking("repair:def", "120", alpha="10")
    closing = booking("repair:ghi", "0")
    assert paid([*booked(("10", "100")), other, fill_of_ours, closing]) == 110


def test_what_nobody_s_own_trades_do_is_not_the_strategy_s() -> None:
    """A trade by hand of today is no change that no fill explains: it has its execution."""
    assert paid([*booked(("10", "100")), booking("hand.01", "300", **{UNASSIGNED: "7"})]) == 100


def test_bookings_that_do_not_make_what_is_held_tell_nothing() -> None:
    assert average_prices(booked(("10", "100")), {"alpha": {1: Decimal(9)}}) == {"alpha": {}}


figures = st.tuples(st.integers(-50, 50).filter(bool), st.integers(1, 500))


@given(st.lists(figures, max_size=20), st.integers(1, 50), st.integers(1, 500))
def test_profit_and_what_was_realised_are_together_what_the_fills_come_to(
    fills: list[tuple[int, int]], size: int, price: int
) -> None:
    """Of the same fills, written out as lots of which each sale takes its part of all: what is held, valued at today's
    price less the mean, and what sales brought beyond it, are what is held now and all that went in and out."""
    fills = [*fills, (size, price)]
    held, mean, realised = 0, Fraction(0), Fraction(0)
    for quantity, at in fills:
        closes = max(-abs(held), -abs(quantity)) if held * quantity < 0 else 0
        sign = 1 if held > 0 else -1
        realised += -closes * sign * (at - mean)
        opened = quantity - closes * sign
        rest = held + closes * sign
        held = rest + opened
        mean = Fraction(rest * mean + opened * at, held) if held else Fraction(0)
    found = paid(booked(*((str(quantity), str(at)) for quantity, at in fills)))
    if not held:
        assert found is None
        return
    assert found is not None
    now = 77
    flow = -sum(quantity * at for quantity, at in fills)
    assert abs(Fraction(found) - mean) < Fraction(1, 10**18)
    assert held * (now - mean) + realised == held * now + flow


FUTURE = replace(STOCK, sec_type="FUT", currency="CHF", multiplier=Decimal(50), liquid_hours=())
PENCE = replace(STOCK, currency="GBP", price_magnifier=Decimal(100), liquid_hours=())
PAIR = replace(STOCK, sec_type="CASH", exchange="IDEALPRO", currency="CHF", liquid_hours=())
RATES = {
    name: FxRate(name, Decimal(rate), name, NOW)
    for name, rate in (("USD", "1"), ("CHF", "1.1"), ("GBP", "1.25"))
}


@pytest.mark.parametrize(
    ("instrument", "held", "profit"),
    [
        (STOCK, "10", 200.0),
        (STOCK, "-10", -200.0),
        (FUTURE, "2", 2 * 50 * 20 * 1.1),
        (PENCE, "1000", 1000 * 20 / 100 * 1.25),
        (PAIR, "-5000", -5000 * 20 * 1.1),
    ],
)
def test_the_profit_of_what_is_held_is_what_its_price_has_gained_in_base_currency(
    instrument: Instrument, held: str, profit: float
) -> None:
    holding = seen(instrument, held, "100")
    assert holding.average_price == 100
    assert holding.profit == pytest.approx(profit)
    assert holding.value == pytest.approx(profit * 6)


@pytest.mark.parametrize("changes", [{"quotes": {}}, {"fx": {"USD": RATES["USD"]}}, {"average_prices": {}}])
def test_without_a_price_a_rate_or_an_average_nobody_knows_it(changes: dict[str, Any]) -> None:
    holding = seen(FUTURE, "2", "100", **changes)
    assert holding.profit is None
    assert (holding.average_price is None) is ("average_prices" in changes)


def test_what_is_not_held_has_none() -> None:
    holding = seen(STOCK, "0", None)
    assert (holding.average_price, holding.profit, holding.value) == (None, 0.0, 0.0)


def test_what_another_strategy_has_paid_is_not_seen() -> None:
    holding = seen(STOCK, "10", "100", average_prices={"beta": {1: Decimal(40)}})
    assert (holding.average_price, holding.profit) == (None, None)


def seen(instrument: Instrument, held: str, average: str | None, **changes: Any) -> Any:
    """At a price of 120."""
    known = {"alpha": {1: Decimal(average)}} if average else {}
    state = snapshot(instrument, fx=RATES, quotes={1: quote("120")}, average_prices=known)
    state = replace(state, holdings={"alpha": {1: Decimal(held)}}, at=NOW + timedelta(seconds=1), **changes)
    asked = question(state, Instance("alpha", "alpha"), Declaration("", (spec(instrument),)))
    return StrategyView(asked).holding(spec(instrument))
