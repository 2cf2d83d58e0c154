"""The simulator's record as the control port shows it: plain JSON, with every figure as text.

Decides the spelling of the record, nothing else. Tests judge an application by it, so it holds what really
happened: each execution carries the bid and the ask of its instant.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from ib_trading_simulator.brokerage.broker import Broker
from ib_trading_simulator.brokerage.executions import Execution
from ib_trading_simulator.brokerage.orders import Order
from ib_trading_simulator.brokerage.valuation import mark
from ib_trading_simulator.control.server import Simulator
from ib_trading_simulator.market.history_pacing import Violation
from ib_trading_simulator.market.quote import Quote
from ib_trading_simulator.messages.wire import decimal_text


def state(simulator: Simulator, messages_since: int | None) -> dict[str, Any]:
    """The whole record; messages from that index on, None for no messages."""
    broker = simulator.broker
    shown = {
        "time": broker.now.isoformat(),
        "clients": sorted(simulator.gateway.clients),
        "accounts": {account: _account(broker, account) for account in broker.accounts.names},
        "positions": [held for account in broker.accounts.names for held in _positions(broker, account)],
        "cash": _cash(broker),
        "orders": [_order(broker, order) for order in broker.orders.all()],
        "executions": [_execution(broker, execution) for execution in broker.executions],
        "quotes": {
            broker.contract(con_id).name: _quote(broker.quote(con_id))
            for con_id in sorted(_interesting(broker))
        },
        "historyAsked": [
            {"at": asked.at.isoformat(), "clientId": asked.client_id, "barSize": asked.bar_size}
            for asked in simulator.gateway.history_pacing.admitted
        ],
        "pacingViolations": [_violation(broker, one) for one in simulator.gateway.history_pacing.violations],
        "faults": [
            {**fault.said, "seen": fault.seen, "done": fault.done}
            for fault in simulator.gateway.misbehaviour.faults.all
        ],
    }
    if messages_since is not None:
        shown["messages"] = list(simulator.log.since(messages_since))
    return shown


def _interesting(broker: Broker) -> set[int]:
    """Contracts that are held or have live orders."""
    held = {p.con_id for h in broker.accounts.holdings.values() for p in h.positions.values() if p.quantity}
    return held | {order.ticket.con_id for order in broker.orders.live()}


def _account(broker: Broker, account: str) -> dict[str, Any]:
    holdings = broker.accounts.holdings[account]
    return {
        "cash": {currency: decimal_text(amount) for currency, amount in holdings.cash.items()},
        "netLiquidation": decimal_text(broker.accounts.valuation(account, broker.now).net_liquidation),
        "positions": list(_positions(broker, account)),
    }


def _cash(broker: Broker) -> dict[str, str]:
    """Currency → balance, all accounts together."""
    totals: dict[str, Decimal] = {}
    for account in broker.accounts.names:
        for currency, amount in broker.accounts.holdings[account].cash.items():
            totals[currency] = totals.get(currency, Decimal(0)) + amount
    return {currency: decimal_text(amount) for currency, amount in totals.items()}


def _positions(broker: Broker, account: str) -> Iterator[dict[str, Any]]:
    for position in broker.accounts.holdings[account].positions.values():
        if position.quantity:
            yield {
                "account": account,
                "conId": position.con_id,
                "symbol": broker.contract(position.con_id).name,
                "quantity": decimal_text(position.quantity),
                "averageCost": decimal_text(position.average_cost),
                "realized": decimal_text(position.realized),
                "price": decimal_text(mark(broker.quote(position.con_id))),
            }


def _order(broker: Broker, order: Order) -> dict[str, Any]:
    ticket = order.ticket
    return {
        "clientId": order.client_id,
        "orderId": order.order_id,
        "permId": order.perm_id,
        "orderRef": ticket.order_ref,
        "account": ticket.account,
        "conId": ticket.con_id,
        "symbol": broker.contract(ticket.con_id).name,
        "action": ticket.action,
        "quantity": decimal_text(ticket.quantity),
        "orderType": ticket.order_type,
        "limit": _text(order.limit),
        "stop": _text(order.stop),
        "triggered": order.triggered,
        "tif": ticket.tif,
        "algo": ticket.algo,
        "goodAfter": _text(ticket.good_after),
        "status": str(order.status),
        "filled": decimal_text(order.filled),
        "averagePrice": decimal_text(order.average_price),
        "commission": decimal_text(order.commission),
        "placedAt": order.placed_at.isoformat(),
        "doneAt": _text(order.done_at),
        "reason": order.reason,
    }


def _execution(broker: Broker, execution: Execution) -> dict[str, Any]:
    return {
        "execId": execution.exec_id,
        "time": execution.at.isoformat(),
        "account": execution.account,
        "conId": execution.con_id,
        "symbol": broker.contract(execution.con_id).name,
        "clientId": execution.client_id,
        "orderId": execution.order_id,
        "permId": execution.perm_id,
        "orderRef": execution.order_ref,
        "side": execution.side,
        "shares": decimal_text(execution.shares),
        "price": decimal_text(execution.price),
        "bid": _text(execution.bid),
        "ask": _text(execution.ask),
        "commission": decimal_text(execution.commission),
        "currency": execution.currency,
        "realized": _text(execution.realized),
        "liquidation": execution.liquidation,
        "corrects": execution.corrects,
    }


def _violation(broker: Broker, violation: Violation) -> dict[str, Any]:
    asked = violation.asked
    return {
        "time": asked.at.isoformat(),
        "clientId": asked.client_id,
        "requestId": asked.request_id,
        "symbol": broker.contract(asked.series[0]).name,
        "whatToShow": asked.series[2],
        "barSize": asked.bar_size,
        "rule": violation.rule,
    }


def _quote(quote: Quote) -> dict[str, Any]:
    names = ("bid", "ask", "bid_size", "ask_size", "last", "previous_close")
    spelled = {name: _text(getattr(quote, name)) for name in names}
    return {
        "bid": spelled["bid"],
        "ask": spelled["ask"],
        "bidSize": spelled["bid_size"],
        "askSize": spelled["ask_size"],
        "last": spelled["last"],
        "previousClose": spelled["previous_close"],
    }


def _text(value: Decimal | datetime | None) -> str | None:
    match value:
        case None:
            return None
        case datetime():
            return value.isoformat()
        case _:
            return decimal_text(value)
