"""ib_async, the continuation of ib_insync, trades against the simulator, unmodified."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import ib_async
import pytest

from ib_trading_simulator.launch import Launched


@pytest.fixture(autouse=True)
def own_loop() -> Iterator[None]:
    """The library takes the thread's event loop; from Python 3.12 on somebody has to have made one."""
    with asyncio.Runner() as runner:
        asyncio.set_event_loop(runner.get_loop())
        yield
    asyncio.set_event_loop(None)


def until(ib: ib_async.IB, true: Callable[[], bool]) -> None:
    """Update after update; what one has brought that was over before it was waited for counts as well."""
    while not true():
        assert ib.waitOnUpdate(timeout=10) or true()


def test_it_connects_asks_trades_and_cancels() -> None:
    with Launched.start("--clock", "virtual", "--start", "2019-06-03T15:00:00Z") as simulator:
        ib = ib_async.IB()
        ib.connect("127.0.0.1", simulator.port, clientId=7)
        try:
            [apple] = ib.qualifyContracts(ib_async.Stock("AAPL", "SMART", "USD"))
            [ticker] = ib.reqTickers(apple)
            assert 0 < ticker.bid < ticker.ask
            bought = ib.placeOrder(apple, ib_async.MarketOrder("BUY", 10, tif="DAY"))
            until(ib, bought.isDone)
            assert (bought.orderStatus.status, bought.orderStatus.filled) == ("Filled", 10)
            resting = ib.placeOrder(apple, ib_async.LimitOrder("BUY", 5, round(ticker.bid / 2, 2), tif="DAY"))
            until(ib, lambda: resting.orderStatus.status == "Submitted")
            ib.cancelOrder(resting.order)
            until(ib, resting.isDone)
            assert [(one.contract.symbol, one.position) for one in ib.positions()] == [("AAPL", 10)]
        finally:
            ib.disconnect()
        record = simulator.state(messages=False)
    assert [one["status"] for one in record["orders"]] == ["Filled", "Cancelled"]
    assert record["executions"][0]["price"] == record["executions"][0]["ask"]
