"""What a strategy has earned is what it holds plus what its fills took in, less commissions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ib_trading.core.attribution import Booking
from ib_trading.core.positions import UNASSIGNED
from ib_trading.core.profit import StrategyResult, results
from ib_trading.core.totals import with_bookings
from tests.core.builders import NOW, STOCK

FUTURE = replace(
    STOCK, con_id=2, sec_type="FUT", currency="CHF", multiplier=Decimal(50), price_magnifier=Decimal(100)
)
INSTRUMENTS = {1: STOCK, 2: FUTURE}
PRICES = {1: Decimal(110), 2: Decimal(600)}
RATES = {"USD": Decimal(1), "CHF": Decimal("1.1")}


def booking(con_id: int, price: str, commissions: dict[str, str] | None = None, **shares: str) -> Booking:
    def figures(texts: dict[str, str]) -> dict[str, Any]:
        return {name: Decimal(text) for name, text in texts.items()}

    return Booking(
        "1", "ref", con_id, Decimal(price), NOW, figures(shares), figures(commissions or {}), "USD"
    )


def earned_by(ledger: list[Booking], prices: Mapping[int, Decimal] = PRICES) -> dict[str, StrategyResult]:
    return results(with_bookings({}, ledger), INSTRUMENTS, prices, RATES)


def test_a_position_that_is_held_earns_what_its_price_has_gained_less_commission() -> None:
    earned = earned_by([booking(1, "100", {"alpha": "1.5"}, alpha="10")])
    assert earned == {"alpha": StrategyResult(Decimal(1100), Decimal("98.5"), Decimal("1.5"))}


def test_a_position_that_was_closed_keeps_what_it_earned() -> None:
    ledger = [booking(1, "100", alpha="10"), booking(1, "104", alpha="-10")]
    assert earned_by(ledger) == {"alpha": StrategyResult(Decimal(0), Decimal(40), Decimal(0))}


def test_what_was_closed_needs_no_price_any_more() -> None:
    """It may be delisted, halted or without a subscription by now: what it earned is earned."""
    ledger = [booking(1, "100", {"alpha": "1"}, alpha="10"), booking(1, "104", alpha="-10")]
    assert earned_by(ledger, {})["alpha"].profit == 39


def test_commissions_of_nobodys_trade_are_nobodys_cost() -> None:
    """An execution that was corrected to nothing has no shares, and may have cost all the same."""
    earned = earned_by([booking(1, "100", {UNASSIGNED: "2"})])
    assert earned == {UNASSIGNED: StrategyResult(Decimal(0), Decimal(-2), Decimal(2))}


def test_a_short_position_earns_when_its_price_falls() -> None:
    assert earned_by([booking(1, "120", alpha="-10")])["alpha"].profit == 100


def test_multiplier_magnifier_and_exchange_rate_count() -> None:
    """100 cents up on a multiplier of 50 is 50 francs, 55 dollars."""
    assert earned_by([booking(2, "500", alpha="1")])["alpha"].profit == 55


def test_what_strategies_cross_among_themselves_earns_nothing_together() -> None:
    earned = earned_by([booking(1, "100", alpha="10", beta="-10")])
    assert (earned["alpha"].profit, earned["beta"].profit) == (100, -100)


@pytest.mark.parametrize(
    ("prices", "rates"), [({}, RATES), (PRICES, {})], ids=["without a price", "without a rate"]
)
def test_nothing_is_valued_without_a_price_and_a_rate(
    prices: dict[int, Decimal], rates: dict[str, Decimal]
) -> None:
    with pytest.raises(KeyError):
        results(with_bookings({}, [booking(1, "100", alpha="10")]), INSTRUMENTS, prices, rates)


@pytest.mark.parametrize("paid", [("EUR", "GBP", "CHF"), ("CHF", "EUR", "GBP"), ("GBP", "CHF", "EUR")])
def test_commissions_in_several_currencies_come_to_the_same_in_whatever_sequence_they_were_paid(
    paid: tuple[str, ...],
) -> None:
    """A third has no end, and a sum of three of them ends otherwise by which two are added first."""
    amounts = {"CHF": "4.75", "EUR": "0.12", "GBP": "2.14"}
    rates = RATES | {"CHF": 1 / Decimal("0.9"), "EUR": 1 / Decimal("0.7"), "GBP": 1 / Decimal("1.3")}
    ledger = [
        replace(booking(1, "100", {"alpha": amounts[currency]}), commission_currency=currency)
        for currency in paid
    ]
    earned = results(with_bookings({}, ledger), INSTRUMENTS, PRICES, rates)
    assert str(earned["alpha"].commissions) == "7.095360195360195360195360194"
