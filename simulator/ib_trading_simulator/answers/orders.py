"""Answers about orders: placing, changing, cancelling, what-if, and the questions about them."""

from __future__ import annotations

from collections.abc import Iterable

from ib_trading_simulator.brokerage import broker_day
from ib_trading_simulator.brokerage.executions import ExecutionFilter
from ib_trading_simulator.brokerage.order_rules import examine
from ib_trading_simulator.brokerage.orders import Order
from ib_trading_simulator.brokerage.refusal import Refusal
from ib_trading_simulator.gateway.client import Client
from ib_trading_simulator.gateway.gateway import Gateway
from ib_trading_simulator.gateway.request import Request
from ib_trading_simulator.messages import outgoing
from ib_trading_simulator.messages.wire import moment_of

_READ_ONLY = "Error validating request.-'bY' : cause - The API interface is currently in Read-Only mode."


def place(gateway: Gateway, client: Client, request: Request) -> None:
    """A new order, a change of a live one, or a question what the order would do (whatIf)."""
    order_id = request.integer("orderId")
    _writable(gateway)
    contract = request.contract(gateway.broker.market.book)
    acceptance = examine(request.fields, contract, gateway.broker.accounts.names)
    if request.flag("whatIf"):
        preview = gateway.broker.accounts.preview(acceptance.ticket, gateway.broker.now)
        gateway.reports.what_if(client, order_id, acceptance.ticket, preview, gateway.broker.now)
        return
    for code, text in acceptance.warnings:
        client.error(order_id, code, text)
    earlier = gateway.broker.orders.of(client.client_id, order_id)
    if earlier and earlier.live:
        gateway.broker.place(client.client_id, order_id, acceptance.ticket)
        return
    faults = gateway.misbehaviour.order_faults(client, order_id, acceptance.ticket)
    gateway.broker.place(client.client_id, order_id, acceptance.ticket, faults)


def cancel(gateway: Gateway, client: Client, request: Request) -> None:
    _writable(gateway)
    gateway.broker.cancel(client.client_id, request.integer("orderId"))


def cancel_all(gateway: Gateway, client: Client, request: Request) -> None:
    """Every live order of every client."""
    _writable(gateway)
    gateway.broker.cancel_all()


def own_open(gateway: Gateway, client: Client, request: Request) -> None:
    _writable(gateway)
    _send_open(gateway, client, gateway.broker.orders.open(client.client_id))


def all_open(gateway: Gateway, client: Client, request: Request) -> None:
    _writable(gateway)
    _send_open(gateway, client, gateway.broker.orders.open())


def _send_open(gateway: Gateway, client: Client, orders: Iterable[Order]) -> None:
    for order in orders:
        gateway.reports.open_order(client, order)
    client.send(outgoing.OPEN_ORDER_END)


def bind(gateway: Gateway, client: Client, request: Request) -> None:
    """Client 0 asks to hear of what is done by hand at the gateway; nobody else may."""
    if client.client_id != 0:
        raise Refusal(
            321,
            "Error validating request.-'bF' : cause - Only the default client (i.e 0) can auto bind orders",
        )
    client.binds_manual_orders = request.flag("autoBind")


def completed(gateway: Gateway, client: Client, request: Request) -> None:
    """Orders that ended this broker day, of every client; with apiOnly without those made by hand."""
    _writable(gateway)
    broker = gateway.broker
    for order in broker.orders.done_since(broker_day.start(broker.now)):
        if order.order_id or not request.flag("apiOnly"):
            gateway.reports.completed_order(client, order)
    client.send(outgoing.COMPLETED_ORDERS_END)


def executions(gateway: Gateway, client: Client, request: Request) -> None:
    """This broker day's executions that pass the filter, each with its commission."""
    broker = gateway.broker
    chosen = ExecutionFilter(
        client_id=request.integer("clientId"),
        account=request.text("acctCode"),
        since=moment_of(request.text("time"), "time", broker_day.ZONE.key),
        symbol=request.text("symbol"),
        sec_type=request.text("secType"),
        exchange=request.text("exchange"),
        side=request.text("side"),
    )
    today = broker_day.start(broker.now)
    for execution in broker.executions:
        contract = broker.contract(execution.con_id)
        if execution.at >= today and chosen.selects(
            execution, contract.symbol, contract.sec_type, contract.primary_exchange or contract.exchange
        ):
            gateway.reports.execution(client, execution, request.request_id)
            gateway.reports.commission(client, execution)
    client.send(outgoing.EXECUTIONS_END, reqId=request.request_id)


def _writable(gateway: Gateway) -> None:
    """A gateway in read-only mode answers nothing about orders, not even questions."""
    if gateway.read_only:
        raise Refusal(321, _READ_ONLY)


ANSWERS = {
    "placeOrder": place,
    "cancelOrder": cancel,
    "reqGlobalCancel": cancel_all,
    "reqOpenOrders": own_open,
    "reqAllOpenOrders": all_open,
    "reqAutoOpenOrders": bind,
    "reqCompletedOrders": completed,
    "reqExecutions": executions,
}
