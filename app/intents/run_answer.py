"""Decides what a trading run answers once orders may have left: status, orders, what was not done.

The same for the run itself and for whoever finishes it after an interruption, so that a key gets the same kind of
answer either way. Never 200 with an order that is not well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from app.core.attribution import Execution, latest
from app.core.journal import IN_DOUBT, JournalledOrder
from app.core.orders import OrderState
from app.errors import RunDeadline, TradingDisabled


def status_of(orders: Sequence[JournalledOrder], stopped: int | None = None) -> int:
    """`stopped` is the status of what ended the sending early: 423 the kill switch, 504 the deadline."""
    if any(order.state in IN_DOUBT for order in orders):
        return 502
    if stopped is not None and any(order.state is OrderState.ABANDONED for order in orders):
        return stopped
    return 200 if all(_well(order) for order in orders) else 502


def not_done(orders: Sequence[JournalledOrder], status: int) -> dict[str, object]:
    """The members that make the answer a problem document; empty where all is well."""
    if status == 200:
        return {}
    states = ", ".join(f"{order.local_symbol} {order.state.value}" for order in orders if not _well(order))
    titles = {423: TradingDisabled.title, 504: RunDeadline.title}
    title = titles.get(status, "Not every order was done")
    return {"type": "about:blank", "title": title, "status": status, "detail": f"not done: {states}"}


def warnings_of(orders: Sequence[JournalledOrder]) -> list[str]:
    return [
        f"{order.local_symbol}: still working after fillSeconds; its fills are booked by the next run"
        for order in orders
        if order.state in {OrderState.WORKING, OrderState.ACKNOWLEDGED}
    ]


def order_facts(
    order: JournalledOrder,
    executions: Sequence[Execution] = (),
    planned: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """One order of a response; `planned` are its properties as the plan wrote them."""
    fills = [execution for execution in latest(executions) if execution.order_ref == order.order_ref]
    commissions = [execution.commission for execution in fills if execution.commission is not None]
    told = planned or {}
    return {
        "orderRef": order.order_ref,
        "conId": order.con_id,
        "localSymbol": order.local_symbol,
        "action": order.action,
        "quantity": order.quantity,
        "source": order.source,
        "status": order.state,
        "permId": order.perm_id,
        "filled": order.filled,
        "averagePrice": order.average_price,
        "commission": sum(commissions, Decimal(0)) if commissions else None,
        "fills": [
            {
                "execId": fill.exec_id,
                "quantity": fill.quantity,
                "price": fill.price,
                "at": fill.at,
                "commission": fill.commission,
                "commissionCurrency": fill.commission_currency,
            }
            for fill in fills
        ],
        "messages": order.messages,
    } | {name: told[name] for name in ("orderType", "tif", "adaptivePriority") if name in told}


def _well(order: JournalledOrder) -> bool:
    return order.state.well or order.state is OrderState.ACKNOWLEDGED
