"""Decides which order makes a net trade: its side and size, its prices, and whether the Adaptive algo works it.

Adaptive is added to what takes it (market and limit orders, DAY, regular hours), on contracts whose details list algos.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from ib_trading.core.instruments import Instrument
from ib_trading.core.netting import NetTrade
from ib_trading.core.order import DecidedOrder
from ib_trading.core.order_kind import Side
from ib_trading.core.order_prices import prices
from ib_trading.core.order_properties import CONFIGURED, OrderProperties, check_contract


def planned_order(
    trade: NetTrade,
    instrument: Instrument,
    properties: OrderProperties,
    configured_priority: str | None,
    price: Decimal | None,
) -> DecidedOrder:
    """The order that makes `trade`; `price` is what offsets count from, and needed for nothing else. PropertiesRefused
    where the contract does not take such an order."""
    check_contract(properties, instrument)
    side = Side.of(trade.quantity)
    wanted = properties.adaptive_priority
    priority = configured_priority if wanted == CONFIGURED else wanted
    takes_algo = (
        properties.order_type.takes_adaptive
        and properties.tif.takes_adaptive
        and not properties.outside_rth
        and instrument.takes_adaptive()
    )
    return DecidedOrder(
        con_id=trade.con_id,
        local_symbol=instrument.local_symbol,
        action=side,
        quantity=abs(trade.quantity),
        order_type=properties.order_type,
        tif=properties.tif,
        adaptive_priority=priority if takes_algo else None,
        source=trade.source,
        good_after=properties.good_after,
        good_after_at_exchange=_at_exchange(properties.good_after, instrument),
        outside_rth=properties.outside_rth,
        **prices(properties, instrument, side, price),
    )


def _at_exchange(at: datetime | None, instrument: Instrument) -> str | None:
    """For people: 2024-06-03 15:45:00 America/New_York."""
    if at is None:
        return None
    local = at.astimezone(ZoneInfo(instrument.time_zone))
    return f"{local:%Y-%m-%d %H:%M:%S} {instrument.time_zone}"
