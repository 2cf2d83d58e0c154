"""Foreign cash goes home: towards zero, truncated, never past it, and what is held on purpose stays."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.cash import (
    balance_cash,
    conversion,
    conversion_venues,
    convertible,
    held_on_purpose,
)
from ib_trading.core.fx import FxRate, base_rate
from ib_trading.core.instruments import Instrument
from ib_trading.core.plan import Plan
from ib_trading.core.refusals import ConversionRefused
from ib_trading.core.snapshot import Snapshot, TradingSwitch
from tests.core.builders import NOW, config, quote, snapshot, stock


def pair(con_id: int, symbol: str, currency: str, **changes: Any) -> Instrument:
    made = stock(con_id, symbol, currency=currency, sec_type="CASH", exchange="FXCONV")
    return replace(
        made,
        local_symbol=f"{symbol}.{currency}",
        size_increment=Decimal(1),
        order_types=frozenset(),
        **changes,
    )


EUR_USD, USD_CHF = pair(11, "EUR", "USD"), pair(12, "USD", "CHF")
QUOTES = {
    11: quote("1.25", bid=Decimal("1.2495"), ask=Decimal("1.2505")),
    12: quote("0.80", bid=Decimal("0.7995"), ask=Decimal("0.8005")),
}
FX = {
    "USD": base_rate("USD", NOW),
    "EUR": FxRate("EUR", Decimal("1.25"), "EUR.USD", NOW),
    "CHF": FxRate("CHF", Decimal("1.25"), "USD.CHF", NOW),
}


def account(*pairs: Instrument, threshold: str = "1000", **changes: Any) -> Snapshot:
    instruments = pairs or (EUR_USD, USD_CHF)
    defaults: dict[str, Any] = {
        "wanted": {},
        "quotes": QUOTES,
        "fx": FX,
        "config": config(cash_balance_threshold_in_base_currency=Decimal(threshold)),
    }
    return snapshot(*instruments, **defaults | changes)


def balanced(*, threshold: str = "1000", changes: dict[str, Any] | None = None, **cash: str) -> Plan:
    amounts = {currency: Decimal(amount) for currency, amount in cash.items()}
    return balance_cash(account(threshold=threshold, cash=amounts, **changes or {}))


def traded(plan: Plan) -> dict[str, Decimal]:
    return {order.local_symbol: order.signed for order in plan.orders}


@pytest.mark.parametrize(
    ("cash", "orders"),
    [
        ({"EUR": "5000.99"}, {"EUR.USD": -5000}),
        ({"EUR": "-5000.99"}, {"EUR.USD": 5000}),
        ({"CHF": "5000"}, {"USD.CHF": 6246}),
        ({"CHF": "-5000"}, {"USD.CHF": -6253}),
        ({"EUR": "5000", "CHF": "5000"}, {"EUR.USD": -5000, "USD.CHF": 6246}),
        ({"USD": "99999"}, {}),
        ({"EUR": "0"}, {}),
    ],
)
def test_a_foreign_balance_is_converted_in_the_pair_s_own_direction(
    cash: dict[str, str], orders: dict[str, int]
) -> None:
    """5,000 CHF buy 6,246 USD at the ask of 0.8005; 5,000 owed are covered by selling 6,253 at the bid of 0.7995."""
    plan = balance_cash(account(cash={currency: Decimal(amount) for currency, amount in cash.items()}))
    assert traded(plan) == orders
    assert plan.refusals == ()


@pytest.mark.parametrize(
    ("amount", "ordered"), [("800", False), ("-800", False), ("801", True), ("-801", True)]
)
def test_only_a_balance_worth_more_than_the_threshold_is_converted(amount: str, ordered: bool) -> None:
    """800 EUR are exactly 1,000 USD."""
    plan = balanced(EUR=amount)
    assert bool(plan.orders) is ordered
    assert len(plan.balances) == 1


@pytest.mark.parametrize("threshold", ["0", "1000"])
def test_a_balance_of_minus_one_is_never_an_order_of_a_thousand(threshold: str) -> None:
    """A comparable system rounded away from zero to the pair's lot of 1,000, and lost on the spread every day."""
    lots = replace(EUR_USD, size_increment=Decimal(1000))
    state = account(lots, threshold=threshold, cash={"EUR": Decimal(-1)})
    plan = balance_cash(state)
    assert (plan.orders, plan.balances[0].converted) == ((), 0)


def test_what_strategies_hold_on_purpose_as_forex_is_set_aside() -> None:
    """Alpha's 2,000 EUR.USD are 2,000 of the 5,000 EUR."""
    plan = balanced(EUR="5000", changes={"holdings": {"alpha": {11: Decimal(2000)}}})
    assert traded(plan) == {"EUR.USD": -3000}
    assert plan.balances[0].set_aside == 2000


def test_the_other_leg_of_a_pair_that_is_held_is_set_aside_too() -> None:
    """Alpha bought 5,000 USD.CHF: the 4,000 CHF owed are its doing."""
    plan = balanced(CHF="-4000", changes={"holdings": {"alpha": {12: Decimal(5000)}}})
    assert plan.orders == ()
    assert plan.balances[0].set_aside == -4000


def test_conversions_are_plain_market_orders_that_nobody_owns() -> None:
    (order,) = balanced(EUR="5000").orders
    assert (order.order_type, order.tif, order.adaptive_priority) == ("MKT", "DAY", None)
    assert order.is_conversion


def test_the_conversion_venue_goes_before_the_configured_one_and_without_either_it_is_refused() -> None:
    other = replace(EUR_USD, con_id=13, exchange="IDEALPRO")
    cash = {"EUR": Decimal(5000)}
    quotes = QUOTES | {13: QUOTES[11]}
    allowed = config(cash_conversion_exchange="IDEALPRO")
    both = balance_cash(account(other, EUR_USD, cash=cash, quotes=quotes, config=allowed))
    assert both.orders[0].con_id == 11
    one = balance_cash(account(other, cash=cash, quotes=quotes, config=allowed))
    assert one.orders[0].con_id == 13
    with pytest.raises(ConversionRefused, match="EUR cannot be converted"):
        balance_cash(account(other, cash=cash, quotes=quotes))


def test_every_balance_without_a_rate_or_a_price_is_named() -> None:
    with pytest.raises(ConversionRefused, match=r"rate from SEK.*rate from XAU"):
        balanced(SEK="5000", XAU="5")
    with pytest.raises(ConversionRefused, match=r"EUR\.USD: the broker gave no quote"):
        balanced(EUR="5000", changes={"quotes": {}})


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"switch": TradingSwitch(enabled=False)}, "trading enabled"),
        ({"working": {"unassigned": {11: Decimal(5)}}}, "no live order of ours on the contract"),
    ],
)
def test_a_conversion_is_refused_while_trading_is_disabled_or_another_one_works(
    changes: dict[str, Any], rule: str
) -> None:
    assert [each.rule for each in balanced(EUR="5000", changes=changes).refusals] == [rule]


def test_what_is_held_without_a_price_does_not_stop_a_conversion() -> None:
    state = account(EUR_USD, stock(4, "DDD"), cash={"EUR": Decimal(5000)}, positions={4: Decimal(9)})
    assert balance_cash(state).refusals == ()


def test_with_nothing_to_convert_what_is_held_without_a_price_does_not_matter() -> None:
    """It was a 500 from cash-balancer for every account that held stocks and no foreign cash."""
    plan = balance_cash(account(EUR_USD, stock(4, "DDD"), cash={}, positions={4: Decimal(9)}))
    assert (plan.orders, plan.refusals) == ((), ())


AMOUNTS = st.decimals(-100_000, 100_000, places=2)


@given(AMOUNTS, AMOUNTS)
def test_what_may_be_converted_never_turns_a_balance_over_or_makes_it_larger(
    balance: Decimal, aside: Decimal
) -> None:
    after = balance - convertible(balance, aside)
    assert after * balance >= 0
    assert abs(after) <= abs(balance)


@given(
    st.sampled_from(["EUR", "CHF"]),
    AMOUNTS,
    st.sampled_from([Decimal("0.01"), Decimal(1), Decimal(1000)]),
    st.integers(-50_000, 50_000).map(Decimal),
)
def test_no_balance_is_larger_after_a_conversion_than_before(
    currency: str, balance: Decimal, increment: Decimal, held: Decimal
) -> None:
    pairs = tuple(replace(one, size_increment=increment) for one in (EUR_USD, USD_CHF))
    plan = balance_cash(
        account(*pairs, threshold="0", cash={currency: balance}, holdings={"alpha": {11: held, 12: held}})
    )
    converted = sum((one.converted for one in plan.balances), Decimal(0))
    assert (balance - converted) * balance >= 0
    assert abs(balance - converted) <= abs(balance)
    assert all(order.quantity % increment == 0 and order.quantity > 0 for order in plan.orders)


@pytest.mark.parametrize(
    ("amount", "why"), [("5000", "EUR.USD on FXCONV"), ("0.50", "less than the pair's increment")]
)
def test_the_plan_says_by_which_pair_a_balance_goes_home_or_why_it_stays(amount: str, why: str) -> None:
    [balance] = balanced(threshold="0", EUR=amount).balances
    assert balance.why == why


@pytest.mark.parametrize("ask", [None, Decimal(0), Decimal(-1)])
def test_without_a_side_that_makes_sense_a_balance_is_counted_at_the_price(ask: Decimal | None) -> None:
    """5,000 CHF at 0.80."""
    shown = quote("0.80", bid=Decimal("0.7995"), ask=ask)
    assert conversion("CHF", Decimal(5000), USD_CHF, Decimal("0.80"), shown) == (6250, 5000)
    assert conversion("CHF", Decimal(5000), USD_CHF, Decimal("0.80"), None) == (6250, 5000)


def test_conversions_stand_by_contract_id() -> None:
    """Swiss francs come before euros, and their pair after."""
    assert [order.con_id for order in balanced(EUR="5000", CHF="5000").orders] == [11, 12]


@pytest.mark.parametrize(
    ("balance", "aside", "free"), [("5000", "2000", "3000"), ("-5000", "-2000", "-3000")]
)
def test_what_is_owed_on_purpose_is_set_aside_like_what_is_held(balance: str, aside: str, free: str) -> None:
    assert convertible(Decimal(balance), Decimal(aside)) == Decimal(free)


def test_balances_are_decided_on_by_currency_and_each_is_told() -> None:
    """One that is worth too little hides none after it."""
    plan = balanced(EUR="5", CHF="5", GBP="0", USD="9")
    assert [(one.currency, one.converted) for one in plan.balances] == [("CHF", 0), ("EUR", 0)]
    assert plan.balances[0].why == "worth 6.25 USD, not above 1000: left as it is"
    both = balanced(CHF="5", EUR="5000")
    assert [(one.currency, one.converted) for one in both.balances] == [("CHF", 0), ("EUR", 5000)]


def test_without_another_venue_cash_is_converted_at_the_broker_s_own() -> None:
    assert conversion_venues(config()) == ("FXCONV",)
    assert conversion_venues(config(cash_conversion_exchange="IDEALPRO")) == ("FXCONV", "IDEALPRO")


def test_of_two_pairs_at_one_venue_the_first_is_taken() -> None:
    twin = replace(EUR_USD, con_id=10)
    plan = balance_cash(
        account(EUR_USD, twin, cash={"EUR": Decimal(5000)}, quotes={10: QUOTES[11], 11: QUOTES[11]})
    )
    assert [order.con_id for order in plan.orders] == [10]


def test_no_share_is_taken_for_the_pair_of_its_currencies() -> None:
    share = replace(EUR_USD, con_id=9, sec_type="STK")
    plan = balance_cash(account(share, EUR_USD, cash={"EUR": Decimal(5000)}))
    assert [order.con_id for order in plan.orders] == [11]


@pytest.mark.parametrize(("held", "aside"), [("2000", "-1600"), ("-2000", "1600")])
def test_the_other_leg_counts_at_the_pair_s_price(held: str, aside: str) -> None:
    """2,000 USD.CHF at 0.80."""
    assert held_on_purpose(account(holdings={"alpha": {12: Decimal(held)}}), "CHF") == Decimal(aside)
    assert held_on_purpose(account(holdings={"alpha": {12: Decimal(held)}}), "EUR") == 0
