"""Of currency pairs the broker shows no position: what the strategies hold of them is at stake."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from ib_trading.core.close_all import close_out
from ib_trading.core.limits import Proposal
from ib_trading.core.locks import Lock
from ib_trading.core.order import DecidedOrder
from ib_trading.core.order_properties import OrderProperties
from ib_trading.core.positions import UNASSIGNED, forex_held, open_positions
from ib_trading.core.snapshot import Snapshot
from tests.core.builders import AAA, order, price, snapshot, stock

EURO = stock(9, "EUR.USD", sec_type="CASH", exchange="IDEALPRO")


def account(shown: str | None = None, **held: str) -> Snapshot:
    """The broker shows 5 AAA, and `shown` euros if that is said; the strategies hold `held` euros, alpha the AAA."""
    positions = {1: Decimal(5)} | ({9: Decimal(shown)} if shown else {})
    holdings = {name: {9: Decimal(quantity)} for name, quantity in held.items()}
    holdings["alpha"] = {1: Decimal(5)} | holdings.get("alpha", {})
    return snapshot(AAA, EURO, wanted={}, positions=positions, holdings=holdings)


def trade(quantity: str) -> DecidedOrder:
    return replace(order(1, quantity), con_id=9, local_symbol="EUR.USD")


def judged(state: Snapshot, *orders: DecidedOrder) -> Proposal:
    return Proposal(state, {1: price("100"), 9: price("1.1")}, orders)


def test_a_pair_s_position_is_what_all_strategies_hold_of_it() -> None:
    """Shares stay the broker's word."""
    assert open_positions(account(alpha="700", beta="-300")) == {1: 5, 9: 400}


def test_holdings_against_each_other_leave_no_position() -> None:
    """As for shares, of which the broker shows none then."""
    assert open_positions(account(alpha="700", beta="-700")) == {1: 5}


def test_what_of_a_currency_is_nobody_s_is_cash() -> None:
    """Also where an account is shown it as a position: the cash-balancer's to convert."""
    state = account(shown="1000", alpha="700", **{UNASSIGNED: "300"})
    assert (open_positions(state), forex_held(state)) == ({1: 5, 9: 700}, {9: 700})


def test_selling_part_of_it_reduces_and_selling_all_of_it_closes() -> None:
    """It counted as a new short position."""
    part, whole, beyond = trade("-200"), trade("-700"), trade("-800")
    state = judged(account(alpha="700"))
    assert [state.reduces(each) for each in (part, whole, beyond)] == [True, True, False]
    assert [state.closes(each) for each in (part, whole, beyond)] == [False, True, False]


def test_the_run_adds_to_what_is_held_of_it() -> None:
    """The limits judge what there is after the run."""
    assert judged(account(alpha="700"), trade("50")).positions_after() == {1: 5, 9: 750}


def test_close_all_closes_it_for_each_strategy_and_crosses_what_is_against_each_other() -> None:
    """It was cut to the broker's position, and stayed."""
    plan = close_out(account(alpha="700", beta="-300"), None, OrderProperties())
    assert {one.local_symbol: dict(one.source) for one in plan.orders} == {
        "AAA": {"alpha": -5},
        "EUR.USD": {"alpha": -400},
    }
    assert [cross.quantities for cross in plan.internal_crosses] == [{"alpha": -300, "beta": 300}]
    assert (plan.refusals, plan.warnings) == ((), ())


def test_one_strategy_s_forex_is_closed_no_further_than_all_of_them_hold() -> None:
    """Reduce-only, as for shares."""
    plan = close_out(account(alpha="700", beta="-300"), ("alpha",), OrderProperties())
    assert {one.local_symbol: one.signed for one in plan.orders} == {"AAA": -5, "EUR.USD": -400}


def test_forex_of_which_an_order_is_in_doubt_is_left_out() -> None:
    """It could fill after all, and no position would tell."""
    state = replace(
        account(alpha="700"), locks=(Lock(9, "EUR.USD", "order ib-pabc is unknown", ("ib-pabc",)),)
    )
    plan = close_out(state, None, OrderProperties())
    assert [one.local_symbol for one in plan.orders] == ["AAA"]
    assert [one.con_id for one in plan.left_out] == [9]
