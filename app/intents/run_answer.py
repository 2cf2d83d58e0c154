"""Decides what a trading run answers once orders may have left: status, orders, what was not done.

The same for the run itself and for whoever finishes it after an interruption, so that a key gets the same kind of
answer either way. Never 200 with an order that is not well.
"""

from __future__ import annotations

from collections.abc import Sequence

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


def _well(order: JournalledOrder) -> bool:
    return order.state.well or order.state is OrderState.ACKNOWLEDGED
