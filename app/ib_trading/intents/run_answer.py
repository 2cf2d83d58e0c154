"""Decides what a trading run answers once orders may have left: status, orders, what was not done.

The same for the run itself and for whoever finishes it after an interruption, so that a key gets the same kind of
answer either way. Never 200 with an order that is not well.
"""

from __future__ import annotations

from collections.abc import Sequence

from ib_trading.core.journal import IN_DOUBT
from ib_trading.core.locks import Lock
from ib_trading.core.order import Order
from ib_trading.core.order_state import OrderState
from ib_trading.errors import InstrumentLocked, RunDeadline, TradingDisabled

LEFT_OUT = "An instrument was left out"
_TITLES = {TradingDisabled.status: TradingDisabled.title, RunDeadline.status: RunDeadline.title}


def status_of(orders: Sequence[Order], stopped: int | None = None, left_out: Sequence[Lock] = ()) -> int:
    """`stopped` is the status of what ended the sending early: 423 the kill switch, 504 the deadline, 502 an order in
    doubt. `left_out` are what the plan did not touch: an order there is in doubt, or its exchange is closed."""
    if any(order.state in IN_DOUBT for order in orders):
        return 502
    if stopped is not None and any(order.state is OrderState.ABANDONED for order in orders):
        return stopped
    if not all(_well(order) for order in orders):
        return 502
    return InstrumentLocked.status if left_out else 200


def not_done(orders: Sequence[Order], status: int, left_out: Sequence[Lock] = ()) -> dict[str, object]:
    """The members that make the answer a problem document; empty where all is well."""
    if status == 200:
        return {}
    unwell = ", ".join(f"{order.local_symbol} {order.state.value}" for order in orders if not _well(order))
    said = [f"not done: {unwell}"] if unwell else []
    for remedy in dict.fromkeys(lock.remedy for lock in left_out):
        symbols = ", ".join(lock.local_symbol for lock in left_out if lock.remedy == remedy)
        said.append(f"left out: {symbols}; {remedy} and call again under a new key")
    title = _TITLES.get(status, "Not every order was done") if unwell else LEFT_OUT
    return {"type": "about:blank", "title": title, "status": status, "detail": "; ".join(said)}


def warnings_of(orders: Sequence[Order]) -> list[str]:
    return [
        f"{order.local_symbol}: still working after fillSeconds; its fills are booked by the next run"
        for order in orders
        if order.state in {OrderState.WORKING, OrderState.ACKNOWLEDGED}
    ]


def _well(order: Order) -> bool:
    return order.state.well or order.state is OrderState.ACKNOWLEDGED
