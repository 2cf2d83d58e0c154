"""Decides what became of an order from what the broker shows of it. Silence is never an answer.

A comparable system read an unanswered question as "cancelled" and another booked a cancelled order as a holding: here
what no record explains is unknown, a person looks at it, and only executions change a holding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from ib_trading.core.account import OrderReport
from ib_trading.core.attribution import Execution, latest
from ib_trading.core.order import Order
from ib_trading.core.order_state import OrderState


def updated(order: Order, report: OrderReport | None, at: datetime) -> Order:
    """`order` after the broker's word on it; unchanged where there is none."""
    if report is None or (order.state.final and not report.state.final):
        return order
    return order.became(
        order.state if report.state is OrderState.SENDING else report.state,
        at,
        perm_id=report.perm_id or order.perm_id,
        filled=max(order.filled, report.filled),
        average_price=report.average_price if report.average_price is not None else order.average_price,
        messages=tuple(dict.fromkeys((*order.messages, *report.messages))),
    )


def judged(
    order: Order, reports: Iterable[OrderReport], executions: Iterable[Execution], at: datetime
) -> Order:
    """`order` after all of the broker's records: what none of them shows was never sent (abandoned) or is unknown."""
    told = next((report for report in reports if report.order_ref == order.order_ref), None)
    if told is not None and told.state is not OrderState.SENDING:
        return updated(order, told, at)
    fills = (one.quantity for one in latest(executions) if one.order_ref == order.order_ref)
    filled = abs(sum(fills, Decimal(0)))
    if filled:
        rest = OrderState.PARTLY_FILLED if order.state.final else OrderState.UNKNOWN
        state = OrderState.FILLED if filled >= order.quantity else rest
        return order.became(state, at, filled=max(filled, order.filled))
    if order.state.final:
        return order
    if order.state is OrderState.PLANNED:
        return order.became(OrderState.ABANDONED, at)
    return order.became(OrderState.UNKNOWN, at)


def without_its_fills(order: Order, booked: Decimal, at: datetime) -> Order:
    """`order`, unknown if the broker counts more of it as filled than the executions it told.

    A gateway served no executions of the day before, and an order that was "filled" was in nobody's holdings.
    """
    if order.filled <= booked:
        return order
    text = f"the broker counts {order.filled} as filled and has told executions of {booked} only"
    return order.became(OrderState.UNKNOWN, at, messages=tuple(dict.fromkeys((*order.messages, text))))


def ended(order: Order, filled: Decimal, at: datetime, message: str) -> Order:
    """`order`, final with that much (unsigned) `filled`, and the reason among its messages."""
    state = (
        OrderState.FILLED
        if filled >= order.quantity
        else OrderState.PARTLY_FILLED
        if filled
        else OrderState.CANCELLED
    )
    return order.became(state, at, filled=min(filled, order.quantity), messages=(*order.messages, message))


def merged(orders: Iterable[Order], newer: Iterable[Order]) -> Mapping[str, Order]:
    """By orderRef, the newer word on each."""
    return {order.order_ref: order for order in (*orders, *newer)}
