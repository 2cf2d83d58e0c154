"""Stop, stop-limit and trailing orders as ib_insync 0.9.86 sees them, over TCP."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from ib_insync import IB, Order, OrderStatus, Trade
from ib_insync.util import UNSET_DOUBLE

from ib_trading_simulator.launch import Launched
from tests.wire.client import Until, apple

Shown = Callable[[Trade], Order]


def price(simulator: Launched, ib: IB) -> float:
    """The middle of the market, in whole cents."""
    simulator.set_price("AAPL", 40)
    return 40.0


def placed(ib: IB, until: Until, order_type: str, action: str = "SELL", **fields: Any) -> Trade:
    order = Order(orderType=order_type, action=action, totalQuantity=10, tif="GTC", **fields)
    trade = ib.placeOrder(apple(ib), order)
    until(ib, lambda: trade.order.permId and trade.orderStatus.status != OrderStatus.PendingSubmit)
    return trade


@pytest.fixture
def shown(simulator: Launched, connect: Callable[..., IB]) -> Shown:
    """The order as openOrder carries it, to a client of its own each time: the library takes over no stop price for an
    order that it knows."""
    numbers = count(90)

    def read(trade: Trade) -> Order:
        by_id = {each.order.permId: each for each in connect(simulator, next(numbers)).reqAllOpenOrders()}
        return by_id[trade.order.permId].order

    return read


def test_a_resting_stop_is_shown_as_a_real_gateway_showed_it(
    ib: IB, shown: Shown, simulator: Launched, until: Until
) -> None:
    """The record is in gateway/reports.py: a stop price in both fields, no percentage, no limit."""
    trade = placed(ib, until, "STP", auxPrice=price(simulator, ib) - 1)
    assert (trade.orderStatus.status, trade.orderStatus.whyHeld) == ("PreSubmitted", "trigger")
    order = shown(trade)
    assert (order.orderType, order.auxPrice, order.trailStopPrice) == ("STP", 39.0, 39.0)
    assert (order.lmtPrice, order.trailingPercent, order.triggerMethod) == (0.0, UNSET_DOUBLE, 0)


def test_a_stop_that_triggers_is_submitted_and_then_filled(ib: IB, simulator: Launched, until: Until) -> None:
    trade = placed(ib, until, "STP", auxPrice=price(simulator, ib) - 1)
    simulator.set_price("AAPL", "38.5")
    until(ib, trade.isDone)
    statuses = [entry.status for entry in trade.log]
    assert statuses[0] == "PendingSubmit"
    assert list(dict.fromkeys(statuses[1:])) == ["PreSubmitted", "Submitted", "Filled"]
    assert trade.orderStatus.whyHeld == ""
    (execution,) = simulator.state()["executions"]
    assert execution["price"] == execution["bid"]


def test_a_stop_limit_has_both_prices_and_keeps_the_second(
    ib: IB, shown: Shown, simulator: Launched, until: Until
) -> None:
    trade = placed(ib, until, "STP LMT", auxPrice=price(simulator, ib) - 1, lmtPrice=38.9)
    order = shown(trade)
    assert (order.auxPrice, order.trailStopPrice, order.lmtPrice) == (39.0, 39.0, 38.9)
    simulator.set_price("AAPL", "38")
    until(ib, lambda: trade.orderStatus.status == OrderStatus.Submitted)
    simulator.set_price("AAPL", "39.5")
    until(ib, trade.isDone)
    assert trade.orderStatus.avgFillPrice >= 38.9


def test_whoever_asks_is_told_where_a_trailing_stop_stands(
    ib: IB, shown: Shown, simulator: Launched, until: Until
) -> None:
    trade = placed(ib, until, "TRAIL", auxPrice=0.5, trailStopPrice=price(simulator, ib) - 1)
    assert shown(trade).auxPrice == 0.5
    simulator.set_price("AAPL", "42")
    last = float(simulator.state()["quotes"]["AAPL"]["last"])
    assert shown(trade).trailStopPrice == pytest.approx(last - 0.5)
    assert shown(trade).orderType == "TRAIL"


def test_a_trail_by_percent_has_no_amount(ib: IB, shown: Shown, simulator: Launched, until: Until) -> None:
    price(simulator, ib)
    trade = placed(ib, until, "TRAIL", trailingPercent=5)
    order = shown(trade)
    assert (order.trailingPercent, order.auxPrice) == (5.0, 0.0)


def test_a_trailing_limit_sent_back_as_it_was_shown_is_refused(
    ib: IB, simulator: Launched, until: Until
) -> None:
    """The library takes over the limit price that it is shown; the gateway wants the offset alone."""
    codes: list[int] = []
    trade = placed(
        ib,
        until,
        "TRAIL LIMIT",
        auxPrice=0.5,
        trailStopPrice=price(simulator, ib) - 1,
        lmtPriceOffset=0.1,
    )
    assert trade.order.lmtPrice == pytest.approx(38.9)
    ib.errorEvent += lambda _, code, *__: codes.append(code)
    ib.placeOrder(trade.contract, trade.order)
    until(ib, lambda: codes)
    assert codes == [321]


def test_a_stop_that_ended_is_among_the_completed_orders_with_its_prices(
    ib: IB, simulator: Launched, until: Until
) -> None:
    trade = placed(ib, until, "STP", auxPrice=price(simulator, ib) - 1)
    ib.cancelOrder(trade.order)
    until(ib, trade.isDone)
    (completed,) = ib.reqCompletedOrders(False)
    assert (completed.order.orderType, completed.order.auxPrice) == ("STP", 39.0)


def test_the_margin_of_a_stop_is_that_of_the_market(ib: IB, simulator: Launched, until: Until) -> None:
    price(simulator, ib)
    stop = Order(orderType="STP", action="BUY", totalQuantity=100, auxPrice=60, tif="DAY")
    market = Order(orderType="MKT", action="BUY", totalQuantity=100, tif="DAY")
    asked = [ib.whatIfOrder(apple(ib), order) for order in (stop, market)]
    assert asked[0].initMarginChange == asked[1].initMarginChange
    assert not simulator.state()["orders"]
