"""What close-all orders: all that the broker shows, whoever holds it, and never more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.close_all import close_out
from ib_trading.core.instruments import TradingHours
from ib_trading.core.locks import Lock
from ib_trading.core.order_kind import OrderType, Side
from ib_trading.core.order_properties import OrderProperties
from ib_trading.core.plan import Plan
from ib_trading.core.positions import UNASSIGNED
from ib_trading.core.snapshot import Snapshot, TradingSwitch
from tests.core.builders import AAA, AFTER_HOURS, BBB, HOURS, config, quote, snapshot, stock


def account(broker: str = "0", **held: str) -> Snapshot:
    """An account that shows `broker` AAA, of which strategies hold `held`."""
    return snapshot(
        AAA,
        wanted={},
        positions={1: Decimal(broker)},
        holdings={name: {1: Decimal(quantity)} for name, quantity in held.items()},
    )


def closed(state: Snapshot, *strategies: str, **properties: Any) -> Plan:
    return close_out(state, strategies or None, OrderProperties(**properties))


def ordered(plan: Plan) -> dict[str, Decimal]:
    """The source of the plan's one order; empty if there is none."""
    return dict(plan.orders[0].source) if plan.orders else {}


def test_every_strategy_s_holding_is_closed_and_what_is_nobody_s_by_unassigned() -> None:
    plan = closed(account("15", alpha="7", beta="3"))
    (order,) = plan.orders
    assert (order.action, order.quantity) == (Side.SELL, 15)
    assert order.source == {"alpha": -7, "beta": -3, UNASSIGNED: -5}
    assert plan.refusals == ()


def test_a_short_position_is_bought_back() -> None:
    (order,) = closed(account("-4", alpha="-4")).orders
    assert (order.action, order.quantity) == (Side.BUY, 4)


def test_strategies_against_each_other_are_crossed_and_the_broker_s_position_is_closed() -> None:
    plan = closed(account("2", alpha="5", beta="-3"))
    assert ordered(plan) == {"alpha": -2}
    assert [cross.quantities for cross in plan.internal_crosses] == [{"alpha": -3, "beta": 3}]


def test_a_manual_sale_is_no_reason_to_sell_more_than_is_there() -> None:
    """Alpha's ledger says 10, somebody sold 4 by hand: 6 are sold and 4 taken from alpha by what is nobody's."""
    plan = closed(account("6", alpha="10"))
    assert ordered(plan) == {"alpha": -6}
    assert [cross.quantities for cross in plan.internal_crosses] == [{"alpha": -4, UNASSIGNED: 4}]


@pytest.mark.parametrize(
    ("broker", "expected"), [("10", {"alpha": -5}), ("3", {"alpha": -3}), ("0", {}), ("-2", {})]
)
def test_one_strategy_s_close_is_cut_to_what_the_broker_shows(broker: str, expected: dict[str, Any]) -> None:
    """Reduce-only: it never opens the other side of what others hold."""
    plan = closed(account(broker, alpha="5", beta="5"), "alpha")
    assert ordered(plan) == expected
    assert bool(plan.warnings) is (expected != {"alpha": -5})


def test_a_cut_is_shared_by_what_each_one_holds() -> None:
    assert ordered(closed(account("5", alpha="6", beta="4"), "alpha", "beta")) == {"alpha": -3, "beta": -2}


def test_the_other_strategies_and_what_is_nobody_s_stay() -> None:
    plan = closed(account("15", alpha="7", beta="3"), "alpha")
    assert ordered(plan) == {"alpha": -7}


def test_it_works_while_trading_is_disabled_and_beyond_every_limit_on_new_exposure() -> None:
    """The kill switch never traps a position."""
    state = replace(
        account("1000", alpha="1000"),
        switch=TradingSwitch(enabled=False, reason="audit"),
        net_liquidation=Decimal(-5),
        daily_profit=Decimal(-(10**6)),
        config=config(
            what_if=True,
            limits={
                "max_gross_leverage": Decimal("0.1"),
                "max_notional_per_order": Decimal(1),
                "allowed_instruments": ("BBB",),
                "max_daily_loss_percent": Decimal(1),
            },
        ),
    )
    plan = closed(state)
    assert (len(plan.orders), plan.refusals, plan.reduce_only) == (1, (), True)


@pytest.mark.parametrize("quotes", [{}, {1: quote("100", bid=None, ask=None)}])
def test_a_missing_price_traps_nothing(quotes: Any) -> None:
    plan = closed(replace(account("15", alpha="20", beta="-5"), quotes=quotes))
    assert ordered(plan) == {"alpha": -15}
    assert plan.internal_crosses == ()
    assert plan.refusals == ()


def test_a_market_order_does_not_queue_for_the_next_session_unless_it_says_so() -> None:
    state = replace(account("15", alpha="20", beta="-5"), at=AFTER_HOURS)
    plan = closed(state)
    assert (plan.orders, plan.internal_crosses, plan.refusals) == ((), (), ())
    assert plan.warnings == ("AAA: left out, its exchange is closed",)
    assert plan.trades == {"alpha": {}, "beta": {}}
    waiting = closed(state, good_after=HOURS.open + timedelta(days=1))
    assert (len(waiting.orders), waiting.left_out) == (1, ())


def test_one_closed_exchange_does_not_keep_the_others_from_closing() -> None:
    """Five shares in Tokyo, at night there, refused the closing of everything in New York."""
    tomorrow = TradingHours(HOURS.open + timedelta(hours=11), HOURS.close + timedelta(hours=11))
    tokyo = stock(2, "BBB", liquid_hours=(tomorrow,))
    state = snapshot(
        AAA,
        tokyo,
        wanted={},
        positions={1: Decimal(15), 2: Decimal(5)},
        holdings={"alpha": {1: Decimal(15), 2: Decimal(5)}},
    )
    plan = closed(state)
    assert ([order.local_symbol for order in plan.orders], plan.refusals) == (["AAA"], ())
    assert plan.warnings == ("BBB: left out, its exchange is closed until 2024-06-04T00:30:00Z",)
    (lock,) = plan.left_out
    assert ("goodAfterTime" in lock.remedy, lock.order_refs, plan.forbidden) == (True, (), ())


def test_what_strategies_take_from_each_other_needs_no_exchange() -> None:
    plan = closed(replace(account("0", alpha="5", beta="-5"), at=AFTER_HOURS))
    assert (len(plan.internal_crosses), plan.orders, plan.left_out) == (1, (), ())


def test_a_live_order_of_ours_refuses() -> None:
    """Two sales of one position would open the other side."""
    state = replace(account("15", alpha="15"), working={"alpha": {1: Decimal(-15)}})
    assert [each.rule for each in closed(state).refusals] == ["no live order of ours on the contract"]


def test_currency_that_the_broker_shows_as_a_position_is_cash() -> None:
    forex = stock(9, "EUR", sec_type="CASH")
    state = snapshot(forex, wanted={}, positions={9: Decimal(5000)})
    assert closed(state).orders == ()


def test_a_fraction_of_a_share_stays() -> None:
    assert ordered(closed(account("10.5", alpha="10"))) == {"alpha": -10}


def test_a_limit_order_closes_too() -> None:
    (order,) = closed(
        account("15", alpha="15"), order_type=OrderType.LIMIT, limit_offset_bps=Decimal(10)
    ).orders
    assert (order.order_type, order.limit_price) == ("LMT", Decimal("99.90"))


QUANTITIES = st.integers(-50, 50).map(Decimal)


@given(
    held=st.dictionaries(st.sampled_from(["alpha", "beta", "gamma"]), QUANTITIES),
    broker=QUANTITIES,
    chosen=st.none() | st.sets(st.sampled_from(["alpha", "beta", "gamma"]), min_size=1),
    priced=st.booleans(),
)
def test_an_order_only_ever_reduces_the_broker_s_position(
    held: dict[str, Decimal], broker: Decimal, chosen: set[str] | None, priced: bool
) -> None:
    """And all of it is closed where everybody is, crosses and orders adding up to each one's holding."""
    state = replace(
        account(str(broker), **{name: str(quantity) for name, quantity in held.items()}),
        quotes={1: quote("100")} if priced else {},
    )
    plan = close_out(state, None if chosen is None else tuple(sorted(chosen)), OrderProperties())
    change = sum((order.signed for order in plan.orders), Decimal(0))
    assert change * broker <= 0
    assert abs(change) <= abs(broker)
    for order in plan.orders:
        assert sum(order.source.values()) == order.signed
        assert all(part * order.signed > 0 for part in order.source.values())
    if chosen is None:
        assert change == -broker
    if chosen is None and priced:
        after = dict(held)
        parts = [order.source for order in plan.orders] + [one.quantities for one in plan.internal_crosses]
        for name, quantity in (item for part in parts for item in part.items()):
            after[name] = after.get(name, Decimal(0)) + quantity
        assert all(not quantity for name, quantity in after.items() if name != UNASSIGNED)


def two_held(*locked: Lock) -> Snapshot:
    """Alpha holds 7 AAA and 3 BBB, and the broker shows 8 AAA."""
    return snapshot(
        AAA,
        BBB,
        wanted={},
        positions={1: Decimal(8), 2: Decimal(3)},
        holdings={"alpha": {1: Decimal(7), 2: Decimal(3)}},
        locks=locked,
    )


def test_a_difference_locks_nothing_here_the_broker_s_word_is_closed() -> None:
    """A split must not trap a position."""
    plan = closed(two_held(Lock(1, "AAA", "the ledger holds 7, the broker shows 8")))
    assert {order.local_symbol: order.quantity for order in plan.orders} == {"AAA": 8, "BBB": 3}
    assert (plan.left_out, plan.forbidden, plan.warnings) == ((), (), ())


def test_an_order_in_doubt_leaves_its_contract_out_and_the_rest_is_closed() -> None:
    """It could fill after all, and turn what was closed into a position on the other side."""
    doubtful = Lock(1, "AAA", "order ib-pabc is unknown", ("ib-pabc",))
    plan = closed(two_held(doubtful))
    assert [order.local_symbol for order in plan.orders] == ["BBB"]
    assert (plan.left_out, plan.forbidden) == ((doubtful,), ())
    assert plan.warnings == ("AAA: left out, order ib-pabc is unknown",)


def test_a_position_in_a_contract_that_is_gone_is_left_out_and_the_rest_is_closed() -> None:
    """The broker shows 4 of a delisted contract and gives no details of it: all of close-all failed on that."""
    state = replace(account("10", alpha="10"), positions={1: Decimal(10), 999: Decimal(4)})
    plan = closed(state)
    assert [(one.con_id, one.signed) for one in plan.orders] == [(1, Decimal(-10))]
    assert [(lock.con_id, lock.local_symbol) for lock in plan.left_out] == [(999, "contract 999")]


def test_an_order_in_doubt_where_nothing_is_held_leaves_nothing_out() -> None:
    """What was asked for is done: everything that is held is closed."""
    plan = closed(two_held(Lock(3, "CCC", "order ib-pabc is unknown", ("ib-pabc",))))
    assert (len(plan.orders), plan.left_out) == (2, ())


def test_what_the_broker_does_not_show_at_all_is_not_sold() -> None:
    state = snapshot(AAA, wanted={}, positions={}, holdings={"alpha": {1: Decimal(5)}})
    assert closed(state).orders == ()
    assert closed(state, "alpha").orders == ()


def fractional(broker: str, held: str) -> Snapshot:
    """An account that shows `broker` of something that trades in hundredths, of which alpha holds `held`."""
    coin = stock(1, "AAA", sec_type="CRYPTO", size_increment=Decimal("0.01"))
    return snapshot(coin, wanted={}, positions={1: Decimal(broker)}, holdings={"alpha": {1: Decimal(held)}})


@pytest.mark.parametrize(
    ("broker", "held", "expected"),
    [
        ("0.5", "-0.5", {}),
        ("-0.5", "0.5", {}),
        ("-0.5", "-1", {"alpha": Decimal("0.5")}),
        ("0.5", "1", {"alpha": Decimal("-0.5")}),
    ],
)
def test_a_part_of_a_contract_is_closed_by_the_same_rules(
    broker: str, held: str, expected: dict[str, Any]
) -> None:
    """Never more than the broker shows, and never on its side."""
    assert ordered(closed(fractional(broker, held), "alpha")) == expected


def test_a_closed_exchange_keeps_none_from_closing_whose_contract_comes_after_it() -> None:
    tomorrow = TradingHours(HOURS.open + timedelta(hours=11), HOURS.close + timedelta(hours=11))
    held = {1: Decimal(15), 2: Decimal(5)}
    state = snapshot(
        stock(1, "AAA", liquid_hours=(tomorrow,)), BBB, wanted={}, positions=held, holdings={"alpha": held}
    )
    plan = closed(state)
    assert [order.local_symbol for order in plan.orders] == ["BBB"]
    assert [lock.local_symbol for lock in plan.left_out] == ["AAA"]


def test_the_plan_says_who_is_closed_out_and_that_nothing_is_left_to_them() -> None:
    """By name, whoever stands in the ledger first."""
    plan = closed(account("15", beta="3", alpha="7"))
    assert plan.strategies == ("alpha", "beta", UNASSIGNED)
    assert plan.target_positions == {"alpha": {"AAA": 0}, "beta": {"AAA": 0}, UNASSIGNED: {"AAA": 0}}
    assert plan.trades == {"alpha": {"AAA": -7}, "beta": {"AAA": -3}, UNASSIGNED: {"AAA": -5}}
    assert (plan.signals, plan.balances, plan.reduce_only) == ({}, (), True)


@pytest.mark.parametrize(
    ("broker", "said"),
    [
        ("3", "AAA: -5 would close the holdings, but the broker shows +3: -3 is ordered"),
        ("0", "AAA: -5 would close the holdings, but the broker shows +0: +0 is ordered"),
        ("-2", "AAA: -5 would close the holdings, but the broker shows -2: +0 is ordered"),
    ],
)
def test_where_less_is_ordered_than_is_held_the_plan_says_what_the_broker_shows(
    broker: str, said: str
) -> None:
    assert closed(account(broker, alpha="5"), "alpha").warnings == (said,)
