"""Strategies cross among themselves first; one order a contract takes the rest."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.netting import InternalCross, Netting, NetTrade, net

STRATEGIES = ("alpha", "beta", "gamma", "delta")
LOTS = st.sampled_from([Decimal(1), Decimal(100), Decimal("0.01")])


def netted(increment: str = "1", **trades: str) -> Netting:
    """Trades in contract 1, by strategy."""
    wanted = {name: {1: Decimal(quantity)} for name, quantity in trades.items()}
    return net(wanted, {1: Decimal(50)}, {1: Decimal(increment)})


def test_strategies_on_the_same_side_are_one_order() -> None:
    assert netted(alpha="5", beta="3") == Netting(
        (), (NetTrade(1, Decimal(8), {"alpha": Decimal(5), "beta": Decimal(3)}),)
    )


def test_what_strategies_trade_against_each_other_is_crossed_at_the_plan_s_price() -> None:
    assert netted(alpha="5", beta="-3") == Netting(
        (InternalCross(1, Decimal(50), {"alpha": Decimal(3), "beta": Decimal(-3)}),),
        (NetTrade(1, Decimal(2), {"alpha": Decimal(2)}),),
    )


def test_a_net_of_zero_is_crossed_and_sends_nothing() -> None:
    assert netted(alpha="5", beta="-5") == Netting(
        (InternalCross(1, Decimal(50), {"alpha": Decimal(5), "beta": Decimal(-5)}),), ()
    )


def test_the_larger_side_is_reduced_pro_rata() -> None:
    """30 bought against 10 sold: a third of each purchase is crossed."""
    (cross,) = netted(alpha="21", beta="9", gamma="-10").crosses
    assert cross.quantities == {"alpha": Decimal(7), "beta": Decimal(3), "gamma": Decimal(-10)}


def test_orders_and_crosses_stand_by_contract_id_whoever_named_which_first() -> None:
    """A plan is the same bytes for the same snapshot."""
    ids = (70_000, 30, 9, 100_000)
    prices, increments = dict.fromkeys(ids, Decimal(50)), dict.fromkeys(ids, Decimal(1))
    made = net(
        {"alpha": dict.fromkeys(ids, Decimal(5)), "beta": dict.fromkeys(ids, Decimal(-3))}, prices, increments
    )
    assert [trade.con_id for trade in made.trades] == sorted(ids)
    assert [cross.con_id for cross in made.crosses] == sorted(ids)


def test_who_ordered_stands_by_name_whoever_was_asked_first() -> None:
    made = netted(gamma="-2", beta="3", alpha="5")
    assert [list(trade.source) for trade in made.trades] == [["alpha", "beta"]]
    assert [list(cross.quantities) for cross in made.crosses] == [["alpha", "beta", "gamma"]]


def test_trades_of_zero_are_nobody_s() -> None:
    assert netted(alpha="0", beta="0") == Netting((), ())


@given(
    wanted=st.dictionaries(
        st.sampled_from(STRATEGIES), st.dictionaries(st.integers(1, 3), st.integers(-500, 500), max_size=3)
    ),
    increment=LOTS,
)
def test_netting_conserves_every_strategy_s_trade_and_an_order_s_sources_have_its_own_sign(
    wanted: dict[str, dict[int, int]], increment: Decimal
) -> None:
    trades = {
        name: {con_id: steps * increment for con_id, steps in of_one.items()}
        for name, of_one in wanted.items()
    }
    ids = {con_id for of_one in trades.values() for con_id in of_one}
    netting = net(trades, dict.fromkeys(ids, Decimal(10)), dict.fromkeys(ids, increment))
    got: dict[tuple[str, int], Decimal] = {}
    for cross in netting.crosses:
        assert sum(cross.quantities.values()) == 0
        for name, quantity in cross.quantities.items():
            assert quantity * trades[name][cross.con_id] > 0
            got[name, cross.con_id] = quantity
    for trade in netting.trades:
        assert sum(trade.source.values()) == trade.quantity
        for name, part in trade.source.items():
            assert part * trade.quantity > 0
            assert part % increment == 0
            got[name, trade.con_id] = got.get((name, trade.con_id), Decimal(0)) + part
    for (name, con_id), quantity in got.items():
        assert quantity == trades[name][con_id]
    assert {key for key, quantity in got.items() if quantity} == {
        (name, con_id) for name, of_one in trades.items() for con_id, quantity in of_one.items() if quantity
    }
    assert [trade.con_id for trade in netting.trades] == sorted({trade.con_id for trade in netting.trades})
