"""How many contracts a weight is, and what is traded to get there."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.fx import FxRate, base_rate
from ib_trading.core.refusals import SizingRefused, StrategyFailed
from ib_trading.core.signals import Signals
from ib_trading.core.sizing import Sizing, capital, size, target_quantity
from ib_trading.core.snapshot import Snapshot
from ib_trading.schema.exposure import Exposure, StrategyInstance
from tests.core.builders import AAA, BBB, NOW, config, quote, snapshot, stock

WEIGHTS = st.decimals(-2, 2, places=6)
MONEY = st.decimals(1, 10**9, places=2)
VALUES = st.decimals("0.01", 10**6, places=4)
INCREMENTS = st.sampled_from([Decimal(1), Decimal(100), Decimal("0.01")])


def sized(weight: str = "0", **changes: Any) -> Sizing:
    """Alpha gives AAA (100 dollars) `weight` of its 50,000."""
    return sized_by({"alpha": {1: Decimal(weight)}}, snapshot(AAA, **changes))


def sized_by(weights: dict[str, dict[int, Decimal]], state: Snapshot) -> Sizing:
    return size(state, Signals(weights, {}))


def test_capital_is_net_liquidation_times_both_exposures() -> None:
    exposure = Exposure(overall=Decimal("0.8"), strategies={"alpha": StrategyInstance(share=Decimal("0.25"))})
    state = snapshot(config=config(exposure=exposure))
    assert capital(state, "alpha") == 20_000
    assert capital(state, "stranger") == 0


def test_the_target_is_capital_times_weight_by_the_contract_s_value() -> None:
    """A fifth of 50,000 is 100 shares of 100 dollars."""
    assert sized("0.2").targets == {"alpha": {1: Decimal(100)}}
    assert sized("-0.2").targets == {"alpha": {1: Decimal(-100)}}


def test_a_contract_in_another_currency_is_valued_in_base_currency() -> None:
    """At 1.25 dollars a franc, 100 francs are 125 dollars: 80 shares for 10,000."""
    swiss = replace(AAA, currency="CHF")
    rates = {"USD": base_rate("USD", NOW), "CHF": FxRate("CHF", Decimal("1.25"), "USD.CHF", NOW)}
    sizing = sized_by({"alpha": {1: Decimal("0.2")}}, snapshot(swiss, fx=rates))
    assert sizing.targets["alpha"][1] == 80


def test_a_future_is_valued_with_its_multiplier_and_magnifier() -> None:
    future = replace(AAA, sec_type="FUT", multiplier=Decimal(5000), price_magnifier=Decimal(100))
    assert sized_by({"alpha": {1: Decimal("0.2")}}, snapshot(future)).targets["alpha"][1] == 2


@given(capital=MONEY, one=WEIGHTS, other=WEIGHTS, value=VALUES, increment=INCREMENTS)
def test_a_larger_weight_is_never_a_smaller_target(
    capital: Decimal, one: Decimal, other: Decimal, value: Decimal, increment: Decimal
) -> None:
    smaller, larger = sorted((one, other))
    assert target_quantity(capital, smaller, value, increment) <= target_quantity(
        capital, larger, value, increment
    )


@given(capital=MONEY, weight=WEIGHTS, value=VALUES, increment=INCREMENTS)
def test_a_target_is_whole_increments_within_half_a_one_of_capital_times_weight(
    capital: Decimal, weight: Decimal, value: Decimal, increment: Decimal
) -> None:
    target = target_quantity(capital, weight, value, increment)
    assert Fraction(target) % Fraction(increment) == 0
    meant = Fraction(capital) * Fraction(weight)
    assert abs(Fraction(target) * Fraction(value) - meant) <= Fraction(increment) * Fraction(value) / 2
    assert target * weight >= 0


def test_a_trade_is_target_less_holdings_less_what_live_orders_may_still_bring() -> None:
    sizing = sized("0.2", holdings={"alpha": {1: Decimal(30)}}, working={"alpha": {1: Decimal(-10)}})
    assert sizing.trades == {"alpha": {1: Decimal(80)}}


def test_what_others_hold_and_what_others_orders_may_bring_does_not_count() -> None:
    others = {"beta": {1: Decimal(40)}}
    assert sized("0.2", holdings=others, working=others).trades == {"alpha": {1: Decimal(100)}}


def test_on_its_target_a_strategy_trades_nothing() -> None:
    assert sized("0.2", holdings={"alpha": {1: Decimal(100)}}).trades == {"alpha": {1: Decimal(0)}}


def test_a_weight_that_rounds_to_zero_contracts_is_reported() -> None:
    sizing = sized("0.0009")
    assert sizing.targets == {"alpha": {1: Decimal(0)}}
    assert sizing.notes == (
        "alpha: weight 0.0009 of AAA rounds to zero contracts: 45.00 of capital, 100.00 a contract",
    )


def test_a_weight_of_zero_is_not_worth_a_word() -> None:
    assert sized("0").notes == ()


BANDED = config(min_trade_percent=Decimal(1))
"""1 % of alpha's 50,000 is 500 dollars, 5 shares."""


def test_a_trade_inside_the_no_trade_band_is_left_out_and_said_so() -> None:
    sizing = sized("0.2", config=BANDED, holdings={"alpha": {1: Decimal(96)}})
    assert (sizing.targets["alpha"][1], sizing.trades["alpha"][1]) == (100, 0)
    assert sizing.notes == (
        "alpha: +4 AAA not traded: worth less than minTradePercent (1 %) of the strategy's capital",
    )


@pytest.mark.parametrize("held", [95, 105])
def test_a_trade_on_the_edge_of_the_band_is_made(held: int) -> None:
    assert (
        sized("0.2", config=BANDED, holdings={"alpha": {1: Decimal(held)}}).trades["alpha"][1] == 100 - held
    )


@pytest.mark.parametrize("held", [1, -1, 4])
def test_the_band_never_keeps_a_position_from_being_closed(held: int) -> None:
    sizing = sized("0", config=BANDED, holdings={"alpha": {1: Decimal(held)}})
    assert sizing.trades["alpha"][1] == -held
    assert sizing.notes == ()


def test_a_strategy_without_capital_closes_what_it_holds() -> None:
    nothing = Exposure(overall=Decimal(1), strategies={"alpha": StrategyInstance(share=Decimal(0))})
    state = config(exposure=nothing, min_trade_percent=Decimal(1))
    assert sized("0.2", config=state, holdings={"alpha": {1: Decimal(3)}}).trades["alpha"][1] == -3


@given(held=st.decimals(-50, 50, places=3), weight=st.decimals("-0.1", "0.1", places=4))
def test_a_trade_is_whole_increments_even_if_a_holding_is_not(held: Decimal, weight: Decimal) -> None:
    """Splits and transfers leave fractions; an order for one would be rejected, and a cross would not add up."""
    sizing = sized(str(weight), holdings={"alpha": {1: held}})
    trade, target = sizing.trades["alpha"][1], sizing.targets["alpha"][1]
    assert trade % 1 == 0
    assert abs(target - held - trade) < 1
    assert any("cannot be traded" in note for note in sizing.notes) is bool(held % 1)


def test_a_strategy_that_failed_is_neither_sized_nor_traded() -> None:
    state = snapshot(AAA, holdings={"alpha": {1: Decimal(5)}, "beta": {1: Decimal(5)}})
    sizing = size(state, Signals({"beta": {1: Decimal(0)}}, {"alpha": StrategyFailed("raised")}))
    assert sizing.trades == {"beta": {1: Decimal(-5)}}


def test_the_price_that_sized_is_kept_with_its_source() -> None:
    assert (sized("0.2").prices[1].price, sized("0.2").prices[1].source) == (100, "mid")


def test_what_is_held_is_priced_too_even_if_no_strategy_names_it() -> None:
    other = stock(4, "DDD")
    state = snapshot(AAA, other, positions={4: Decimal(5)})
    assert set(sized_by({"alpha": {1: Decimal(0)}}, state).prices) == {4}


def test_an_instrument_that_nobody_holds_or_wants_needs_no_price() -> None:
    """One exotic instrument at weight 0 that is not quoted today must not stop all the others."""
    made = sized_by(
        {"alpha": {1: Decimal("0.2"), 2: Decimal(0)}}, snapshot(AAA, BBB, quotes={1: quote("100")})
    )
    assert (made.targets["alpha"], made.trades["alpha"]) == ({1: 100, 2: 0}, {1: 100, 2: 0})


def test_what_any_strategy_has_ordered_is_priced_but_a_conversion_of_cash_is_not() -> None:
    """The limits count what live orders may still bring; a conversion brings no position."""
    currency = stock(9, "EUR.USD", sec_type="CASH")
    state = snapshot(AAA, BBB, currency, wanted={"alpha": (1,)}, quotes={1: quote("100"), 2: quote("50")})
    working = {"beta": {2: Decimal(5)}, "unassigned": {9: Decimal(5)}}
    assert set(size(replace(state, working=working), Signals({"alpha": {1: Decimal(1)}}, {})).prices) == {
        1,
        2,
    }
    unquoted = replace(state, working=working, quotes={1: quote("100")})
    with pytest.raises(SizingRefused, match="BBB"):
        size(unquoted, Signals({"alpha": {1: Decimal(1)}}, {}))


@pytest.mark.parametrize(
    "change", [{"holdings": {"alpha": {2: Decimal(1)}}}, {"working": {"alpha": {2: Decimal(1)}}}]
)
def test_what_is_held_or_working_needs_a_price_even_at_weight_zero(change: dict[str, Any]) -> None:
    state = snapshot(AAA, BBB, quotes={1: quote("100")}, **change)
    with pytest.raises(SizingRefused, match="BBB"):
        sized_by({"alpha": {1: Decimal("0.2"), 2: Decimal(0)}}, state)


def test_a_position_that_the_broker_shows_at_zero_needs_no_price() -> None:
    assert set(sized("0.2", positions={99: Decimal(0)}).prices) == {1}


def test_every_missing_price_rate_and_contract_is_named_at_once() -> None:
    swiss, unquoted = stock(2, "BBB", currency="CHF"), stock(3, "CCC")
    state = snapshot(swiss, unquoted, quotes={2: quote("50")}, positions={77: Decimal(1)})
    with pytest.raises(SizingRefused) as refused:
        sized_by({"alpha": {2: Decimal(1), 3: Decimal(1)}}, state)
    assert refused.value.reasons == (
        "no exchange rate from CHF to the base currency; positions in CHF cannot be sized",
        "CCC: the broker gave no quote",
        "contract 77 is held or ordered, but the broker gave no details of it",
    )


@pytest.mark.parametrize("worth", ["0", "-100000", "NaN", "Infinity"])
def test_an_account_that_is_worth_nothing_sizes_nothing(worth: str) -> None:
    """With a negative one, what a strategy wants to buy would be sold short instead."""
    with pytest.raises(SizingRefused, match="nothing can be sized by it"):
        sized("0.2", net_liquidation=Decimal(worth))


def test_what_lacks_a_price_is_told_by_contract_id_whichever_was_asked_first() -> None:
    """The refusal of one snapshot is the same bytes each time."""
    ids = (70_000, 30, 9)
    with pytest.raises(SizingRefused) as refused:
        sized_by({"alpha": {}}, snapshot(AAA, positions={con_id: Decimal(1) for con_id in ids}))
    told = str(refused.value)
    assert sorted(ids, key=lambda con_id: told.index(f"contract {con_id} ")) == sorted(ids)


def test_what_of_a_holding_cannot_be_traded_is_told() -> None:
    [note] = sized("0", holdings={"alpha": {1: Decimal("10.25")}}).notes
    assert note.startswith("alpha: -0.25 AAA cannot be traded")


def test_a_refusal_says_every_reason_in_one_line() -> None:
    assert str(SizingRefused(("no price", "no rate"))) == "no price; no rate"
