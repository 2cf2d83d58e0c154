"""Sorts what the gateway says: parts and ends of answers to their questions, news of orders to order_tracker.py.

Stands where the library's own wrapper would, under the names that its decoder calls. That wrapper keeps trades,
tickers and portfolios of its own and gives several questions one future; none of it is wanted here. What a part
means is decided by whoever asked.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import structlog

from ib_trading.adapters.ib import error_codes, translate
from ib_trading.adapters.ib.order_tracker import OrderTracker, ShownOrder, Status
from ib_trading.adapters.ib.wire_fields import readable
from ib_trading.core.order_kind import Side
from ib_trading.core.refusals import BrokerFault, QuestionRefused
from ib_trading.schema.log_events import RunEvent

if TYPE_CHECKING:
    from ib_insync import CommissionReport, Contract, ContractDetails, Order, OrderState
    from ib_insync import Execution as IbExecution
    from ib_insync.objects import BarData, PriceIncrement

log = structlog.stdlib.get_logger("app.broker")

# Questions that have no number on the wire, so that only one of each can be open.
CURRENT_TIME = "the current time"
POSITIONS = "positions"
OPEN_ORDERS = "open orders"
COMPLETED_ORDERS = "completed orders"
PORTFOLIO = "the portfolio"

NOT_YET = Decimal(-1)

# The messages that the adapter decides on. One of them that cannot be read is a fault; another kind is not ours.
_READ = frozenset("3 4 5 7 9 10 11 15 17 18 49 52 53 54 55 59 61 62 73 74 93 94 101 102".split())


class Question:
    """What has come of an answer so far."""

    __slots__ = ("ended", "parts")

    def __init__(self) -> None:
        self.parts: list[Any] = []
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def end(self, error: Exception | None = None) -> None:
        if self.ended.done():
            return
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)


class Replies:
    """The receiving side of one connection. `closed` is done when the socket is; `said` are the gateway's remarks
    that are about no question and no order; `id_taken` learns every order id that the gateway names."""

    def __init__(self, orders: OrderTracker, id_taken: Callable[[int], None]) -> None:
        self.orders = orders
        self.questions: dict[Hashable, Question] = {}
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.said: list[tuple[int, str]] = []
        self.fault: BrokerFault | None = None
        self.offline: str | None = None
        # Name of a data farm that is not connected → the message that said so; and how often one was lost.
        self.broken_farms: dict[str, str] = {}
        self.farms_lost = 0
        self.read_only = False
        # The library's decoder looks here for the zone of times that name none, which are UTC by the gateway's
        # setting; without it they would be read in this machine's zone.
        self.ib = self
        self.TimezoneTWS = "UTC"
        # The successor of the library looks here for the zone in which it states times.
        self.defaultTimezone = UTC
        self._id_taken = id_taken

    def fail(self, fault: BrokerFault) -> None:
        """Nothing heard from here on can be relied on: every open and every later question gets `fault`."""
        self.fault = self.fault or fault
        for question in self.questions.values():
            question.end(self.fault)
        self.orders.lost(self.fault)

    def open(self, key: Hashable) -> Question:
        question = self.questions[key] = Question()
        return question

    def _part(self, key: Hashable, part: object) -> None:
        question = self.questions.get(key)
        if question is not None:
            question.parts.append(part)

    def _end(self, key: Hashable) -> None:
        question = self.questions.get(key)
        if question is not None:
            question.end()

    # The connection

    def connectAck(self) -> None:
        pass

    def setEventsDone(self) -> None:
        """The library's word for: the socket is closed."""
        if not self.closed.done():
            self.closed.set_result(None)
        self.fail(BrokerFault("the connection to the gateway was lost; ask again in a new session"))

    def connectionClosed(self) -> None:
        pass

    def managedAccounts(self, accounts: str) -> None:
        pass  # The library's client keeps them.

    def nextValidId(self, order_id: int) -> None:
        self._id_taken(order_id - 1)

    def error(self, req_id: int, code: int, text: str, advanced_reject: str = "") -> None:
        question = self.questions.get(req_id)
        if question is not None:
            if not error_codes.is_remark(code):
                question.end(QuestionRefused(code, text))
        elif self.orders.message(req_id, code, f"{text} {advanced_reject}".rstrip()):
            self._id_taken(req_id)
        elif code == error_codes.INVALID and error_codes.READ_ONLY in text.lower():
            self.read_only = True
            self.fail(
                BrokerFault(
                    f"the gateway's API is read-only ({code} {text}): it answers nothing about orders; switch"
                    " Read-Only API off in its API settings (ReadOnlyApi=no for IBC), and start it again"
                )
            )
        else:
            self.said.append((code, text))
            if code in error_codes.CONNECTIVITY_LOST:
                self.offline = f"{code} {text}"
            elif code in error_codes.CONNECTIVITY_RESTORED:
                self.offline = None
            self._hear_of_a_farm(code, text)

    def _hear_of_a_farm(self, code: int, text: str) -> None:
        farm = error_codes.farm_in(text)
        if code in error_codes.FARM_BROKEN:
            self.broken_farms[farm] = f"{code} {text}"
            self.farms_lost += 1
        elif code in error_codes.FARM_CONNECTED:
            self.broken_farms.pop(farm, None)

    # Orders

    def openOrder(self, order_id: int, contract: Contract, order: Order, state: OrderState) -> None:
        self._id_taken(order_id)
        if order.whatIf:
            self._part(order_id, state)
            self._end(order_id)
            return
        shown = _shown(contract, order, Status(state.status))
        self.orders.shown(shown)
        self._part(OPEN_ORDERS, shown)

    def orderStatus(
        self,
        order_id: int,
        status: str,
        filled: float,
        remaining: float,
        average_price: float,
        perm_id: int,
        *_others: object,
    ) -> None:
        told = Status(status, translate.amount(filled), translate.amount(average_price) or None)
        self.orders.status(perm_id, told)
        self._part(OPEN_ORDERS, (perm_id, told))

    def openOrderEnd(self) -> None:
        self._end(OPEN_ORDERS)

    def completedOrder(self, contract: Contract, order: Order, state: OrderState) -> None:
        """A completed order shows what remained of it as its quantity: 0 after a full fill."""
        filled = translate.amount(order.filledQuantity)
        done, shown_as = filled or Decimal(0), translate.quantity(order.totalQuantity)
        quantity = max(shown_as, done) if state.status == "Filled" else shown_as + done
        shown = replace(_shown(contract, order, Status(state.status, filled)), quantity=quantity)
        self.orders.shown(shown)
        self._part(COMPLETED_ORDERS, shown)

    def completedOrdersEnd(self) -> None:
        self._end(COMPLETED_ORDERS)

    def execDetails(self, req_id: int, contract: Contract, told: IbExecution) -> None:
        try:
            execution = translate.execution(contract, told)
        except BrokerFault as fault:
            self.fail(fault)
            return
        self.orders.executed(execution)
        self._part(req_id, execution)

    def execDetailsEnd(self, req_id: int) -> None:
        self._end(req_id)

    def commissionReport(self, report: CommissionReport) -> None:
        amount = translate.amount(report.commission)
        # -1 where it has not worked it out yet: a rebate of one would be that, too, and is not a report either.
        known = None if amount == NOT_YET else amount
        self.orders.commission(report.execId, known, report.currency)

    # Answers

    def currentTime(self, seconds: int) -> None:
        self._part(CURRENT_TIME, seconds)
        self._end(CURRENT_TIME)

    def position(self, account: str, contract: Contract, size: float, average_cost: float) -> None:
        self._part(POSITIONS, (account, contract, size, average_cost))

    def positionEnd(self) -> None:
        self._end(POSITIONS)

    def updatePortfolio(
        self, contract: Contract, _size: float, _price: float, value: float, *others: object
    ) -> None:
        account = others[-1]
        self._part(PORTFOLIO, (account, contract, value))

    def updateAccountValue(self, tag: str, value: str, currency: str, account: str) -> None:
        pass  # Account values are asked for by a question that has a number.

    def updateAccountTime(self, timestamp: str) -> None:
        pass

    def accountDownloadEnd(self, account: str) -> None:
        self._end(PORTFOLIO)

    def accountUpdateMulti(
        self, req_id: int, account: str, model: str, tag: str, value: str, currency: str
    ) -> None:
        self._part(req_id, translate.AccountValue(account, tag, value, currency))

    def accountUpdateMultiEnd(self, req_id: int) -> None:
        self._end(req_id)

    def pnl(self, req_id: int, daily: float, _unrealized: float, _realized: float) -> None:
        """Answers the question as soon as there is a value; it may come after messages without one."""
        profit = translate.amount(daily)
        question = self.questions.get(req_id)
        if profit is not None and question is not None and not question.parts:
            self._part(req_id, profit)
            self._end(req_id)

    def contractDetails(self, req_id: int, details: ContractDetails) -> None:
        self._part(req_id, details)

    bondContractDetails = contractDetails

    def contractDetailsEnd(self, req_id: int) -> None:
        self._end(req_id)

    def marketRule(self, rule_id: int, increments: list[PriceIncrement]) -> None:
        key = market_rule(rule_id)
        for increment in increments:
            self._part(key, increment)
        self._end(key)

    def marketDataType(self, req_id: int, kind: int) -> None:
        self._part(req_id, ("kind", kind, None))

    def priceSizeTick(self, req_id: int, tick_type: int, price: float, size: float) -> None:
        self._part(req_id, ("price", tick_type, price))

    def tickString(self, req_id: int, tick_type: int, text: str) -> None:
        self._part(req_id, ("text", tick_type, text))

    def tickSnapshotEnd(self, req_id: int) -> None:
        self._end(req_id)

    def historicalData(self, req_id: int, bar: BarData) -> None:
        self._part(req_id, bar)

    def historicalDataEnd(self, req_id: int, _start: str, _end: str) -> None:
        self._end(req_id)


def market_rule(rule_id: int) -> str:
    """The key of the question for that rule, and its name in sentences."""
    return f"market rule {rule_id}"


def _shown(contract: Contract, order: Order, status: Status) -> ShownOrder:
    return ShownOrder(
        order_ref=order.orderRef,
        order_id=order.orderId if order.orderId > 0 else None,
        client_id=order.clientId,
        perm_id=order.permId,
        account=order.account,
        con_id=contract.conId,
        local_symbol=contract.localSymbol,
        action=translate.side(Side.ordered, order.action, f"order {order.permId}"),
        quantity=translate.quantity(order.totalQuantity),
        order_type=order.orderType,
        status=status,
    )


def say_uncertain(detail: str) -> None:
    log.warning(RunEvent.UNCERTAIN_TIME, detail=detail)


class StrictDecoder:
    """The library's decoder, whose failures are told instead of logged: it would drop an execution with one line.

    Takes the decoder's place in the client, which calls `interpret` and sets `serverVersion`, and its logger's place
    in the decoder, which calls `exception`.
    """

    def __init__(self, decoder: Any, replies: Replies) -> None:
        self._decoder = decoder
        self._replies = replies
        self._reading: list[str] = []
        decoder.logger = self

    @property
    def serverVersion(self) -> int:
        return self._decoder.serverVersion

    @serverVersion.setter
    def serverVersion(self, version: int) -> None:
        self._decoder.serverVersion = version

    def interpret(self, fields: list[str]) -> None:
        self._reading = fields
        told, uncertain = readable(fields, self.serverVersion)
        if uncertain:
            say_uncertain(uncertain)
        self._decoder.interpret(told)

    def exception(self, _text: str) -> None:
        if self._reading == [""]:
            # A frame with nothing but the terminating zero: the gateway announces its restart.
            self._replies.fail(BrokerFault("the gateway is restarting; ask again in a few minutes"))
        elif self._reading[0] in _READ:
            self._replies.fail(
                BrokerFault(
                    f"message {self._reading[0]} from the gateway could not be read ({sys.exception()!r});"
                    " what it said is not known"
                )
            )
