"""Does what the faults say, where messages, requests, quotes and executions pass.

Decides nothing about occasions (faults.py) and nothing about what an account becomes (broker.py, manual.py).
While no fault waits at a place, that place costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

from ib_trading_simulator.brokerage import manual
from ib_trading_simulator.brokerage.broker import Broker
from ib_trading_simulator.brokerage.executions import Execution
from ib_trading_simulator.brokerage.orders import Order, Ticket
from ib_trading_simulator.brokerage.refusal import Refusal
from ib_trading_simulator.gateway.client import NO_ID, Client
from ib_trading_simulator.gateway.request import Request
from ib_trading_simulator.market.quote import Quote
from ib_trading_simulator.messages import incoming, outgoing
from ib_trading_simulator.messages.table import Table
from ib_trading_simulator.misbehaving.faults import Fault, FaultError, Faults, Occasion, Place, fault_of
from ib_trading_simulator.misbehaving.order_faults import OrderFaults

_MESSAGES = frozenset(
    table.name for tables in (incoming.TABLES, outgoing.BY_NUMBER) for table in tables.values()
)

# In a message about an order, where its id stands.
_ORDER_ID = {"openOrder": "orderId", "orderStatus": "orderId", "execDetails": "orderId", "error": "id"}

Later = Callable[[float, Callable[[], None]], None]


@dataclass(slots=True)
class Misbehaviour:
    """`later` has something done in so many real seconds, and what comes of it sent."""

    broker: Broker
    later: Later
    faults: Faults = field(default_factory=Faults)
    # By symbol: the quote that a stale one shows for ever.
    _stale: dict[str, Quote] = field(default_factory=dict)
    # By (client id, order id): what is not said about an order yet.
    _unsaid: dict[tuple[int, int], list[Callable[[], None]]] = field(default_factory=dict)

    def add(self, said: Mapping[str, Any]) -> Fault:
        """One more fault; what is to be done now, is. Raises FaultError, Refusal."""
        fault = fault_of(said, _MESSAGES)
        if fault.place is Place.QUOTE:
            self._keep_quote(fault)
        elif fault.when.now:
            self._do_now(fault)
        self.faults.all.append(fault)
        return fault

    def clear(self) -> None:
        """From now on nothing more goes wrong; what was put off still comes."""
        self.faults.all.clear()
        self._stale.clear()

    # Requests and orders

    def answering(self, client: Client, request: Request, answer: Callable[[], None]) -> None:
        """Answers a request as the faults will have it. Raises Refusal."""
        struck = self._struck(Place.REQUEST, lambda: self._asked(client, request))
        deeds = {fault.deed: fault for fault in struck}
        if fault := deeds.get("refuse"):
            code = fault.more["code"]
            raise Refusal(code, fault.more.get("text", _REFUSALS.get(code, f"Request refused ({code}).")))
        if "drop" not in deeds:
            answer()
        if fault := deeds.get("disconnect"):
            client.hang_up(fault.more.get("answered", False))

    def order_faults(self, client: Client, order_id: int, ticket: Ticket) -> OrderFaults:
        """What the faults do to a new order at the broker."""
        symbol = self.broker.contract(ticket.con_id).name
        occasion = Occasion("placeOrder", ticket.order_ref, symbol, client.client_id)
        faults = OrderFaults()
        for fault in self.faults.struck(Place.ORDER, occasion):
            match fault.deed:
                case "reject":
                    faults = replace(faults, rejected=fault.more.get("reason", "no reason given"))
                case "inactive":
                    faults = replace(faults, inactive=fault.more.get("reason", "no reason given"))
                case "partial fill":
                    faults = replace(faults, fills_at_most=fault.more["quantity"])
                case "false cancel":
                    faults = replace(faults, false_error=fault.more.get("code", 10349))
                case "fill after cancel":
                    faults = replace(faults, fills_after_cancel=fault.more.get("seconds", timedelta(0)))
                case "acknowledge late":
                    key = client.client_id, order_id
                    self._unsaid[key] = []
                    self._put_off(fault, partial(self._say, key))
        return faults

    def _asked(self, client: Client, request: Request) -> Occasion:
        symbol = request.text("symbol") if "symbol" in request.fields else ""
        if symbol and request.text("secType") == "CASH":
            symbol = f"{symbol}.{request.text('currency')}"
        con_id = request.text("conId") if "conId" in request.fields else ""
        if not symbol and con_id.isdigit() and (contract := self.broker.market.book.by_id(int(con_id))):
            symbol = contract.name
        order_ref = request.text("orderRef") if "orderRef" in request.fields else ""
        if request.name == "cancelOrder" and (order := self._order(client, request.request_id)):
            order_ref, symbol = order.ticket.order_ref, self.broker.contract(order.ticket.con_id).name
        return Occasion(request.name, order_ref, symbol, client.client_id)

    # Messages

    def sending(self, client: Client, table: Table, values: Mapping[str, Any], written: bytes) -> None:
        """Writes a message as the faults will have it: once, twice, later, or never."""
        say = partial(client.write, written)
        if self._unsaid and (key := self._silent(client, table, values)):
            self._unsaid[key].append(say)
            return
        struck = self._struck(Place.SENT, lambda: self._said(client, table, values))
        deeds = {fault.deed: fault for fault in struck}
        if "omit" in deeds or "omit account value" in deeds:
            return
        if fault := deeds.get("delay"):
            self._put_off(fault, say)
            return
        say()
        if "duplicate" in deeds:
            say()

    def _silent(self, client: Client, table: Table, values: Mapping[str, Any]) -> tuple[int, int] | None:
        """The order of which this message must not speak yet."""
        order = self._spoken_of(client, table, values)
        key = (client.client_id, order.order_id) if order else None
        return key if key in self._unsaid else None

    def _said(self, client: Client, table: Table, values: Mapping[str, Any]) -> Occasion:
        order = self._spoken_of(client, table, values)
        symbol = str(values.get("localSymbol" if values.get("secType") == "CASH" else "symbol", ""))
        if order and not symbol:
            symbol = self.broker.contract(order.ticket.con_id).name
        return Occasion(
            message=table.name,
            order_ref=order.ticket.order_ref if order else "",
            symbol=symbol,
            client_id=client.client_id,
            key=str(values.get("key", values.get("tag", ""))),
            currency=str(values.get("currency", "")),
        )

    def _spoken_of(self, client: Client, table: Table, values: Mapping[str, Any]) -> Order | None:
        if table is outgoing.COMMISSION_REPORT:
            perm_ids = (e.perm_id for e in reversed(self.broker.executions) if e.exec_id == values["execId"])
            return self.broker.orders.orders.get(next(perm_ids, 0))
        if table is outgoing.COMPLETED_ORDER:
            return self.broker.orders.orders.get(values["permId"])
        order_id = values.get(_ORDER_ID.get(table.name, ""), NO_ID)
        return self._order(client, order_id)

    def _order(self, client: Client, order_id: int) -> Order | None:
        return self.broker.orders.of(client.client_id, order_id)

    def _say(self, key: tuple[int, int]) -> None:
        for say in self._unsaid.pop(key, ()):
            say()

    # Quotes

    def quote(self, symbol: str, true: Quote) -> Quote:
        """What is shown instead of a quote; trades happen at the true one all the same."""
        for fault in self._struck(Place.QUOTE, lambda: Occasion(symbol=symbol)):
            match fault.deed:
                case "stale quote":
                    return self._stale[symbol]
                case "crossed quote":
                    return replace(true, bid=true.ask, ask=true.bid)
                case "no quote":
                    nothing = type(true.bid_size)(0)
                    return replace(true, bid=None, ask=None, bid_size=nothing, ask_size=nothing)
        return true

    def _keep_quote(self, fault: Fault) -> None:
        found = [c for c in self.broker.market.book.all() if c.name == fault.when.symbol]
        if len(found) != 1:
            raise FaultError(f"{fault.when.symbol!r} names {len(found)} contracts; a quote is of one")
        self._stale[fault.when.symbol] = self.broker.quote(found[0].con_id)

    # Executions

    def executed(self, execution: Execution) -> None:
        """An execution was told of; corrects it where a fault says so."""
        if execution.corrects:
            return
        for fault in self._struck(Place.EXECUTION, lambda: self._happened(execution)):
            self._correct(fault, execution)

    def _happened(self, execution: Execution) -> Occasion:
        symbol = self.broker.contract(execution.con_id).name
        return Occasion("execDetails", execution.order_ref, symbol, execution.client_id)

    def _correct(self, fault: Fault, execution: Execution) -> None:
        put = partial(
            manual.correct, self.broker, execution, fault.more.get("price"), fault.more.get("quantity")
        )
        # Not in the middle of the fill that it corrects: as soon as that is told.
        self.broker.schedule.call_at(self.broker.now, lambda: _discard(put()))

    def _do_now(self, fault: Fault) -> None:
        if fault.deed == "liquidate":
            manual.liquidate(self.broker, fault.when.symbol, fault.more.get("quantity"))
        else:
            matching = [e for e in self.broker.executions if fault.when.agrees(self._happened(e))]
            if not matching:
                raise FaultError("there is no such execution to correct")
            more = fault.more
            manual.correct(self.broker, matching[-1], more.get("price"), more.get("quantity"))
        fault.seen = fault.done = fault.when.times

    # All of them

    def _struck(self, place: Place, occasion: Callable[[], Occasion]) -> Sequence[Fault]:
        return self.faults.struck(place, occasion()) if self.faults.waits_at(place) else ()

    def _put_off(self, fault: Fault, action: Callable[[], None]) -> None:
        """Does something later, in the seconds of the clock that the fault names."""
        if "realSeconds" in fault.more:
            self.later(float(fault.more["realSeconds"]), action)
        else:
            self.broker.schedule.call_at(self.broker.now + fault.more["seconds"], action)


def _discard(_outcome: object) -> None:
    """What is called later answers nothing."""


_REFUSALS = {
    162: "Historical Market Data Service error message:No market data permissions.",
    200: "No security definition has been found for the request",
    354: "Requested market data is not subscribed.",
    10089: "Requested market data requires additional subscription for API.",
    10168: "Requested market data is not subscribed. Delayed market data is not enabled.",
    10197: "No market data during competing live session",
}
