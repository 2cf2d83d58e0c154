"""The simulator as ib_insync 0.9.86 sees it, over TCP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from ib_insync import IB, LimitOrder, MarketOrder, Order, RequestError, Stock, TagValue

from ib_trading_simulator.launch import Launched
from tests.wire.client import Done, Until, apple, errors_of

APPLE = Stock("AAPL", "SMART", "USD")


@pytest.fixture
def simulated() -> tuple[str, ...]:
    """The open of 2 January 2019, where time starts unless it is told otherwise."""
    return ("--cash", "USD=1000000")


def market(action: str, quantity: int, **more: Any) -> Order:
    return MarketOrder(action, quantity, tif="DAY", **more)


class TestQuestions:
    """What can be asked without trading."""

    def test_the_account_and_the_server_version_are_known_on_connecting(
        self, ib: IB, simulator: Launched
    ) -> None:
        assert ib.managedAccounts() == [simulator.account]
        assert ib.client.serverVersion() == 176

    def test_a_contract_is_qualified_to_the_one_it_means(self, ib: IB) -> None:
        contract = apple(ib)
        assert (contract.conId, contract.primaryExchange, contract.tradingClass) == (265598, "NASDAQ", "NMS")

    def test_contract_details_carry_tick_hours_and_order_types(self, ib: IB) -> None:
        (details,) = ib.reqContractDetails(APPLE)
        assert (details.minTick, details.longName) == (0.01, "APPLE INC")
        assert "20190102:0930-20190102:1600" in details.liquidHours
        assert {"MKT", "LMT", "ALGO"} <= set(details.orderTypes.split(","))

    def test_an_unknown_contract_is_error_200(self, ib: IB) -> None:
        heard = errors_of(ib)
        assert ib.reqContractDetails(Stock("NOSUCH", "SMART", "USD")) == []
        assert [code for _, code in heard] == [200]

    def test_a_snapshot_has_both_sides_and_yesterdays_close(self, ib: IB) -> None:
        (ticker,) = ib.reqTickers(apple(ib))
        assert (ticker.bid, ticker.ask, ticker.close) == (37.9, 37.91, 37.951)
        assert ticker.marketDataType == 1

    def test_daily_history_ends_with_the_last_finished_day(self, ib: IB) -> None:
        bars = ib.reqHistoricalData(apple(ib), "", "5 D", "1 day", "ADJUSTED_LAST", True)
        assert [bar.date for bar in bars][-1] == date(2018, 12, 31)
        assert bars[-1].close == 37.951

    def test_bars_within_the_day_are_dated_in_the_exchanges_zone(self, ib: IB, simulator: Launched) -> None:
        simulator.advance(by="1 hour")
        bars = ib.reqHistoricalData(apple(ib), "", "1800 S", "5 mins", "TRADES", True)
        assert [str(bar.date) for bar in bars][-1] == "2019-01-02 10:25:00-05:00"

    def test_keeping_history_up_to_date_is_refused_and_not_forgotten(self, ib: IB) -> None:
        heard = errors_of(ib)
        ib.reqHistoricalData(apple(ib), "", "1 D", "1 min", "TRADES", True, keepUpToDate=True)
        assert 162 in [code for _, code in heard]

    def test_the_time_is_the_simulators(self, ib: IB, simulator: Launched) -> None:
        simulator.advance(to="2019-06-03T15:00:00Z")
        assert ib.reqCurrentTime().isoformat() == "2019-06-03T15:00:00+00:00"

    def test_history_says_how_far_back_it_goes(self, ib: IB) -> None:
        assert ib.reqHeadTimeStamp(apple(ib), "TRADES", True, 1).year == 1990

    def test_a_market_rule_gives_the_tick(self, ib: IB) -> None:
        rule = ib.reqMarketRule(26)
        assert str(rule) == "[PriceIncrement(lowEdge=0.0, increment=0.01)]"

    def test_what_is_not_built_is_refused_by_name(self, ib: IB) -> None:
        ib.RaiseRequestErrors = True
        with pytest.raises(RequestError, match="has not built reqMatchingSymbols"):
            ib.reqMatchingSymbols("AAPL")

    def test_a_stream_sends_what_changes_as_time_passes(
        self, ib: IB, simulator: Launched, until: Until
    ) -> None:
        contract = apple(ib)
        ticker = ib.reqMktData(contract)
        until(ib, lambda: ticker.bid == ticker.bid and ticker.close == ticker.close)
        simulator.advance(by="10 minutes")
        until(ib, lambda: ticker.volume > 0)
        sent = sum(m["name"].startswith("tick") for m in simulator.state()["messages"])
        assert sent > 20
        ib.cancelMktData(contract)
        ib.reqCurrentTime()
        simulator.advance(by="10 minutes")
        assert sum(m["name"].startswith("tick") for m in simulator.state()["messages"]) == sent


class TestTrading:
    """Orders, and what the account is afterwards; judged by the simulator's own record."""

    def test_a_market_order_fills_in_pieces_at_the_simulators_ask(
        self, ib: IB, simulator: Launched, done: Done
    ) -> None:
        trade = done(ib, ib.placeOrder(apple(ib), market("BUY", 5000, orderRef="ib-abc")))
        record = simulator.state(messages=False)["executions"]
        assert len(record) == len(trade.fills) > 1
        assert {e["price"] for e in record} == {e["ask"] for e in record} == {"37.91"}
        assert [f.execution.shares for f in trade.fills] == [float(e["shares"]) for e in record]
        assert {f.execution.orderRef for f in trade.fills} == {"ib-abc"}
        assert sum(f.commissionReport.commission for f in trade.fills) == pytest.approx(25.0)

    def test_the_messages_of_a_fill_come_in_the_order_of_a_real_gateway(
        self, ib: IB, simulator: Launched, done: Done
    ) -> None:
        done(ib, ib.placeOrder(apple(ib), market("BUY", 100)))
        log = simulator.state()["messages"]
        placed = next(m["index"] for m in log if m["name"] == "placeOrder")
        names = [m["name"] for m in log[placed + 1 :] if m["name"] in _ORDER_MESSAGES]
        assert names == [
            *("openOrder", "orderStatus"),
            "execDetails",
            *("openOrder", "orderStatus"),
            *("openOrder", "orderStatus"),
            "commissionReport",
        ]

    def test_positions_and_account_values_follow_a_trade(
        self, ib: IB, simulator: Launched, done: Done, until: Until
    ) -> None:
        done(ib, ib.placeOrder(apple(ib), market("BUY", 100)))
        until(ib, ib.positions)
        (position,) = ib.positions()
        assert (position.position, position.avgCost) == (100, pytest.approx(37.92))
        until(ib, lambda: values(ib)["GrossPositionValue"] != "0.00")
        account = simulator.state(messages=False)["accounts"][simulator.account]
        assert Decimal(values(ib)["NetLiquidation"]) == round(Decimal(account["netLiquidation"]), 2)
        assert (values(ib)["TotalCashValue"], account["cash"]["USD"]) == ("996208.00", "996208")

    def test_a_sale_reports_what_it_realised(
        self, ib: IB, simulator: Launched, done: Done, until: Until
    ) -> None:
        contract = apple(ib)
        done(ib, ib.placeOrder(contract, market("BUY", 100)))
        simulator.set_price("AAPL", "40")
        sale = done(ib, ib.placeOrder(contract, market("SELL", 100)))
        (fill,) = sale.fills
        gained = (Decimal(str(fill.execution.price)) - Decimal("37.91")) * 100 - 2
        assert Decimal(str(fill.commissionReport.realizedPNL)) == gained
        until(ib, lambda: not ib.positions())

    def test_a_limit_order_rests_and_can_be_cancelled(self, ib: IB, until: Until) -> None:
        heard = errors_of(ib)
        trade = ib.placeOrder(apple(ib), LimitOrder("BUY", 100, 30.0, tif="GTC"))
        until(ib, lambda: trade.orderStatus.status == "Submitted")
        assert [t.order.permId for t in ib.reqAllOpenOrders()] == [trade.order.permId]
        ib.cancelOrder(trade.order)
        until(ib, lambda: heard)
        assert (trade.orderStatus.status, heard) == ("Cancelled", [(trade.order.orderId, 202)])

    def test_a_limit_order_fills_when_the_market_comes_to_it(
        self, ib: IB, simulator: Launched, done: Done, until: Until
    ) -> None:
        trade = ib.placeOrder(apple(ib), LimitOrder("BUY", 100, 37.5, tif="GTC"))
        until(ib, lambda: trade.orderStatus.status == "Submitted")
        simulator.advance(by="2 days")
        done(ib, trade)
        (execution,) = simulator.state(messages=False)["executions"]
        assert Decimal(execution["price"]) == Decimal(execution["ask"]) <= Decimal("37.5")
        assert execution["time"] > "2019-01-02T14:30:00+00:00"

    def test_a_limit_order_can_be_changed_while_it_rests(
        self, ib: IB, simulator: Launched, done: Done, until: Until
    ) -> None:
        trade = ib.placeOrder(apple(ib), LimitOrder("BUY", 100, 30.0, tif="DAY"))
        until(ib, lambda: trade.orderStatus.status == "Submitted")
        trade.order.lmtPrice = 38.0
        ib.placeOrder(trade.contract, trade.order)
        done(ib, trade)
        assert [e["price"] for e in simulator.state(messages=False)["executions"]] == ["37.91"]

    def test_a_price_off_the_tick_is_warning_110_and_no_order(
        self, ib: IB, simulator: Launched, until: Until
    ) -> None:
        heard = errors_of(ib)
        trade = ib.placeOrder(apple(ib), LimitOrder("BUY", 100, 30.005, tif="DAY"))
        until(ib, lambda: heard)
        assert (heard, trade.orderStatus.status) == ([(trade.order.orderId, 110)], "PendingSubmit")
        assert simulator.state(messages=False)["orders"] == []

    def test_an_order_beyond_the_accounts_means_is_rejected_with_201(
        self, ib: IB, simulator: Launched, until: Until
    ) -> None:
        heard = errors_of(ib)
        trade = ib.placeOrder(apple(ib), market("BUY", 1_000_000))
        until(ib, trade.isDone)
        until(ib, lambda: heard)
        assert [code for _, code in heard] == [201]
        assert [o["status"] for o in simulator.state(messages=False)["orders"]] == ["Inactive"]

    def test_a_blank_time_in_force_is_10349_and_works_all_the_same(
        self, ib: IB, simulator: Launched, until: Until
    ) -> None:
        """ib_insync takes the code for a cancellation; the broker's record says otherwise."""
        heard = errors_of(ib)
        ib.placeOrder(apple(ib), MarketOrder("BUY", 100))
        until(ib, lambda: 10349 in [code for _, code in heard])
        (order,) = simulator.state(messages=False)["orders"]
        assert (order["status"], order["tif"]) == ("Filled", "DAY")

    def test_adaptive_fills_like_the_order_it_is_added_to(self, ib: IB, done: Done) -> None:
        order = market(
            "BUY", 100, algoStrategy="Adaptive", algoParams=[TagValue("adaptivePriority", "Normal")]
        )
        assert done(ib, ib.placeOrder(apple(ib), order)).orderStatus.status == "Filled"

    def test_an_order_while_the_market_is_closed_waits_for_the_open(
        self, ib: IB, simulator: Launched, done: Done, until: Until
    ) -> None:
        simulator.advance(to="2019-01-02T22:00:00Z")
        heard = errors_of(ib)
        trade = ib.placeOrder(apple(ib), market("BUY", 100))
        until(ib, lambda: trade.orderStatus.status == "PreSubmitted")
        assert [code for _, code in heard] == [399]
        simulator.advance(to="2019-01-03T14:30:00Z")
        done(ib, trade)
        (execution,) = simulator.state(messages=False)["executions"]
        assert execution["time"] == "2019-01-03T14:30:00+00:00"
        assert execution["price"] == execution["ask"]

    def test_what_if_names_margins_and_places_nothing(self, ib: IB, simulator: Launched) -> None:
        state = ib.whatIfOrder(apple(ib), market("BUY", 1000))
        assert float(state.initMarginChange) == pytest.approx(37905 / 2)
        assert (float(state.equityWithLoanBefore), state.commission) == (1_000_000, 5.0)
        assert simulator.state(messages=False)["orders"] == []

    def test_completed_orders_are_todays_and_have_no_order_id(
        self, ib: IB, simulator: Launched, done: Done
    ) -> None:
        trade = done(ib, ib.placeOrder(apple(ib), market("BUY", 100, orderRef="ib-abc")))
        (completed,) = ib.reqCompletedOrders(False)
        assert (completed.order.permId, completed.order.orderRef) == (trade.order.permId, "ib-abc")
        assert (completed.order.orderId, completed.order.filledQuantity) == (0, 100)
        simulator.advance(by="1 day")
        assert ib.reqCompletedOrders(False) == []
        assert ib.reqExecutions() == []

    def test_cancelling_everything_spares_nobodys_orders(
        self, simulator: Launched, connect: Callable[..., IB], until: Until
    ) -> None:
        first, second = connect(simulator, 1), connect(simulator, 2)
        trade = first.placeOrder(apple(first), LimitOrder("BUY", 100, 30.0, tif="DAY"))
        until(first, lambda: trade.orderStatus.status == "Submitted")
        second.reqGlobalCancel()
        until(first, trade.isDone)
        assert simulator.state(messages=False)["orders"][0]["status"] == "Cancelled"


_ORDER_MESSAGES = {"openOrder", "orderStatus", "execDetails", "commissionReport"}


def values(ib: IB) -> dict[str, str]:
    """The account's values in its base currency."""
    return {value.tag: value.value for value in ib.accountValues() if value.currency == "USD"}
