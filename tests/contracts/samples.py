"""Runs, orders, bookings and bars as a test needs them: valid ones, of which it names what matters to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from ib_trading.core.attribution import Booking
from ib_trading.core.history import Bar, Series
from ib_trading.core.journal import Run, RunState
from ib_trading.core.lease import Lease
from ib_trading.core.order import Order
from ib_trading.core.order_kind import OrderType, Side, TimeInForce
from ib_trading.core.order_state import OrderState
from ib_trading.ports.lease import LeaseStore

NOON = datetime(2019, 1, 2, 12, 0, tzinfo=UTC)
DAILY = Series(265598, "AAPL", "TRADES", "1 day")


def after(seconds: float) -> datetime:
    """An instant that many seconds after NOON."""
    return NOON + timedelta(seconds=seconds)


def a_run(run_id: str, key: str = "", **members: Any) -> Run:
    said: dict[str, Any] = {"state": RunState.CLAIMED, "claimed_at": NOON} | members
    return Run(run_id=run_id, key=key or f"key of {run_id}", body_hash="hash", intent="allocation", **said)


def an_order(order_ref: str, run_id: str, state: OrderState = OrderState.PLANNED, **members: Any) -> Order:
    said: dict[str, Any] = {
        "quantity": Decimal(3),
        "source": {"trend": Decimal(3)},
        "order_type": OrderType.MARKET,
        "tif": TimeInForce.DAY,
        "adaptive_priority": None,
        "con_id": 265598,
        "local_symbol": "AAPL",
        "action": Side.BUY,
        "increment": Decimal(1),
    } | members
    return Order(order_ref=order_ref, run_id=run_id, state=state, **said)


def a_booking(booking_id: str, shares: Mapping[str, str], **members: Any) -> Booking:
    """`shares` is strategy → quantity as text."""
    said: dict[str, Any] = {"order_ref": "ib-pabc", "con_id": 265598, "at": NOON, "commissions": {}} | members
    return Booking(
        booking_id=booking_id,
        price=Decimal("157.92"),
        shares={name: Decimal(share) for name, share in shares.items()},
        **said,
    )


def a_bar(day: int, close: str = "157.92", **members: Any) -> Bar:
    """The bar of the given day of January 2019."""
    figure = Decimal(close)
    said: dict[str, Any] = {"volume": Decimal(37_039_700)} | members
    start = datetime(2019, 1, day, tzinfo=UTC)
    return Bar(start, open=figure, high=figure + 1, low=figure - 1, close=figure, **said)


def a_lease(store: LeaseStore, holder: str = "run-1", seconds: float = 60) -> Lease:
    """A lease of that store's from NOON on; fails the test if somebody else has it."""
    lease = store.acquire(holder, NOON, after(seconds))
    assert lease is not None
    return lease
