"""Which orders are not worth their commission, and what is said of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.fx import FxRate, base_rate
from ib_trading.core.plan import Plan
from ib_trading.schema.exposure import Exposure, StrategyInstance
from ib_trading.strategies import KEEP, Contracts
from tests.core.builders import AAA, BBB, NOW, answers, config, planned, quote, snapshot, stock

RULE = config(max_commission_percent=Decimal("0.5"))
"""200 dollars are worth a dollar: two shares of AAA. Each strategy has 50,000, 500 shares of it at weight 1."""


def held(alpha: int, beta: int = 0) -> dict[str, Any]:
    holdings = {"alpha": {1: Decimal(alpha)}, "beta": {1: Decimal(beta)}}
    return {"holdings": holdings, "positions": {1: Decimal(alpha + beta)}}


def plan(alpha: Any = None, beta: Any = None, **changes: Any) -> Plan:
    """Of strategies that want that of AAA; None is a strategy that is not asked."""
    state = snapshot(**{"config": RULE} | changes)
    asked = {"alpha": alpha, "beta": beta}
    return planned(state, {name: answers(AAA=wish) for name, wish in asked.items() if wish is not None})


def ordered(made: Plan) -> Decimal:
    return made.consolidated_trades.get("AAA", Decimal(0))


def test_a_change_that_is_not_worth_its_commission_is_left_out_and_said_with_figures() -> None:
    made = plan("0.2", **held(99))
    assert made.orders == ()
    assert (made.target_positions["alpha"]["AAA"], made.trades["alpha"]["AAA"]) == (100, 0)
    (said,) = made.warnings
    assert said == (
        "AAA: +1 (alpha +1) not traded: worth 100.00 USD, of which a commission of about 1.00 would be 1.00 %,"
        " more than maxCommissionPercent (0.5 %)"
    )


@pytest.mark.parametrize("had", [98, 102])
def test_a_change_that_is_just_worth_it_is_made(had: int) -> None:
    made = plan("0.2", **held(had))
    assert (ordered(made), made.warnings) == (100 - had, ())


@pytest.mark.parametrize(
    ("wish", "had", "order"),
    [("0.002", 0, 1), ("0", 1, -1), ("0", -1, 1), ("-0.002", 1, -2)],
    ids=["opens", "closes", "covers", "turns"],
)
def test_a_position_is_opened_closed_and_turned_whatever_it_costs(wish: str, had: int, order: int) -> None:
    tight = config(max_commission_percent=Decimal("0.1"))
    assert ordered(plan(wish, config=tight, **held(had))) == order


def test_what_is_wanted_by_number_is_traded_whatever_it_costs() -> None:
    assert ordered(plan(Contracts(100), **held(99))) == 1


def test_what_is_kept_is_not_worth_a_word() -> None:
    made = plan(KEEP, **held(99))
    assert (made.orders, made.warnings) == ((), ())


def test_what_live_orders_may_bring_counts_as_held() -> None:
    """A strategy whose first purchase is under way has opened already."""
    assert ordered(plan("0.2", working={"alpha": {1: Decimal(99)}})) == 0


def test_two_strategies_share_an_order_and_its_commission() -> None:
    """A share each would not be worth it; both together are."""
    assert ordered(plan("0.2", "0.2", **held(99, 99))) == 2


def test_what_one_opens_another_may_adjust_with() -> None:
    """The order is made anyhow, and a share more in it costs nothing."""
    made = plan("0.2", "0.002", **held(99, 0))
    assert made.orders[0].source == {"alpha": Decimal(1), "beta": Decimal(1)}


def test_what_strategies_trade_against_each_other_costs_nothing_and_is_done() -> None:
    made = plan("0.2", "0.2", **held(97, 102))
    assert [dict(cross.quantities) for cross in made.internal_crosses] == [{"alpha": 2, "beta": -2}]
    assert (made.orders, made.trades["alpha"]["AAA"], made.trades["beta"]["AAA"]) == ((), 2, -2)
    assert made.warnings[0].startswith("AAA: +1 (alpha +1) not traded")


def test_without_the_rule_everything_is_traded() -> None:
    assert ordered(plan("0.2", config=config(), **held(99))) == 1


def test_a_contract_of_which_nobody_knows_the_commission_is_traded() -> None:
    future = replace(AAA, sec_type="FUT", exchange="CME", primary_exchange="")
    state = snapshot(future, BBB, stock(3, "CCC"), config=RULE, **held(99))
    assert planned(state, {"alpha": answers(AAA="0.2")}).consolidated_trades == {"AAA": 1}


def test_what_is_dear_at_any_size_is_not_left_out() -> None:
    """200 shares at 40 cents cost half a cent each, 1.25 %, and so do 20,000: waiting would save nothing."""
    state = snapshot(config=RULE, quotes={1: quote("0.40"), 2: quote("50"), 3: quote("20")}, **held(24_800))
    assert planned(state, {"alpha": answers(AAA="0.2")}).consolidated_trades == {"AAA": 200}


def test_a_worth_in_another_currency_is_compared_in_that_of_the_commission() -> None:
    """At 1.25 dollars a franc: 12,000 dollars a strategy are 96 shares of 100 francs; 5 francs are 0.5 % of 10."""
    swiss = stock(1, "AAA", currency="CHF", primary_exchange="EBS")
    rates = {"USD": base_rate("USD", NOW), "CHF": FxRate("CHF", Decimal("1.25"), "USD.CHF", NOW)}
    state = snapshot(swiss, BBB, stock(3, "CCC"), fx=rates, config=RULE)
    ten, nine = (replace(state, **held(96 - missing)) for missing in (10, 9))
    wants = {"alpha": answers(AAA="0.24")}
    assert planned(ten, wants).consolidated_trades == {"AAA": 10}
    (said,) = planned(nine, wants).warnings
    assert "worth 900.00 CHF, of which a commission of about 5.00 would be 0.56 %" in said


@pytest.mark.parametrize(
    ("rates", "limit", "order"),
    [(("CHF", "USD"), "0.17", 0), (("CHF", "USD"), "0.19", 1000), (("CHF",), "0.17", 1000)],
)
def test_an_exchange_of_currencies_is_judged_where_the_dollar_has_a_rate(
    rates: tuple[str, ...], limit: str, order: int
) -> None:
    """Its commission is 2 dollars: 0.18 % of 1,000 francs, which are 1,111.11. In an account of francs without a rate
    for dollars nothing is left out."""
    pair = replace(
        AAA,
        sec_type="CASH",
        currency="CHF",
        exchange="IDEALPRO",
        primary_exchange="",
        size_increment=Decimal(1000),
    )
    known = {"CHF": base_rate("CHF", NOW), "USD": FxRate("USD", Decimal("0.9"), "USD.CHF", NOW)}
    tight = config(max_commission_percent=Decimal(limit))
    state = snapshot(
        pair, BBB, stock(3, "CCC"), base_currency="CHF", fx={name: known[name] for name in rates},
        quotes={1: quote("1"), 2: quote("50"), 3: quote("20")}, config=tight,
        holdings={"alpha": {1: Decimal(9000)}},
    )  # fmt: skip
    made = planned(state, {"alpha": answers(AAA="0.2")})
    assert sum(made.consolidated_trades.values()) == order


def test_a_position_that_has_outgrown_its_limit_is_reduced_whatever_it_costs() -> None:
    limited = {"max_weight_per_instrument": Decimal("0.1")}
    tight = config(max_commission_percent=Decimal("0.5"), limits=limited)
    assert ordered(plan("0.2", config=tight, **held(101))) == -1
    assert ordered(plan("0.198", config=tight, **held(100))) == 0


def test_a_sale_that_makes_room_for_a_purchase_is_made_whatever_it_costs() -> None:
    """Leverage of 0.5 lets alpha hold 50,000: a share of AAA has to go before two of BBB can come."""
    limits = {"max_gross_leverage": Decimal("0.5")}
    tight = config(
        exposure=Exposure(overall=Decimal(1), strategies={"alpha": StrategyInstance(share=Decimal("0.5"))}),
        max_commission_percent=Decimal("0.5"),
        limits=limits,
    )
    state = snapshot(config=tight, **held(500))
    made = planned(state, {"alpha": answers(AAA="0.998", BBB="0.002")})
    assert (made.consolidated_trades, made.refusals) == ({"AAA": -1, "BBB": 2}, ())
    roomy = replace(state, config=config(max_commission_percent=Decimal("0.5")))
    assert planned(roomy, {"alpha": answers(AAA="0.998", BBB="0.002")}).consolidated_trades == {"BBB": 2}


WEIGHTS = st.decimals("-0.05", "0.05", places=4)


@given(alpha=WEIGHTS, beta=WEIGHTS, of_alpha=st.integers(-30, 30), of_beta=st.integers(-30, 30))
def test_orders_and_crosses_add_up_to_strategies_trades_and_no_position_is_kept_alive_by_the_rule(
    alpha: Decimal, beta: Decimal, of_alpha: int, of_beta: int
) -> None:
    made = plan(alpha, beta, **held(of_alpha, of_beta))
    before = {"alpha": of_alpha, "beta": of_beta}
    for name, had in before.items():
        traded = made.trades[name]["AAA"]
        crossed = sum(cross.quantities.get(name, Decimal(0)) for cross in made.internal_crosses)
        sent = sum(order.source.get(name, Decimal(0)) for order in made.orders)
        assert traded == crossed + sent
        target = made.target_positions[name]["AAA"]
        if target * had <= 0:
            assert had + traded == target
