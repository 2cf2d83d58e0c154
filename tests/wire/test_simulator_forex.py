"""Currencies as ib_insync 0.9.86 sees them: cash in two currencies, and no position."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from ib_insync import IB, Contract, LimitOrder, MarketOrder, Order, TagValue

from ib_trading_simulator.launch import Launched
from tests.wire.client import Connect, Done, Launch, Until, codes_of


@pytest.fixture
def simulated() -> tuple[str, ...]:
    """The open of 2 January 2019, where time starts unless it is told otherwise."""
    return ("--cash", "USD=1000000")


def pair(name: str, exchange: str = "IDEALPRO") -> Contract:
    symbol, _, currency = name.partition(".")
    return Contract(secType="CASH", symbol=symbol, currency=currency, exchange=exchange)


def market(action: str, quantity: float, **more: Any) -> Order:
    return MarketOrder(action, quantity, tif="DAY", **more)


def cash(simulator: Launched) -> dict[str, Decimal]:
    return {c: Decimal(amount) for c, amount in simulator.state(messages=False)["cash"].items()}


def exchange_rates(ib: IB) -> dict[str, Decimal]:
    return {
        value.currency: Decimal(value.value) for value in ib.accountValues() if value.tag == "ExchangeRate"
    }


@pytest.mark.parametrize("name", ["EUR.USD", "GBP.USD", "AUD.USD", "USD.CHF", "USD.JPY"])
def test_a_pair_is_known_by_its_local_symbol_and_can_be_converted(ib: IB, name: str) -> None:
    (details,) = ib.reqContractDetails(pair(name))
    assert details.contract is not None
    assert details.contract.localSymbol == name
    assert details.validExchanges == "IDEALPRO,FXCONV"
    assert details.minTick == (0.005 if name.endswith("JPY") else 0.00005)
    assert "MOC" not in details.orderTypes.split(",")


def test_a_pair_trades_from_sunday_evening_to_friday_afternoon(ib: IB, simulator: Launched) -> None:
    simulator.advance(to="2019-01-04T21:59:00Z")
    (details,) = ib.reqContractDetails(pair("EUR.USD"))
    assert details.tradingHours.split(";")[:4] == [
        "20190103:1715-20190104:1700",
        "20190105:CLOSED",
        "20190106:CLOSED",
        "20190106:1715-20190107:1700",
    ]
    heard = codes_of(ib)
    simulator.advance(to="2019-01-04T22:00:00Z")
    trade = ib.placeOrder(pair("EUR.USD"), market("BUY", 20000))
    ib.reqCurrentTime()
    assert (trade.orderStatus.status, heard) == ("PreSubmitted", [399])
    simulator.advance(to="2019-01-06T22:15:00Z")
    ib.reqCurrentTime()
    assert trade.orderStatus.status == "Filled"


def test_a_purchase_moves_cash_in_both_currencies_and_leaves_no_position(
    ib: IB, simulator: Launched, done: Done
) -> None:
    (ticker,) = ib.reqTickers(pair("EUR.USD"))
    trade = done(ib, ib.placeOrder(pair("EUR.USD"), market("BUY", 50000)))
    (fill,) = trade.fills
    assert fill.execution.price == ticker.ask
    assert cash(simulator) == {
        "USD": 1_000_000 - 50_000 * Decimal(str(ticker.ask)) - 2,
        "EUR": Decimal(50000),
    }
    assert (fill.commissionReport.commission, fill.commissionReport.currency) == (2.0, "USD")
    assert ib.reqPositions() == []
    assert simulator.state(messages=False)["positions"] == []


def test_an_inverse_pair_gives_dollars_for_francs(launch: Launch, connect: Connect, done: Done) -> None:
    """The incident behind it: a pair that is quoted the other way round was bought instead of sold."""
    simulator = launch("--cash", "USD=100000,CHF=50000")
    ib = connect(simulator)
    trade = done(ib, ib.placeOrder(pair("USD.CHF"), market("BUY", 30000)))
    price = Decimal(str(trade.orderStatus.avgFillPrice))
    assert cash(simulator) == {"USD": 130_000 - 2, "CHF": 50_000 - 30_000 * price}


def test_the_commission_is_a_fifth_of_a_basis_point_where_that_is_more_than_two_dollars(
    ib: IB, simulator: Launched, done: Done
) -> None:
    trade = done(ib, ib.placeOrder(pair("EUR.USD"), market("BUY", 200_000)))
    value = 200_000 * trade.orderStatus.avgFillPrice
    charged = sum(fill.commissionReport.commission for fill in trade.fills)
    assert charged == pytest.approx(value * 0.00002, abs=1e-6)
    assert charged > 2


def test_the_accounts_exchange_rates_are_the_middle_of_the_market(launch: Launch, connect: Connect) -> None:
    simulator = launch("--cash", "USD=100000,EUR=1000,CHF=-500")
    ib = connect(simulator)
    rates = exchange_rates(ib)
    euro, franc = ib.reqTickers(pair("EUR.USD"), pair("USD.CHF"))
    assert rates["USD"] == rates["BASE"] == 1
    assert float(rates["EUR"]) == pytest.approx((euro.bid + euro.ask) / 2, abs=1e-7)
    assert float(rates["CHF"]) == pytest.approx(2 / (franc.bid + franc.ask), abs=1e-7)
    total = 100_000 + 1000 * rates["EUR"] - 500 * rates["CHF"]
    (told,) = (v.value for v in ib.accountValues() if v.tag == "TotalCashValue")
    assert Decimal(told) == round(total, 2)
    (owed,) = (v.value for v in ib.accountValues() if (v.tag, v.currency) == ("CashBalance", "CHF"))
    assert owed == "-500.00"


class TestConversion:
    """Orders on FXCONV: small ones, to the cent, and nothing but market orders."""

    def test_cents_are_converted_and_the_balance_is_nought(
        self, launch: Launch, connect: Connect, done: Done
    ) -> None:
        simulator = launch("--cash", "USD=100000,EUR=-123.45")
        ib = connect(simulator)
        trade = done(ib, ib.placeOrder(pair("EUR.USD", "FXCONV"), market("BUY", 123.45)))
        assert cash(simulator)["EUR"] == 0
        assert trade.fills[0].execution.exchange == "FXCONV"
        assert [t.contract.exchange for t in ib.trades()] == ["FXCONV"]

    @pytest.mark.parametrize(
        ("order", "code"),
        [
            (LimitOrder("BUY", 100, 1.0, tif="DAY"), 387),
            (Order(action="BUY", totalQuantity=100, orderType="MOC", tif="DAY"), 387),
            (
                market(
                    "BUY", 100, algoStrategy="Adaptive", algoParams=[TagValue("adaptivePriority", "Normal")]
                ),
                442,
            ),
            (market("BUY", 0.001), 461),
        ],
    )
    def test_anything_but_a_plain_market_order_is_refused(
        self, ib: IB, simulator: Launched, until: Until, order: Order, code: int
    ) -> None:
        heard = codes_of(ib)
        ib.placeOrder(pair("EUR.USD", "FXCONV"), order)
        until(ib, lambda: heard)
        assert (heard, simulator.state(messages=False)["orders"]) == ([code], [])


class TestIdealPro:
    """Orders where currencies are traded."""

    def test_a_small_order_is_an_odd_lot_and_trades_all_the_same(self, ib: IB, done: Done) -> None:
        heard = codes_of(ib)
        trade = done(ib, ib.placeOrder(pair("EUR.USD"), market("BUY", 1000)))
        assert (heard, trade.filled()) == ([399], 1000)

    def test_cents_are_not_traded_here(self, ib: IB, until: Until) -> None:
        heard = codes_of(ib)
        ib.placeOrder(pair("EUR.USD"), market("BUY", 20000.5))
        until(ib, lambda: heard)
        assert heard == [10243]

    def test_more_than_forty_times_the_equity_is_rejected(self, ib: IB, until: Until) -> None:
        heard = codes_of(ib)
        trade = ib.placeOrder(pair("EUR.USD"), market("BUY", 40_000_000))
        until(ib, trade.isDone)
        assert heard == [201]

    def test_an_order_for_the_close_is_refused(self, ib: IB, until: Until) -> None:
        heard = codes_of(ib)
        order = Order(action="BUY", totalQuantity=20000, orderType="MOC", tif="DAY")
        ib.placeOrder(pair("EUR.USD"), order)
        until(ib, lambda: heard)
        assert heard == [387]

    def test_history_has_quotes_and_no_trades(self, ib: IB) -> None:
        heard = codes_of(ib)
        bars = ib.reqHistoricalData(pair("EUR.USD"), "", "3 D", "1 hour", "MIDPOINT", False)
        assert len(bars) > 24
        assert {bar.volume for bar in bars} == {-1}
        assert not ib.reqHistoricalData(pair("EUR.USD"), "", "3 D", "1 day", "TRADES", False)
        assert heard == [162]
