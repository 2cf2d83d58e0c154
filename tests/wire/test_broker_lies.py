"""A gateway that falls silent, contradicts itself or speaks gibberish: unknown is never taken for empty.

The simulator tells the truth unless told otherwise; here the other side is a script of frames, so that each silence
and each lie is exactly the one that the test names.
"""

from __future__ import annotations

from collections.abc import Callable, Sized
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ib_trading.core.collection import BarQuestion
from ib_trading.core.coverage import DaySpan
from ib_trading.core.history import Series
from ib_trading.core.order_state import OrderState
from ib_trading.core.refusals import BrokerFault, GatewayNotReady
from ib_trading.ports.broker import Broker
from ib_trading_simulator.messages import outgoing
from ib_trading_simulator.messages.framing import frame
from tests.adapters.samples import AAPL
from tests.wire.scripted import (
    ACCOUNT,
    GREETING,
    NOW,
    ORDER,
    REF,
    VERSION,
    Answer,
    Talk,
    commission,
    completed_order,
    error,
    execution,
    open_order,
    order_status,
    told,
)


@pytest.mark.parametrize("question", ["positions", "order_reports", "executions", "account"])
def test_a_question_that_is_not_answered_is_a_fault_and_not_an_empty_answer(
    scripted: Talk, question: str
) -> None:
    _, way = scripted({})
    with way.session() as broker, pytest.raises(BrokerFault, match=r"did not answer .* within 0\.3 s"):
        getattr(broker, question)(ACCOUNT)


UNSET = "1.7976931348623157E308"


def profit(fields: list[str], daily: str) -> bytes:
    return told(outgoing.PNL, reqId=fields[1], dailyPnL=daily, unrealizedPnL=UNSET, realizedPnL=UNSET)


def test_a_daily_profit_is_waited_for_while_the_gateway_says_that_it_has_none_yet(scripted: Talk) -> None:
    """Where the gateway has no value it sends the largest double: the first message is not always an answer
    (https://github.com/erdewit/ib_insync/issues/388)."""
    _, way = scripted(
        {92: lambda fields: profit(fields, UNSET) + profit(fields, "-12.5") + profit(fields, "7")}
    )
    with way.session() as broker:
        assert broker.daily_profit(ACCOUNT) == Decimal("-12.5")


@pytest.mark.parametrize(
    "script",
    [{}, {92: lambda fields: profit(fields, UNSET)}, {92: lambda fields: error(int(fields[1]), 321, "no")}],
    ids=["silence", "no value", "refused"],
)
def test_a_daily_profit_that_nobody_knows_is_none_and_not_zero(
    scripted: Talk, script: dict[int, Answer]
) -> None:
    """Nor is it a fault: what only reduces must not wait for it."""
    _, way = scripted(script)
    with way.session() as broker:
        assert broker.daily_profit(ACCOUNT) is None


def test_a_lost_connection_is_a_fault_of_the_daily_profit_too(scripted: Talk) -> None:
    _, way = scripted({92: b""})
    with way.session() as broker, pytest.raises(BrokerFault, match="lost"):
        broker.daily_profit(ACCOUNT)


def test_executions_without_their_end_are_a_fault_though_some_came(scripted: Talk) -> None:
    """Real gateways sometimes never send execDetailsEnd: there may be more."""
    _, way = scripted({7: lambda fields: execution(100, "e.1.01.01", request=fields[2])})
    with way.session() as broker, pytest.raises(BrokerFault, match="executions"):
        broker.executions(ACCOUNT)


def test_positions_without_their_end_are_a_fault_though_some_came(scripted: Talk) -> None:
    _, way = scripted({61: told(outgoing.POSITION, account=ACCOUNT, conId=1, position=5)})
    with way.session() as broker, pytest.raises(BrokerFault, match="positions"):
        broker.positions(ACCOUNT)


def test_open_orders_without_the_completed_ones_are_a_fault(scripted: Talk) -> None:
    _, way = scripted({16: open_order("Submitted") + told(outgoing.OPEN_ORDER_END)})
    with way.session() as broker, pytest.raises(BrokerFault, match="completed orders"):
        broker.order_reports(ACCOUNT)


def test_a_late_answer_is_not_taken_for_the_next_questions(scripted: Talk) -> None:
    """Two executions questions: what comes for the first after its deadline does not answer the second."""
    asked: list[str] = []

    def answer(fields: list[str]) -> bytes:
        asked.append(fields[2])
        late = execution(100, "e.1.01.01", request=asked[0]) + told(outgoing.EXECUTIONS_END, reqId=asked[0])
        return late if len(asked) == 2 else NOW

    _, way = scripted({7: answer})
    with way.session() as broker:
        for _ in range(2):
            with pytest.raises(BrokerFault, match="executions"):
                broker.executions(ACCOUNT)


SLOW_ANSWERS: list[tuple[int, bytes, bytes, Callable[[Broker], Sized]]] = [
    (
        61,
        told(outgoing.POSITION, account=ACCOUNT, conId=265598, symbol="AAPL", secType="STK", position=100),
        told(outgoing.POSITION_END),
        lambda broker: broker.positions(ACCOUNT),
    ),
    (
        16,
        open_order("Submitted") + order_status("Submitted"),
        told(outgoing.OPEN_ORDER_END),
        lambda broker: broker.order_reports(ACCOUNT),
    ),
    (
        99,
        completed_order("Filled", quantity=0, filled=100),
        told(outgoing.COMPLETED_ORDERS_END),
        lambda broker: broker.order_reports(ACCOUNT),
    ),
]


@pytest.mark.parametrize(
    ("question", "part", "end", "ask"), SLOW_ANSWERS, ids=("positions", "open orders", "completed orders")
)
def test_the_late_end_of_an_unnumbered_answer_does_not_answer_the_next_question(
    scripted: Talk, question: int, part: bytes, end: bytes, ask: Callable[[Broker], Sized]
) -> None:
    """The gateway told 100 shares and its end came after the deadline: the next question then read "no positions",
    and whoever compared ledger and broker by it saw everything gone. A new session asks on a new connection."""
    asked: list[int] = []

    def answer(_fields: list[str]) -> bytes:
        asked.append(question)
        return {1: part, 2: end}.get(len(asked), part + end)

    ends = {16: told(outgoing.OPEN_ORDER_END), 99: told(outgoing.COMPLETED_ORDERS_END)}
    _, way = scripted(ends | {question: answer})
    with way.session() as broker:
        for _ in range(2):
            with pytest.raises(BrokerFault, match="did not answer the question"):
                ask(broker)
        assert len(asked) == 1
        asked.append(question)  # What the first connection would have heard next.
        with way.session() as fresh:
            assert len(ask(fresh)) == 1


def test_a_what_if_that_is_not_answered_has_no_answer_and_stops_nothing_else(scripted: Talk) -> None:
    """It was a fault of the whole run, which looked like a broken broker; whoever needs margins refuses without."""
    _, way = scripted({49: NOW})
    with way.session() as broker:
        assert broker.what_if(ORDER[0], ACCOUNT, AAPL) is None
        assert broker.current_time().year == 1970


def test_a_what_if_on_a_lost_connection_is_a_fault(scripted: Talk) -> None:
    _, way = scripted({3: b""})
    with way.session() as broker, pytest.raises(BrokerFault, match="lost"):
        broker.what_if(ORDER[0], ACCOUNT, AAPL)


def test_an_execution_that_cannot_be_read_is_a_fault_and_not_no_fill(scripted: Talk) -> None:
    """The library drops it with one log line."""

    def answer(fields: list[str]) -> bytes:
        unreadable = execution(100, "e.1.01.01", request=fields[2], time="around ten")
        return unreadable + told(outgoing.EXECUTIONS_END, reqId=fields[2])

    _, way = scripted({7: answer})
    with way.session() as broker, pytest.raises(BrokerFault, match=r"message 11 .* could not be read"):
        broker.executions(ACCOUNT)


def test_a_message_that_nobody_asked_about_may_be_unreadable(scripted: Talk) -> None:
    news = frame(("14", "1", "no number", "2", "text", "exchange")) + frame(("999", "1"))
    _, way = scripted({49: news + NOW})
    with way.session() as broker:
        assert broker.current_time().year == 1970


def test_commissions_that_do_not_come_are_none_and_the_executions_are_told(scripted: Talk) -> None:
    def answer(fields: list[str]) -> bytes:
        parts = execution(60, "e.1.01.01", request=fields[2]) + execution(40, "e.2.01.01", request=fields[2])
        return parts + commission("e.1.01.01") + told(outgoing.EXECUTIONS_END, reqId=fields[2])

    _, way = scripted({7: answer})
    with way.session() as broker:
        assert [one.commission for one in broker.executions(ACCOUNT)] == [Decimal("1.25"), None]


def test_a_commission_that_the_broker_does_not_know_yet_is_none(scripted: Talk) -> None:
    def answer(fields: list[str]) -> bytes:
        part = execution(100, "e.1.01.01", request=fields[2])
        return (
            part
            + commission("e.1.01.01", "1.7976931348623157E308")
            + told(outgoing.EXECUTIONS_END, reqId=fields[2])
        )

    _, way = scripted({7: answer})
    with way.session() as broker:
        assert [one.commission for one in broker.executions(ACCOUNT)] == [None]


def test_an_order_that_is_dropped_without_a_word_is_still_being_sent(scripted: Talk) -> None:
    _, way = scripted({})
    with way.session() as broker:
        broker.place(*ORDER)
        report = broker.follow([REF], until_final=False, seconds=0.2)[REF]
    assert (report.state, report.perm_id) == (OrderState.SENDING, 0)


def test_a_preset_time_in_force_does_not_end_the_order(scripted: Talk) -> None:
    """The library turns a live order into a Cancelled one on 10349."""
    said = open_order("PreSubmitted") + error(1, 10349, "Order TIF was set to DAY based on order preset.")
    _, way = scripted({3: said})
    with way.session() as broker:
        broker.place(*ORDER)
        report = broker.follow([REF], until_final=True, seconds=0.3)[REF]
    assert report.state is OrderState.WORKING
    assert report.messages == ("10349 Order TIF was set to DAY based on order preset.",)


def test_a_fill_wins_over_the_cancellation_before_it(scripted: Talk) -> None:
    gateway, way = scripted({3: open_order("Submitted") + order_status("Submitted"), 49: NOW})
    with way.session() as broker:
        broker.place(*ORDER)
        broker.follow([REF], until_final=False, seconds=5)
        gateway.send(order_status("Cancelled"), error(1, 202, "Order Canceled - reason:"))
        assert broker.follow([REF], until_final=True, seconds=5)[REF].state is OrderState.CANCELLED
        gateway.send(execution(100, "e.1.01.01"), commission("e.1.01.01"))
        broker.current_time()  # Answered after the fill, so that the fill has been heard.
        (fill,) = broker.fills([REF], seconds=5)
        assert broker.follow([REF], until_final=True, seconds=5)[REF].state is OrderState.FILLED
    assert (fill.quantity, fill.commission) == (100, Decimal("1.25"))


def test_fills_wait_for_those_that_the_status_has_announced(scripted: Talk) -> None:
    """A status may say Filled before the executions have come."""
    gateway, way = scripted({3: open_order("Filled") + order_status("Filled", 100)})
    with way.session() as broker:
        broker.place(*ORDER)
        assert broker.follow([REF], until_final=True, seconds=5)[REF].state is OrderState.FILLED
        assert broker.fills([REF], seconds=0.1) == ()
        gateway.send(execution(60, "e.1.01.01"), execution(40, "e.2.01.01"))
        gateway.send(commission("e.1.01.01"), commission("e.2.01.01"))
        assert sum(fill.quantity for fill in broker.fills([REF], seconds=5)) == 100


def test_an_inactive_order_is_waited_for_until_its_reason_is_there(scripted: Talk) -> None:
    _, way = scripted({3: open_order("Inactive")})
    with way.session() as broker:
        broker.place(*ORDER)
        assert broker.follow([REF], until_final=True, seconds=5)[REF].state is OrderState.INACTIVE


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (order_status("Cancelled") + error(1, 202, "Order Canceled - reason:"), OrderState.CANCELLED),
        (error(1, 161, "Cancel attempted when order is not in a cancellable state."), OrderState.INACTIVE),
        (NOW, OrderState.INACTIVE),
    ],
)
def test_an_inactive_order_is_cancelled_once_the_broker_says_so_and_not_before(
    scripted: Talk, answer: bytes, state: OrderState
) -> None:
    """The library calls it cancelled at once, without a word to the broker."""
    asked: list[list[str]] = []

    def on_cancel(fields: list[str]) -> bytes:
        asked.append(fields)
        return answer

    _, way = scripted({3: open_order("Inactive"), 4: on_cancel})
    with way.session() as broker:
        broker.place(*ORDER)
        broker.follow([REF], until_final=True, seconds=5)
        assert broker.cancel([REF], seconds=0.3)[REF].state is state
    assert len(asked) == 1


def test_a_connection_that_breaks_ends_the_following_with_a_fault(scripted: Talk) -> None:
    _, way = scripted({3: b""})
    with way.session() as broker:
        broker.place(*ORDER)
        with pytest.raises(BrokerFault, match="lost"):
            broker.follow([REF], until_final=False, seconds=30)


def test_a_connection_that_breaks_ends_every_open_question_with_a_fault(scripted: Talk) -> None:
    _, way = scripted({61: b""})
    with way.session() as broker:
        with pytest.raises(BrokerFault, match="lost"):
            broker.positions(ACCOUNT)
        with pytest.raises(BrokerFault, match="lost"):
            broker.managed_accounts()


def test_nothing_is_concluded_while_the_gateway_has_lost_the_broker(scripted: Talk) -> None:
    """It goes on answering from what it remembers."""
    lost = error(-1, 1100, "Connectivity between IB and Trader Workstation has been lost.")
    restored = error(-1, 1102, "Connectivity between IB and Trader Workstation has been restored.")
    gateway, way = scripted({61: lost + told(outgoing.POSITION_END)})
    with way.session() as broker:
        with pytest.raises(BrokerFault, match="1100"):
            broker.positions(ACCOUNT)
        broker.place(*ORDER)
        with pytest.raises(BrokerFault, match="1100"):
            broker.follow([REF], until_final=False, seconds=5)
        gateway.send(restored)


def test_a_gateway_that_announces_its_restart_is_not_asked_any_further(scripted: Talk) -> None:
    _, way = scripted({61: b"\0\0\0\x01\0"})
    with way.session() as broker:
        with pytest.raises(BrokerFault, match="restarting"):
            broker.positions(ACCOUNT)
        # Its socket is still open: the next session closes it before it connects under the same client id.
        with way.session() as fresh:
            assert fresh.managed_accounts() == (ACCOUNT,)


def test_a_gateway_that_hangs_up_during_the_handshake_is_not_ready(scripted: Talk) -> None:
    _, way = scripted({71: b""})
    with pytest.raises(GatewayNotReady, match="closed the connection during the handshake"), way.session():
        pass


def test_the_reason_that_the_gateway_gave_is_told(scripted: Talk) -> None:
    _, way = scripted({71: error(-1, 2110, "Connectivity between TWS and server is broken.")})
    with pytest.raises(GatewayNotReady, match="2110 Connectivity"), way.session():
        pass


def test_an_open_order_before_the_end_of_the_handshake_raises_the_next_id(scripted: Talk) -> None:
    """Own live orders are pushed first; the id that follows may be lower after a restart."""
    _, way = scripted({71: open_order("Submitted", order_id=41) + GREETING})
    with way.session() as broker:
        assert broker.next_order_ids(1) == (42,)
        assert broker.follow([REF], until_final=False, seconds=5)[REF].state is OrderState.WORKING


def test_a_completed_order_shows_its_filled_quantity_where_nothing_remains(scripted: Talk) -> None:
    """The gateway writes what remained as the quantity of a completed order, and no order id."""
    completed = completed_order("Filled", quantity=0, filled=100)
    _, way = scripted(
        {
            16: told(outgoing.OPEN_ORDER_END),
            99: completed + told(outgoing.COMPLETED_ORDERS_END),
        }
    )
    with way.session() as broker:
        (report,) = broker.order_reports(ACCOUNT)
    assert (report.state, report.quantity, report.filled, report.order_id) == (
        OrderState.FILLED,
        100,
        100,
        None,
    )


@pytest.mark.parametrize("status", ["Cancelled", "ApiCancelled"])
@pytest.mark.parametrize(
    ("remained", "filled", "state"),
    [(40, 60, OrderState.PARTLY_FILLED), (60, 40, OrderState.PARTLY_FILLED), (100, 0, OrderState.CANCELLED)],
)
def test_a_completed_order_whose_rest_was_cancelled_is_partly_filled_however_little_remained(
    scripted: Talk, status: str, remained: int, filled: int, state: OrderState
) -> None:
    """Of an order for 100 the last 40 were cancelled. What remained was taken for the order's quantity: with more
    filled than that it read as filled completely."""
    completed = completed_order(status, quantity=remained, filled=filled)
    _, way = scripted(
        {16: told(outgoing.OPEN_ORDER_END), 99: completed + told(outgoing.COMPLETED_ORDERS_END)}
    )
    with way.session() as broker:
        (report,) = broker.order_reports(ACCOUNT)
        heard = broker.follow([REF], until_final=True, seconds=5)[REF]
    for told_of in (report, heard):
        assert (told_of.state, told_of.quantity, told_of.filled) == (state, 100, filled)


def test_an_order_that_ends_between_the_two_questions_is_told_once_as_completed(scripted: Talk) -> None:
    completed = completed_order("Cancelled", quantity=60, filled=40)
    still_open = open_order("Submitted") + order_status("Submitted", 40) + told(outgoing.OPEN_ORDER_END)
    _, way = scripted(
        {
            16: still_open,
            99: completed + told(outgoing.COMPLETED_ORDERS_END),
        }
    )
    with way.session() as broker:
        (report,) = broker.order_reports(ACCOUNT)
    assert (report.state, report.filled, report.order_id) == (OrderState.PARTLY_FILLED, 40, 1)


def test_a_market_data_refusal_leaves_the_contract_without_a_quote(scripted: Talk) -> None:
    refused = "Requested market data is not subscribed."
    _, way = scripted(
        {
            49: NOW,
            1: lambda fields: error(int(fields[2]), 354, refused),
        }
    )
    with way.session() as broker:
        quote = broker.quotes([AAPL])[AAPL.con_id]
    assert (quote.bid, quote.ask, quote.last, quote.close) == (None, None, None, None)
    assert quote.refused.startswith("354 Requested market data is not subscribed; subscribe to")


def test_a_snapshot_that_does_not_end_is_a_fault(scripted: Talk) -> None:
    _, way = scripted(
        {
            49: NOW,
            1: lambda fields: told(outgoing.TICK_PRICE, reqId=fields[2], tickType=1, price="38.5"),
        }
    )
    with way.session() as broker, pytest.raises(BrokerFault, match="a quote of AAPL"):
        broker.quotes([AAPL])


HISTORY = 20
NO_DATA = "Historical Market Data Service error message:HMDS query returned no data: AAPL@SMART Trades"
LOST = error(-1, 2105, "HMDS data farm connection is broken:ushmds")
BACK = error(-1, 2106, "HMDS data farm connection is OK:ushmds")
MAY = DaySpan(date(2019, 5, 1), date(2019, 5, 31))
OF_MAY = BarQuestion(AAPL, Series(265598, "AAPL", "TRADES", "1 day"), MAY, (MAY,))
JUNE = datetime(2019, 6, 3, 15, tzinfo=UTC)


def no_data(fields: list[str]) -> bytes:
    return error(int(fields[1]), 162, NO_DATA)


def no_bars(fields: list[str]) -> bytes:
    return outgoing.HISTORICAL_BARS.encode(VERSION, {"reqId": fields[1], "start": "", "end": "", "bars": ()})


@pytest.mark.parametrize("empty", [no_data, no_bars])
def test_an_answer_without_bars_is_one_while_every_data_farm_is_connected(
    scripted: Talk, empty: Callable[[list[str]], bytes]
) -> None:
    """A farm that was lost before it was asked, and is back, says what it knows."""
    _, way = scripted({71: GREETING + LOST + BACK, HISTORY: empty})
    with way.session() as broker:
        assert broker.bars([OF_MAY], JUNE) == ((),)


@pytest.mark.parametrize("empty", [no_data, no_bars])
@pytest.mark.parametrize(
    "news",
    [
        LOST,
        error(-1, 2103, "Market data farm connection is broken:usfarm"),
        LOST + error(-1, 2106, "HMDS data farm connection is OK:euhmds"),
        LOST + BACK,
    ],
)
def test_no_data_from_a_broker_that_lost_a_data_farm_is_a_fault_and_no_answer(
    scripted: Talk, news: bytes, empty: Callable[[list[str]], bytes]
) -> None:
    """Also where the farm was lost for a moment only: whose word it was, nobody knows."""
    _, way = scripted({HISTORY: lambda fields: news + empty(fields)})
    with way.session() as broker:
        [fault] = broker.bars([OF_MAY], JUNE)
    assert isinstance(fault, BrokerFault)
    assert "no data for the 1 day TRADES of AAPL, but it lost a data farm" in fault.detail


def test_no_data_counts_again_once_the_data_farm_is_back(scripted: Talk) -> None:
    """One that sleeps until it is asked is not lost."""
    asleep = error(
        -1, 2107, "HMDS data farm connection is inactive but should be available upon demand.ushmds"
    )
    answers = iter([lambda fields: LOST + no_data(fields), lambda fields: no_data(fields) + asleep, no_data])

    def in_turn(fields: list[str]) -> bytes:
        return next(answers)(fields)

    _, way = scripted({HISTORY: in_turn})
    with way.session() as broker:
        kinds = [type(broker.bars([one], JUNE)[0]) for one in questions_of_may()]
    assert kinds == [BrokerFault, BrokerFault, tuple]


def questions_of_may() -> list[BarQuestion]:
    """Three that are not the same, of which each may leave at once."""
    ends = [DaySpan(MAY.first, date(2019, 5, day)) for day in (29, 30, 31)]
    return [replace(OF_MAY, days=span, fills=(span,)) for span in ends]


def test_a_history_server_that_reconnects_while_it_is_asked_still_answers(scripted: Talk) -> None:
    """165 was taken for a refusal."""

    def reconnects(fields: list[str]) -> bytes:
        trouble = "HMDS server disconnect occurred.  Attempting reconnection..."
        said = error(int(fields[1]), 165, f"Historical Market Data Service query message:{trouble}")
        return said + no_bars(fields)

    _, way = scripted({HISTORY: reconnects})
    with way.session() as broker:
        assert broker.bars([OF_MAY], JUNE) == ((),)
