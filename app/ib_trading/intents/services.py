"""What an intent works with: the ports, filled in by app/composition.py, and the business clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from ib_trading.core.attribution import Booking
from ib_trading.core.mode import TradingMode
from ib_trading.core.order import Order
from ib_trading.core.positions import UNASSIGNED, with_changes
from ib_trading.ports.activity_log import ActivityLog
from ib_trading.ports.broker import BrokerSource
from ib_trading.ports.clock import Clock
from ib_trading.ports.journal_store import JournalStore
from ib_trading.ports.position_store import PositionStore
from ib_trading.ports.trading_config import TradingConfigSource
from ib_trading.ports.warehouse import Warehouse
from ib_trading.strategies.strategy import Strategy


class TellsTime(Protocol):
    """What of a Broker the business time is asked of."""

    def current_time(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Unwritten:
    """What a run would have written down before it reads its snapshot: orders as they now stand, and bookings."""

    orders: tuple[Order, ...]
    bookings: tuple[Booking, ...]


@dataclass(frozen=True, slots=True)
class Services:
    """`name` is the service's own, which its scheduler's jobs carry. `broker_clock` is CLOCK=broker: business time
    follows the gateway's clock, so that a simulated 2019 is 2019."""

    name: str
    mode: TradingMode
    broker_clock: bool
    clock: Clock
    gateway: BrokerSource
    config: TradingConfigSource
    journal: JournalStore
    positions: PositionStore
    activity: ActivityLog
    warehouse: Warehouse
    strategies: Mapping[str, Strategy]
    unwritten: Unwritten = Unwritten((), ())
    """A dry-run's only: it decides on the same ledger as the run would, and writes nothing."""

    def holdings(self) -> Mapping[str, Mapping[int, Decimal]]:
        new = self.unwritten.bookings
        changes = [(name, one.con_id, share) for one in new for name, share in one.shares.items()]
        stored = self.positions.holdings()
        return {name: held for name, held in with_changes(stored, changes).items() if held}

    def unsettled_orders(self) -> tuple[Order, ...]:
        newer = {order.order_ref: order for order in self.unwritten.orders}
        return tuple(newer.get(order.order_ref, order) for order in self.journal.unsettled_orders())

    def booked_quantity(self, order_ref: str) -> Decimal:
        """How much (unsigned) of an order the strategies have."""
        if not any(booking.order_ref == order_ref for booking in self.unwritten.bookings):
            return self.positions.booked_quantity(order_ref)
        held: dict[str, Decimal] = {}
        for booking in (*self.positions.bookings_for([order_ref]), *self.unwritten.bookings):
            for name, share in booking.shares.items() if booking.order_ref == order_ref else ():
                held[name] = held.get(name, Decimal(0)) + share
        return sum((abs(share) for name, share in held.items() if name != UNASSIGNED), Decimal(0))

    def booked_of(self, order_ref: str) -> Decimal:
        """How much (unsigned) of an order strategies and nobody have together."""
        bookings = (
            *self.positions.bookings_for([order_ref]),
            *(booking for booking in self.unwritten.bookings if booking.order_ref == order_ref),
        )
        return abs(sum((share for booking in bookings for share in booking.shares.values()), Decimal(0)))

    def business_time(self, broker: TellsTime) -> datetime:
        """The instant that price ages, calendars and history are judged by."""
        return broker.current_time() if self.broker_clock else self.clock.now()
