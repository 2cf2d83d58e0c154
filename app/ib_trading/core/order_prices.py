"""Decides the prices at which an order works: limit, stop, and how a stop follows the market.

Each is a multiple of the market rule's tick there, rounded so that the order never pays more, nor takes less, than its
offset allows: a purchase's down and a sale's up. So a stop comes nearer to the market by rounding and never farther
from it; one that would stand at the market itself is refused.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TypedDict

from ib_trading.core.instruments import Instrument
from ib_trading.core.order_kind import OrderType, Side
from ib_trading.core.order_properties import WHOLE_PRICE_BPS, OrderProperties, PropertiesRefused


class Prices(TypedDict, total=False):
    """The members of an order that its type has."""

    limit_price: Decimal
    stop_price: Decimal
    trailing_percent: Decimal
    limit_offset: Decimal


def prices(properties: OrderProperties, instrument: Instrument, side: Side, price: Decimal | None) -> Prices:
    """`price` is what sized the order, None where nothing did. PropertiesRefused where it leaves no room for one."""
    kind = properties.order_type
    if not kind.waits:
        return {}
    if price is None:
        raise PropertiesRefused(
            "orderType",
            f"{instrument.local_symbol} has no price for a {'stop' if kind.has_stop else 'limit'};"
            f" use {OrderType.MARKET}",
        )
    beyond = properties.limit_offset_bps or Decimal(0)
    trailing, stopping = properties.trailing_offset_bps, properties.stop_offset_bps
    if trailing is not None:
        stop = stop_price(instrument, side, price, "trailingOffsetBps", trailing)
        made = Prices(stop_price=stop, trailing_percent=trailing / 100)
        if kind.has_limit:
            # The broker moves the limit with the stop: what it takes is how far apart the two are.
            made["limit_offset"] = abs(limit_price(instrument, side, stop, beyond) - stop)
        return made
    if stopping is None:
        return Prices(limit_price=limit_price(instrument, side, price, beyond))
    stop = stop_price(instrument, side, price, "stopOffsetBps", stopping)
    if not kind.has_limit:
        return Prices(stop_price=stop)
    return Prices(stop_price=stop, limit_price=limit_price(instrument, side, stop, beyond))


def limit_price(instrument: Instrument, side: Side, price: Decimal, offset_bps: Decimal) -> Decimal:
    """`price` moved by the offset and rounded to the market rule's tick there, never beyond the offset."""
    rounded = _moved(instrument, side, price, offset_bps)
    if rounded <= 0:
        raise PropertiesRefused(
            "limitOffsetBps", f"leaves no price above 0 for {instrument.local_symbol} at {price:f}"
        )
    return rounded


def stop_price(instrument: Instrument, side: Side, price: Decimal, key: str, offset_bps: Decimal) -> Decimal:
    """The same for a stop; PropertiesRefused, naming `key`, where rounding leaves it no room from the market."""
    rounded = _moved(instrument, side, price, offset_bps)
    if rounded <= 0 or side.sign * (rounded - price) <= 0:
        raise PropertiesRefused(
            key, f"leaves no room for a stop in {instrument.local_symbol} at {price:f}: give more than a tick"
        )
    return rounded


def _moved(instrument: Instrument, side: Side, price: Decimal, offset_bps: Decimal) -> Decimal:
    exact = price * (1 + side.sign * offset_bps / WHOLE_PRICE_BPS)
    step = max(
        (rule for rule in instrument.price_steps if rule.low_edge <= exact),
        key=lambda rule: rule.low_edge,
        default=None,
    )
    if step is None or step.increment <= 0:
        raise PropertiesRefused(
            "orderType",
            f"the broker told no tick of {instrument.local_symbol} at {exact:f}; use {OrderType.MARKET}",
        )
    rounding = ROUND_FLOOR if side is Side.BUY else ROUND_CEILING
    return (exact / step.increment).to_integral_value(rounding) * step.increment
