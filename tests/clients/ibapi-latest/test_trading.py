"""This distribution of the broker's own client library trades against the simulator, unmodified."""

from __future__ import annotations

from ib_trading_simulator.launch import Launched
from tests.clients.official import trades


def test_it_connects_asks_trades_and_cancels() -> None:
    with Launched.start("--clock", "virtual", "--start", "2019-06-03T15:00:00Z") as simulator:
        trades(simulator.port)
        record = simulator.state(messages=False)
    assert [(one["symbol"], one["quantity"]) for one in record["positions"]] == [("AAPL", "10")]
    assert [one["status"] for one in record["orders"]] == ["Filled", "Cancelled"]
    assert record["executions"][0]["price"] == record["executions"][0]["ask"]
