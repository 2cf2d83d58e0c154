"""Finds DAY orders of which the broker tells nothing any more, and what core/day_order.py has to know of each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal

from ib_trading.core.broker_day import broker_day
from ib_trading.core.day_order import after_its_day
from ib_trading.core.order import Order
from ib_trading.core.order_state import OrderState
from ib_trading.core.positions import total
from ib_trading.intents.broker_records import BrokerRecords
from ib_trading.intents.known_instruments import known_instruments
from ib_trading.intents.ledger import Ledger
from ib_trading.intents.services import Services


def after_their_day(
    services: Services,
    ledger: Ledger,
    broker: BrokerRecords,
    account: str,
    orders: Sequence[Order],
    shown: Collection[str],
) -> tuple[Order, ...]:
    """`orders`, as `ledger` has them, those ended that worked for a day which is over. `shown` are the orderRefs of
    which the broker tells anything: of those its word counts.

    What filled must stand in a position, or equal positions prove nothing: that leaves conversions and forex out.
    A fill of 196,635 EUR that came after its run was journalled as cancelled for want of one, and bought again.
    """
    lost = [
        order
        for order in orders
        if order.state is OrderState.UNKNOWN and order.order_ref not in shown and not order.is_conversion
    ]
    in_positions = _in_positions(broker, lost)
    days = {
        order.order_ref: day
        for order in lost
        if order.con_id in in_positions and (day := _good_for(ledger, order)) is not None
    }
    if not days:
        return tuple(orders)
    at, today = services.clock.now(), broker_day(services.business_time(broker))
    holdings = total(ledger.holdings())
    positions = {position.con_id: position.quantity for position in broker.positions(account)}
    nothing = Decimal(0)
    return tuple(
        after_its_day(
            order,
            orders,
            good_for=days[order.order_ref],
            today=today,
            missing=positions.get(order.con_id, nothing) - holdings.get(order.con_id, nothing),
            booked=ledger.booked_of(order.order_ref),
            at=at,
        )
        if order.order_ref in days
        else order
        for order in orders
    )


def _in_positions(broker: BrokerRecords, orders: Collection[Order]) -> set[int]:
    """The contracts of `orders` of which the broker certainly shows positions."""
    con_ids = sorted({order.con_id for order in orders})
    instruments = known_instruments(broker, con_ids) if con_ids else {}
    return {con_id for con_id, instrument in instruments.items() if not instrument.is_forex}


def _good_for(ledger: Ledger, order: Order) -> date | None:
    """The broker day on which a DAY order worked, from its run's planning on; None for another order."""
    run = ledger.run(order.run_id) if order.tif.ends_with_day else None
    if run is None or run.business_at is None:
        return None
    return broker_day(max(run.business_at, order.good_after or run.business_at))
