"""Funds and other markets as ib_insync 0.9.86 sees them: contract details, bars, and a quarter of trading."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from ib_insync import IB, Contract, Forex, MarketOrder, RequestError, Stock

from ib_trading_simulator.launch import Launched

Until = Callable[[IB, Callable[[], object]], None]

SPY, VIXY = Stock("SPY", "SMART", "USD"), Stock("VIXY", "SMART", "USD")


@pytest.fixture
def simulated() -> tuple[str, ...]:
    return ("--cash", "USD=1000000")


def asked(
    ib: IB, contract: Contract, duration: str, size: str, what: str = "TRADES", end: str = ""
) -> list[tuple[object, float]]:
    bars = ib.reqHistoricalData(contract, end, duration, size, what, useRTH=True, formatDate=2)
    return [(bar.date, bar.close) for bar in bars]


@pytest.mark.parametrize(
    ("contract", "currency", "zone", "tick", "magnifier", "lot", "hours"),
    [
        (SPY, "USD", "US/Eastern", 0.01, 1, 1, "20190102:0930-20190102:1600"),
        (Stock("VOD", "SMART", "GBP"), "GBP", "GB-Eire", 0.0002, 100, 1, "20190102:0800-20190102:1630"),
        (Stock("SAP", "IBIS", "EUR"), "EUR", "MET", 0.02, 1, 1, "20190102:0900-20190102:1730"),
        (Stock("NESN", "EBS", "CHF"), "CHF", "MET", 0.02, 1, 1, "20190102:CLOSED"),
        (Stock("7203", "TSEJ", "JPY"), "JPY", "Japan", 1, 1, 100, "20190102:CLOSED"),
        (
            Stock("700", "SEHK", "HKD"),
            "HKD",
            "Hongkong",
            0.2,
            1,
            100,
            "20190102:0930-20190102:1200;20190102:1300-20190102:1600",
        ),
    ],
    ids=lambda value: value.symbol if isinstance(value, Contract) else "",
)
def test_each_market_tells_its_currency_its_hours_its_tick_and_its_lot(
    ib: IB,
    contract: Contract,
    currency: str,
    zone: str,
    tick: float,
    magnifier: int,
    lot: int,
    hours: str,
) -> None:
    (details,) = ib.reqContractDetails(contract)
    assert details.contract is not None
    assert (details.contract.currency, details.timeZoneId) == (currency, zone)
    assert (details.minTick, details.priceMagnifier) == (tick, magnifier)
    assert (details.minSize, details.sizeIncrement) == (lot, lot)
    # By the exchange's own date: 2 January 14:30 UTC is still the 2nd in all of them.
    assert details.liquidHours.startswith(hours)


def test_half_hours_of_a_fund_are_those_of_the_session(ib: IB, simulator: Launched) -> None:
    simulator.advance(to="2019-01-03T19:30:00Z")
    starts = [when for when, _ in asked(ib, VIXY, "1 D", "30 mins")]
    assert starts[0] == datetime(2019, 1, 3, 14, 30, tzinfo=UTC)
    assert starts[-1] == datetime(2019, 1, 3, 19, 0, tzinfo=UTC)
    assert len(starts) == 10


def test_a_week_is_dated_by_its_last_session_whatever_the_format(ib: IB, simulator: Launched) -> None:
    simulator.advance(to="2019-04-22T12:00:00Z")
    assert asked(ib, SPY, "2 W", "1 week")[-1][0] == date(2019, 4, 18)


def test_currencies_have_midpoints_and_no_trades(ib: IB) -> None:
    assert len(asked(ib, Forex("EURUSD"), "5 D", "1 hour", "MIDPOINT")) > 100
    ib.RaiseRequestErrors = True
    with pytest.raises(RequestError, match="No historical market data for EUR/CASH@FXSUBPIP Last 1d"):
        asked(ib, Forex("EURUSD"), "5 D", "1 day")


def test_an_adjusted_series_takes_no_end_and_is_lower_before_a_distribution(
    ib: IB, simulator: Launched
) -> None:
    simulator.advance(to="2019-03-18T22:00:00Z")
    raw, adjusted = (dict(asked(ib, SPY, "5 D", "1 day", what)) for what in ("TRADES", "ADJUSTED_LAST"))
    assert adjusted[date(2019, 3, 14)] < raw[date(2019, 3, 14)]
    assert adjusted[date(2019, 3, 15)] == raw[date(2019, 3, 15)]
    ib.RaiseRequestErrors = True
    with pytest.raises(RequestError, match="End date not supported with adjusted last"):
        asked(ib, SPY, "5 D", "1 day", "ADJUSTED_LAST", end="20190301-00:00:00")


def test_a_quarter_of_funds_can_be_traded(ib: IB, simulator: Launched, until: Until) -> None:
    """A share of SPY and of VIXY each week from January to March, with their daily bars at hand."""
    spy, vixy = ib.qualifyContracts(SPY, VIXY)
    for week in range(13):
        simulator.advance(by="7 days" if week else 60)
        for contract in (spy, vixy):
            assert len(asked(ib, contract, "35 D", "1 day")) == 35
            trade = ib.placeOrder(contract, MarketOrder("BUY", 1, tif="DAY"))
            until(ib, trade.isDone)
            assert trade.orderStatus.status == "Filled"
    (account,) = simulator.state(messages=False)["accounts"].values()
    held = {position["symbol"]: Decimal(position["quantity"]) for position in account["positions"]}
    assert held == {"SPY": 13, "VIXY": 13}
