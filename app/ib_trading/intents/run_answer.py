"""Decides what speaks against a trading run that may have sent orders: which of them were not done, what was left out.

The same for the run itself and for whoever finishes it after an interruption, so that a key gets the same kind of
answer either way. Nothing speaks against it only where every order is well.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

from ib_trading.core.journal import IN_DOUBT
from ib_trading.core.locks import Lock
from ib_trading.core.order import Order
from ib_trading.core.order_state import OrderState
from ib_trading.core.refusals import InstrumentLeftOut, OrdersNotDone, Refusal, RunDeadline, TradingDisabled


class Stopped(Enum):
    """What ended the sending early."""

    KILL_SWITCH = auto()
    DEADLINE = auto()
    UNEXPLAINED = auto()
    """Orders that the broker does not explain: nothing more is sent after them."""


_STOPPED: dict[Stopped, type[Refusal]] = {
    Stopped.KILL_SWITCH: TradingDisabled,
    Stopped.DEADLINE: RunDeadline,
    Stopped.UNEXPLAINED: OrdersNotDone,
}


def not_done(
    orders: Sequence[Order], stopped: Stopped | None = None, left_out: Sequence[Lock] = ()
) -> Refusal | None:
    """What was not done, as it is told beside the run's result; None where all is well. `stopped` is what ended the
    sending early, `left_out` are what the plan did not touch: an order there is in doubt, or its exchange is closed."""
    kind = _kind(orders, stopped, left_out)
    if kind is None:
        return None
    unwell = ", ".join(f"{order.local_symbol} {order.state.value}" for order in orders if not _well(order))
    said = [f"not done: {unwell}"] if unwell else []
    for remedy in dict.fromkeys(lock.remedy for lock in left_out):
        symbols = ", ".join(lock.local_symbol for lock in left_out if lock.remedy == remedy)
        said.append(f"left out: {symbols}; {remedy} and call again under a new key")
    return kind("; ".join(said))


def _kind(orders: Sequence[Order], stopped: Stopped | None, left_out: Sequence[Lock]) -> type[Refusal] | None:
    if any(order.state in IN_DOUBT for order in orders):
        return OrdersNotDone
    if stopped is not None and any(order.state is OrderState.ABANDONED for order in orders):
        return _STOPPED[stopped]
    if not all(_well(order) for order in orders):
        return OrdersNotDone
    return InstrumentLeftOut if left_out else None


def warnings_of(orders: Sequence[Order]) -> list[str]:
    return [
        f"{order.local_symbol}: still working after fillSeconds; its fills are booked by the next run"
        for order in orders
        if order.state in {OrderState.WORKING, OrderState.ACKNOWLEDGED}
    ]


def _well(order: Order) -> bool:
    return order.state.well or order.state is OrderState.ACKNOWLEDGED
