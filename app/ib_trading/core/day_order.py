"""Decides what became of a DAY order that still worked when its broker day ended.

The next morning the broker shows nothing of it: what has ended is told on the day only, and so are its executions.
But it cannot have outlived its day, and what it filled stands in the broker's position. Where the ledger holds that
very position nothing of the order is missing in it, and it ended with what is booked. It used to be unknown, and its
instrument locked, every morning after a quiet day.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from ib_trading.core.evidence import ended
from ib_trading.core.order import Order
from ib_trading.core.order_state import OrderState


def after_its_day(
    order: Order,
    others: Iterable[Order],
    *,
    good_for: date,
    today: date,
    missing: Decimal,
    booked: Decimal,
    at: datetime,
) -> Order:
    """`order`, which the broker shows nowhere, ended with what is `booked` of it; as it is where that is not certain.

    `good_for` is the broker day on which it worked, `missing` what the ledger lacks of the broker's position in its
    contract. Fills that nobody has seen could hide behind each other: with another open order on the other side
    among `others`, equal positions prove nothing.
    """
    hidden = any(
        other.con_id == order.con_id and other.action != order.action and not other.state.final
        for other in others
    )
    over = order.state is OrderState.UNKNOWN and good_for < today
    if not over or missing or hidden or order.filled > booked:
        return order
    text = f"a DAY order of {good_for}: it ended with that day, and ledger and broker agree on what it has filled"
    return ended(order, booked, at, text)
