"""Limits on what may be asked how often, as ib_insync 0.9.86 meets them."""

from __future__ import annotations

from ib_insync import IB, Stock

from ib_trading_simulator.launch import Launched
from tests.wire.client import Connect, Launch, codes_of

APPLE = Stock("AAPL", "SMART", "USD", conId=265598)


def days(ib: IB, duration: str) -> int:
    """How many daily bars were answered."""
    return len(ib.reqHistoricalData(APPLE, "", duration, "1 day", "TRADES", True))


def test_the_simulators_time_decides_what_is_too_soon(launch: Launch, connect: Connect) -> None:
    simulator = launch("--history-pacing", "all")
    ib = connect(simulator)
    heard = codes_of(ib)
    assert (days(ib, "5 D"), days(ib, "5 D"), heard) == (5, 0, [162])
    simulator.advance(by=15)
    assert (days(ib, "5 D"), heard) == (5, [162])
    (violation,) = simulator.state(messages=False)["pacingViolations"]
    assert violation["rule"] == "identical requests within 15 seconds"
    assert (violation["symbol"], violation["barSize"]) == ("AAPL", "1 day")


def test_nothing_is_limited_unless_it_is_asked_for(ib: IB, simulator: Launched) -> None:
    assert [days(ib, "5 D") for _ in range(8)] == [5] * 8
    assert simulator.state(messages=False)["pacingViolations"] == []


def test_bars_can_take_their_time(launch: Launch, connect: Connect) -> None:
    simulator = launch("--history-latency", "10", "--clock", "virtual:100")
    ib = connect(simulator)
    before = simulator.state(messages=False)["time"]
    assert days(ib, "5 D") == 5
    after = simulator.state(messages=False)["time"]
    assert after[:10] == before[:10]
    assert after > before


def test_the_hundred_and_first_line_of_market_data_is_refused(launch: Launch, connect: Connect) -> None:
    ib = connect(launch("--message-rate", "0"))
    ib.client.MaxRequests = 0
    heard = codes_of(ib)
    for number in range(101):
        ib.client.reqMktData(1000 + number, APPLE, "", False, False, [])
    ib.reqCurrentTime()
    assert heard == [101]
