"""Misbehaviour on request, as ib_insync 0.9.86 and a bare socket see it; judged by the simulator's own record."""

from __future__ import annotations

from typing import Any

import pytest
from ib_insync import IB, LimitOrder, MarketOrder, Stock, Trade

from ib_trading_simulator.launch import ControlError, Launched
from tests.wire.client import Connect, Until, errors_of

APPLE = Stock("AAPL", "SMART", "USD", conId=265598)


@pytest.fixture
def simulated() -> tuple[str, ...]:
    """The open of 2 January 2019, where time starts unless it is told otherwise."""
    return ("--cash", "USD=1000000")


def market(action: str = "BUY", quantity: int = 100, **more: Any) -> MarketOrder:
    return MarketOrder(action, quantity, tif="DAY", **more)


def resting(quantity: int = 100, **more: Any) -> LimitOrder:
    return LimitOrder("BUY", quantity, 30.0, tif="GTC", **more)


def record(simulator: Launched) -> dict[str, Any]:
    return simulator.state(messages=False)


def statuses(simulator: Launched) -> list[str]:
    return [order["status"] for order in record(simulator)["orders"]]


def held(simulator: Launched) -> dict[str, str]:
    return {position["symbol"]: position["quantity"] for position in record(simulator)["positions"]}


def names_sent(simulator: Launched) -> list[str]:
    return [m["name"] for m in simulator.state()["messages"] if m["direction"] == "out"]


def heard_everything(ib: IB) -> None:
    """What was written before this answer has been read by now."""
    ib.reqCurrentTime()


def is_reported(trade: Trade) -> bool:
    return trade.isDone() and all(fill.commissionReport.execId for fill in trade.fills)


class TestOrders:
    """What can happen to an order."""

    def test_a_rejected_order_is_201_and_no_other_is(self, ib: IB, simulator: Launched, until: Until) -> None:
        simulator.fault({"do": "reject", "reason": "no shares to borrow"}, symbol="AAPL", nth=2)
        heard = errors_of(ib)
        first, second = ib.placeOrder(APPLE, market()), ib.placeOrder(APPLE, market())
        until(ib, lambda: first.isDone() and second.isDone())
        assert (heard, statuses(simulator)) == ([(second.order.orderId, 201)], ["Filled", "Inactive"])
        assert record(simulator)["orders"][1]["reason"] == "no shares to borrow"
        assert record(simulator)["faults"][0]["done"] == 1

    def test_an_inactive_order_is_told_with_its_reason_and_no_error(
        self, ib: IB, simulator: Launched, until: Until
    ) -> None:
        """The incident behind it: an order that ended Inactive was recorded nowhere, and so nobody missed it."""
        simulator.fault({"do": "inactive", "reason": "held by compliance"}, orderRef="ib-2")
        heard = errors_of(ib)
        trade = ib.placeOrder(APPLE, market(orderRef="ib-2"))
        until(ib, lambda: trade.orderStatus.status == "Inactive")
        heard_everything(ib)
        assert [code for _, code in heard] == [399]
        # Held back and not done: it is shown among the open orders, so that it can be cancelled.
        assert [one.orderStatus.status for one in ib.reqAllOpenOrders()] == ["Inactive"]

    def test_a_dropped_order_is_echoed_to_nobody_and_never_lives(self, ib: IB, simulator: Launched) -> None:
        """The incident behind it: of orders sent within one second some were lost without a word."""
        simulator.fault("drop", message="placeOrder", nth=2)
        trades = [ib.placeOrder(APPLE, market(orderRef=f"ib-{n}")) for n in range(3)]
        heard_everything(ib)
        assert [order["orderRef"] for order in record(simulator)["orders"]] == ["ib-0", "ib-2"]
        assert [t.orderStatus.status for t in trades] == ["Filled", "PendingSubmit", "Filled"]

    def test_a_late_acknowledgement_is_of_an_order_that_lived_all_the_time(
        self, ib: IB, simulator: Launched, until: Until
    ) -> None:
        simulator.fault({"do": "acknowledge late", "seconds": 60}, symbol="AAPL")
        trade = ib.placeOrder(APPLE, market())
        heard_everything(ib)
        assert (trade.orderStatus.status, statuses(simulator)) == ("PendingSubmit", ["Filled"])
        simulator.advance(by=59)
        heard_everything(ib)
        assert trade.orderStatus.status == "PendingSubmit"
        simulator.advance(by=1)
        until(ib, lambda: is_reported(trade))
        assert trade.filled() == 100

    def test_a_late_acknowledgement_in_real_seconds_comes_while_time_stands_still(
        self, ib: IB, simulator: Launched, until: Until
    ) -> None:
        simulator.fault({"do": "acknowledge late", "realSeconds": 0.3}, symbol="AAPL")
        trade = ib.placeOrder(APPLE, market())
        heard_everything(ib)
        assert trade.orderStatus.status == "PendingSubmit"
        until(ib, trade.isDone)

    def test_after_a_partial_fill_the_rest_works_on_in_silence(
        self, ib: IB, simulator: Launched, until: Until
    ) -> None:
        simulator.fault({"do": "partial fill", "quantity": 30}, symbol="AAPL")
        trade = ib.placeOrder(APPLE, market())
        until(ib, lambda: trade.filled() == 30)
        simulator.advance(by="2 hours")
        heard_everything(ib)
        assert (statuses(simulator), held(simulator)) == (["Submitted"], {"AAPL": "30"})
        assert (trade.orderStatus.status, trade.remaining()) == ("Submitted", 70)
        ib.cancelOrder(trade.order)
        until(ib, trade.isDone)
        assert (statuses(simulator), held(simulator)) == (["Cancelled"], {"AAPL": "30"})

    @pytest.mark.parametrize("code", [10349, 10999])
    def test_an_error_about_a_living_order_is_no_cancellation(
        self, ib: IB, simulator: Launched, until: Until, code: int
    ) -> None:
        """The incident behind it: ib_insync 0.9.86 takes every code it does not know for a cancellation."""
        simulator.fault({"do": "false cancel", "code": code})
        heard = errors_of(ib)
        trade = ib.placeOrder(APPLE, resting())
        until(ib, lambda: heard)
        heard_everything(ib)
        assert (heard, trade.orderStatus.status) == ([(trade.order.orderId, code)], "Cancelled")
        assert statuses(simulator) == ["Submitted"]
        simulator.set_price("AAPL", "29")
        assert (statuses(simulator), held(simulator)) == (["Filled"], {"AAPL": "100"})

    def test_a_cancelled_order_can_fill_all_the_same(self, ib: IB, simulator: Launched, until: Until) -> None:
        simulator.fault({"do": "fill after cancel", "seconds": 5}, symbol="AAPL")
        heard = errors_of(ib)
        trade = ib.placeOrder(APPLE, resting())
        until(ib, lambda: trade.orderStatus.status == "Submitted")
        ib.cancelOrder(trade.order)
        until(ib, lambda: heard)
        assert (trade.orderStatus.status, heard) == ("Cancelled", [(trade.order.orderId, 202)])
        assert held(simulator) == {}
        simulator.advance(by=5)
        until(ib, lambda: trade.orderStatus.status == "Filled")
        assert held(simulator) == {"AAPL": "100"}

    def test_a_connection_ends_after_the_nth_order_which_lives(
        self, ib: IB, simulator: Launched, until: Until, connect: Connect
    ) -> None:
        simulator.fault("disconnect", message="placeOrder", nth=2)
        for n in range(3):
            ib.placeOrder(APPLE, resting(orderRef=f"ib-{n}"))
        until(ib, lambda: not ib.isConnected())
        again = connect(simulator, 1)
        assert [t.order.orderRef for t in again.openTrades()] == ["ib-0", "ib-1"]
        assert len(statuses(simulator)) == 2


class TestMessages:
    """What can happen to a message."""

    def test_a_message_comes_twice(self, ib: IB, simulator: Launched, until: Until) -> None:
        simulator.fault("duplicate", message="execDetails")
        trade = ib.placeOrder(APPLE, market())
        until(ib, lambda: is_reported(trade))
        assert names_sent(simulator).count("execDetails") == 2
        assert (len(record(simulator)["executions"]), held(simulator)) == (1, {"AAPL": "100"})

    @pytest.mark.parametrize(
        ("ask", "end"),
        [
            ("reqPositions", "positionEnd"),
            ("reqExecutions", "execDetailsEnd"),
            ("reqAllOpenOrders", "openOrderEnd"),
        ],
    )
    def test_an_answer_without_its_end_never_ends(
        self, ib: IB, simulator: Launched, ask: str, end: str
    ) -> None:
        """The incident behind it: a request for positions that was not answered was read as "flat"."""
        before = names_sent(simulator).count(end)
        simulator.fault("omit", message=end)
        ib.RequestTimeout = 0.2
        with pytest.raises(TimeoutError):
            getattr(ib, ask)()
        ib.RequestTimeout = 0
        assert names_sent(simulator).count(end) == before
        getattr(ib, ask)()
        assert names_sent(simulator).count(end) == before + 1

    def test_a_commission_is_reported_late(self, ib: IB, simulator: Launched, until: Until) -> None:
        simulator.fault({"do": "delay", "seconds": 30}, message="commissionReport", symbol="AAPL")
        trade = ib.placeOrder(APPLE, market())
        until(ib, trade.isDone)
        heard_everything(ib)
        assert not trade.fills[0].commissionReport.execId
        simulator.advance(by=30)
        until(ib, lambda: is_reported(trade))
        assert trade.fills[0].commissionReport.commission == 1.0

    def test_a_commission_can_be_missing_for_one_order_only(
        self, ib: IB, simulator: Launched, until: Until
    ) -> None:
        simulator.fault("omit", message="commissionReport", orderRef="ib-1")
        silent, loud = (ib.placeOrder(APPLE, market(orderRef=f"ib-{n}")) for n in (1, 2))
        until(ib, lambda: is_reported(loud))
        assert not silent.fills[0].commissionReport.execId

    def test_an_account_value_is_missing_wherever_it_is_asked_for(
        self, simulator: Launched, connect: Connect
    ) -> None:
        simulator.fault("omit account value", key="NetLiquidation")
        ib = connect(simulator, 5)
        assert "NetLiquidation" not in {value.tag for value in ib.accountValues()}
        assert "TotalCashValue" in {value.tag for value in ib.accountValues()}
        assert "NetLiquidation" not in {value.tag for value in ib.accountSummary()}

    def test_what_goes_wrong_ends_when_it_is_told_to(self, ib: IB, simulator: Launched, until: Until) -> None:
        simulator.fault("drop", times="always")
        simulator.behave()
        trade = ib.placeOrder(APPLE, market())
        until(ib, trade.isDone)
        assert record(simulator)["faults"] == []


class TestQuotes:
    """What can happen to prices; orders trade at the true ones all the same."""

    def test_market_data_is_refused_for_one_symbol(self, ib: IB, simulator: Launched) -> None:
        simulator.fault({"do": "refuse", "code": 354}, symbol="AAPL")
        heard = errors_of(ib)
        ib.reqTickers(APPLE, Stock("MSFT", "SMART", "USD", conId=272093))
        assert [code for _, code in heard] == [354]

    def test_a_stale_quote_shows_what_was(self, ib: IB, simulator: Launched) -> None:
        simulator.fault("stale quote", symbol="AAPL")
        simulator.set_price("AAPL", "50")
        (ticker,) = ib.reqTickers(APPLE)
        assert (ticker.bid, ticker.ask) == (37.9, 37.91)
        simulator.behave()
        (ticker,) = ib.reqTickers(APPLE)
        assert ticker.bid > 49

    def test_a_crossed_quote_bids_more_than_it_asks(self, ib: IB, simulator: Launched) -> None:
        simulator.fault("crossed quote", symbol="AAPL")
        (ticker,) = ib.reqTickers(APPLE)
        assert (ticker.bid, ticker.ask) == (37.91, 37.9)

    def test_a_quote_can_have_no_sides(self, ib: IB, simulator: Launched) -> None:
        simulator.fault("no quote", symbol="AAPL")
        (ticker,) = ib.reqTickers(APPLE)
        assert (ticker.bid, ticker.ask, ticker.close) == (-1, -1, 37.951)


class TestAccount:
    """What the broker does to the account by itself."""

    def test_an_execution_is_corrected_under_an_id_that_differs_after_the_last_full_stop(
        self, ib: IB, simulator: Launched, until: Until
    ) -> None:
        simulator.fault({"do": "correct", "price": "38", "quantity": 80}, orderRef="ib-1")
        trade = ib.placeOrder(APPLE, market(orderRef="ib-1"))
        until(ib, lambda: len(trade.fills) == 2)
        first, second = (fill.execution for fill in trade.fills)
        assert (first.execId[:-2], first.execId[-2:]) == (second.execId[:-2], "01")
        assert (second.execId[-2:], second.shares, second.price) == ("02", 80, 38.0)
        state = record(simulator)
        assert [e["corrects"] for e in state["executions"]] == ["", first.execId]
        assert (held(simulator), state["cash"]) == ({"AAPL": "80"}, {"USD": "996959"})

    def test_an_execution_of_before_can_be_corrected_now(
        self, ib: IB, simulator: Launched, until: Until
    ) -> None:
        trade = ib.placeOrder(APPLE, market())
        until(ib, trade.isDone)
        simulator.fault({"do": "correct", "price": "37.90"}, now=True, symbol="AAPL")
        assert record(simulator)["cash"] == {"USD": "996209"}
        with pytest.raises(ControlError, match="no such execution"):
            simulator.fault({"do": "correct", "price": "1"}, now=True, symbol="MSFT")

    def test_a_correction_of_a_sale_changes_what_it_realised(
        self, ib: IB, simulator: Launched, until: Until
    ) -> None:
        simulator.trade("AAPL", "BUY", 100, price="30")
        simulator.trade("AAPL", "SELL", 100, price="35")
        simulator.fault({"do": "correct", "quantity": 50, "price": "36"}, now=True, symbol="AAPL")
        state = record(simulator)
        assert held(simulator) == {"AAPL": "50"}
        # Bought 100 at 30 with a commission of 1; sold 50 at 36 with a commission of 1.
        assert state["executions"][-1]["realized"] == "298.5"
        assert state["cash"] == {"USD": "998798"}

    def test_a_forced_liquidation_closes_the_position_and_no_order_of_ours_says_so(
        self, ib: IB, simulator: Launched, until: Until
    ) -> None:
        trade = ib.placeOrder(APPLE, market())
        until(ib, trade.isDone)
        simulator.fault("liquidate", symbol="AAPL")
        until(ib, lambda: not ib.positions())
        assert held(simulator) == {}
        sale = record(simulator)["executions"][-1]
        assert (sale["side"], sale["liquidation"], sale["clientId"]) == ("SLD", True, 0)
        assert ib.reqExecutions()[-1].execution.liquidation == 1

    def test_nothing_can_be_liquidated_that_nobody_holds(self, simulator: Launched) -> None:
        with pytest.raises(ControlError, match="nothing to liquidate"):
            simulator.fault("liquidate", symbol="AAPL")
