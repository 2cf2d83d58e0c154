"""Decides which order properties go together, and what they make of a net trade.

What the broker does not combine is refused when it is asked for, not discovered when it is sent: market or limit
orders take the Adaptive algo with DAY only, and only on contracts that take algos; MOC goes with DAY and never on
forex; OPG takes neither algo nor a later start; a limit offset belongs to a limit order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from zoneinfo import ZoneInfo

from ib_trading.core.instruments import Instrument
from ib_trading.core.netting import NetTrade
from ib_trading.core.orders import Action, PlannedOrder

CONFIGURED = "configured"
"""The Adaptive priority that says: the one of the trading configuration, where an algo is possible at all."""
WHOLE_PRICE_BPS = 10_000
"""The bound of a limit offset either way: so many hundredths of a percent are all of a price."""


class PropertiesRefused(ValueError):
    """What was asked of the orders does not go together, or not with a contract; `key` is what to change."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.key = key
        self.reason = reason


@dataclass(frozen=True, slots=True)
class OrderProperties:
    """What a caller may say about the orders of a run.

    `limit_offset_bps` is from the price that sized the order (the mid, where it is usable), towards the other side
    where positive: 5 buys at mid × 1.0005. `good_after` is the instant before which the order must not work;
    `adaptive_priority` None: no algo.
    """

    order_type: str = "MKT"
    limit_offset_bps: Decimal | None = None
    tif: str = "DAY"
    good_after: datetime | None = None
    outside_rth: bool = False
    adaptive_priority: str | None = CONFIGURED


def check_combination(properties: OrderProperties) -> None:
    """PropertiesRefused unless the broker takes the combination."""
    asks_for_algo = properties.adaptive_priority not in {None, CONFIGURED}
    auction = properties.order_type == "MOC" or properties.tif == "OPG"
    offset = properties.limit_offset_bps
    if offset is not None and properties.order_type != "LMT":
        raise PropertiesRefused("limitOffsetBps", f"belongs to orderType LMT, not {properties.order_type}")
    if offset is not None and not (offset.is_finite() and abs(offset) < WHOLE_PRICE_BPS):
        raise PropertiesRefused(
            "limitOffsetBps",
            f"is in hundredths of a percent; give something between -{WHOLE_PRICE_BPS} and {WHOLE_PRICE_BPS}",
        )
    if properties.order_type == "MOC" and properties.tif != "DAY":
        raise PropertiesRefused("tif", f"MOC goes with DAY, not {properties.tif}")
    if properties.order_type == "MOC" and properties.good_after is not None:
        raise PropertiesRefused(
            "goodAfterTime", "MOC fills at the close whatever its start; leave goodAfterTime out"
        )
    if properties.tif == "OPG" and properties.good_after is not None:
        raise PropertiesRefused("goodAfterTime", "OPG fills at the open; leave goodAfterTime out")
    if properties.outside_rth and auction:
        raise PropertiesRefused("outsideRth", "an auction belongs to regular hours; leave outsideRth out")
    if properties.outside_rth and properties.order_type == "MKT":
        raise PropertiesRefused(
            "outsideRth", "outside regular hours the broker takes limit orders only; use orderType LMT"
        )
    if asks_for_algo and (auction or properties.tif != "DAY"):
        raise PropertiesRefused(
            "adaptivePriority", "Adaptive goes with MKT or LMT and DAY; use null for no algo"
        )
    if asks_for_algo and properties.outside_rth:
        raise PropertiesRefused(
            "adaptivePriority", "Adaptive works in regular hours only; use null for no algo"
        )


def check_contract(properties: OrderProperties, instrument: Instrument) -> None:
    """PropertiesRefused unless orders like this can be placed in `instrument`, as its contract details tell."""
    name = instrument.local_symbol
    if properties.order_type == "MOC" and instrument.is_forex:
        raise PropertiesRefused("orderType", f"there is no MOC in {name}: forex has no closing auction")
    if instrument.order_types and properties.order_type not in instrument.order_types:
        raise PropertiesRefused("orderType", f"{name} takes no {properties.order_type} orders")
    if properties.adaptive_priority not in {None, CONFIGURED} and not instrument.takes_adaptive():
        raise PropertiesRefused("adaptivePriority", f"{name} takes no algo; use null, or leave it out")


def limit_price(instrument: Instrument, action: Action, price: Decimal, offset_bps: Decimal) -> Decimal:
    """`price` moved by the offset and rounded to the market rule's tick there, never beyond the offset.

    A purchase is rounded down and a sale up: rounding must not pay more than was allowed.
    """
    direction = 1 if action is Action.BUY else -1
    exact = price * (1 + direction * offset_bps / WHOLE_PRICE_BPS)
    step = max(
        (rule for rule in instrument.price_steps if rule.low_edge <= exact),
        key=lambda rule: rule.low_edge,
        default=None,
    )
    if step is None or step.increment <= 0:
        raise PropertiesRefused(
            "orderType", f"the broker told no tick of {instrument.local_symbol} at {exact:f}; use MKT"
        )
    rounding = ROUND_FLOOR if action is Action.BUY else ROUND_CEILING
    rounded = (exact / step.increment).to_integral_value(rounding) * step.increment
    if rounded <= 0:
        raise PropertiesRefused(
            "limitOffsetBps", f"leaves no price above 0 for {instrument.local_symbol} at {price:f}"
        )
    return rounded


def planned_order(
    trade: NetTrade,
    instrument: Instrument,
    properties: OrderProperties,
    configured_priority: str | None,
    price: Decimal | None,
) -> PlannedOrder:
    """The order that makes `trade`; `price` is what a limit's offset counts from, and needed for nothing else.

    Adaptive is added to MKT and LMT with DAY in regular hours, on contracts whose details list algos.
    """
    check_contract(properties, instrument)
    action = Action.BUY if trade.quantity > 0 else Action.SELL
    wanted = properties.adaptive_priority
    priority = configured_priority if wanted == CONFIGURED else wanted
    takes_algo = (
        properties.order_type in {"MKT", "LMT"}
        and properties.tif == "DAY"
        and not properties.outside_rth
        and instrument.takes_adaptive()
    )
    order = PlannedOrder(
        con_id=trade.con_id,
        local_symbol=instrument.local_symbol,
        action=action,
        quantity=abs(trade.quantity),
        order_type=properties.order_type,
        tif=properties.tif,
        adaptive_priority=priority if takes_algo else None,
        source=trade.source,
        good_after=properties.good_after,
        good_after_at_exchange=_at_exchange(properties.good_after, instrument),
        outside_rth=properties.outside_rth,
    )
    if properties.order_type != "LMT":
        return order
    if price is None:
        raise PropertiesRefused("orderType", f"{instrument.local_symbol} has no price for a limit; use MKT")
    return replace(
        order,
        limit_price=limit_price(instrument, action, price, properties.limit_offset_bps or Decimal(0)),
    )


def _at_exchange(at: datetime | None, instrument: Instrument) -> str | None:
    """For people: 2024-06-03 15:45:00 America/New_York."""
    if at is None:
        return None
    local = at.astimezone(ZoneInfo(instrument.time_zone))
    return f"{local:%Y-%m-%d %H:%M:%S} {instrument.time_zone}"
