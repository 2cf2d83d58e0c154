"""Decides which order properties go together, with each other and with a contract.

What the broker does not combine is refused when it is asked for, not discovered when it is sent. What each type and
time in force goes with, order_kind.py knows; beyond that the Adaptive algo works in regular hours only, an auction has
its own hours, and outside regular hours an order needs a limit: a stop without one becomes a market order there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from ib_trading.core.instruments import Instrument
from ib_trading.core.order_kind import OrderType, TimeInForce
from ib_trading.core.refusals import PropertiesRefused

CONFIGURED = "configured"
"""The Adaptive priority that says: the one of the trading configuration, where an algo is possible at all."""
WHOLE_PRICE_BPS = 10_000
"""The bound of an offset either way: so many hundredths of a percent are all of a price."""


@dataclass(frozen=True, slots=True)
class OrderProperties:
    """What a caller may say about the orders of a run. Offsets are hundredths of a percent.

    `stop_offset_bps` and `trailing_offset_bps` are how far the stop is from the price that sized the order (the mid,
    where it is usable), above it for a purchase and below it for a sale; a trailing one stays as far behind the market.
    `limit_offset_bps` counts from the stop where there is one, else from that price, towards the other side where
    positive: 5 buys at mid × 1.0005. `good_after` is the instant before which the order must not work;
    `adaptive_priority` None: no algo.
    """

    order_type: OrderType = OrderType.MARKET
    limit_offset_bps: Decimal | None = None
    tif: TimeInForce = TimeInForce.DAY
    good_after: datetime | None = None
    outside_rth: bool = False
    adaptive_priority: str | None = CONFIGURED
    stop_offset_bps: Decimal | None = None
    trailing_offset_bps: Decimal | None = None


def check_combination(properties: OrderProperties) -> None:
    """PropertiesRefused unless the broker takes the combination."""
    kind, tif = properties.order_type, properties.tif
    asks_for_algo = properties.adaptive_priority not in {None, CONFIGURED}
    _check_offsets(properties)
    if tif not in kind.times_in_force:
        raise PropertiesRefused("tif", f"{kind} goes with {_either(kind.times_in_force)}, not {tif}")
    if kind.at_close and properties.good_after is not None:
        raise PropertiesRefused(
            "goodAfterTime", f"{kind} fills at the close whatever its start; leave goodAfterTime out"
        )
    if tif.at_open and properties.good_after is not None:
        raise PropertiesRefused("goodAfterTime", f"{tif} fills at the open; leave goodAfterTime out")
    if properties.outside_rth and (kind.at_close or tif.at_open):
        raise PropertiesRefused("outsideRth", "an auction belongs to regular hours; leave outsideRth out")
    if properties.outside_rth and not kind.has_limit:
        raise PropertiesRefused(
            "outsideRth",
            f"outside regular hours the broker takes limit orders only; use orderType {OrderType.LIMIT}",
        )
    if asks_for_algo and not (kind.takes_adaptive and tif.takes_adaptive):
        kinds, times = (
            _either(one for one in every if one.takes_adaptive) for every in (OrderType, TimeInForce)
        )
        raise PropertiesRefused(
            "adaptivePriority", f"Adaptive goes with {kinds} and {times}; use null for no algo"
        )
    if asks_for_algo and properties.outside_rth:
        raise PropertiesRefused(
            "adaptivePriority", "Adaptive works in regular hours only; use null for no algo"
        )


def check_contract(properties: OrderProperties, instrument: Instrument) -> None:
    """PropertiesRefused unless orders like this can be placed in `instrument`, as its contract details tell."""
    kind, name = properties.order_type, instrument.local_symbol
    if kind.at_close and instrument.is_forex:
        raise PropertiesRefused("orderType", f"there is no {kind} in {name}: forex has no closing auction")
    if not instrument.takes(kind):
        raise PropertiesRefused("orderType", f"{name} takes no {kind} orders")
    if properties.adaptive_priority not in {None, CONFIGURED} and not instrument.takes_adaptive():
        raise PropertiesRefused("adaptivePriority", f"{name} takes no algo; use null, or leave it out")


def _check_offsets(properties: OrderProperties) -> None:
    """A stop needs its offset, and on its own side of the market: at the market it would trigger at once."""
    kind = properties.order_type
    limit, stop, trailing = (
        properties.limit_offset_bps,
        properties.stop_offset_bps,
        properties.trailing_offset_bps,
    )
    _belongs("limitOffsetBps", limit, kind, [one for one in OrderType if one.has_limit])
    _belongs("stopOffsetBps", stop, kind, [one for one in OrderType if one.has_stop and not one.trails])
    _belongs("trailingOffsetBps", trailing, kind, [one for one in OrderType if one.trails])
    if kind.has_stop and stop is None and trailing is None:
        key = "trailingOffsetBps" if kind.trails else "stopOffsetBps"
        raise PropertiesRefused(key, f"{kind} needs it: how far from the price its stop is")
    _in_range("limitOffsetBps", limit, above=-WHOLE_PRICE_BPS)
    _in_range("stopOffsetBps", stop, above=0)
    _in_range("trailingOffsetBps", trailing, above=0)
    if kind.has_stop and limit is not None and limit < 0:
        raise PropertiesRefused(
            "limitOffsetBps",
            "a limit short of its stop rests where the market has just come from; give 0 or more",
        )


def _belongs(key: str, offset: Decimal | None, kind: OrderType, kinds: Sequence[OrderType]) -> None:
    if offset is not None and kind not in kinds:
        raise PropertiesRefused(key, f"belongs to orderType {_either(kinds)}, not {kind}")


def _in_range(key: str, offset: Decimal | None, *, above: int) -> None:
    if offset is not None and not (offset.is_finite() and above < offset < WHOLE_PRICE_BPS):
        raise PropertiesRefused(
            key, f"is in hundredths of a percent; give something between {above} and {WHOLE_PRICE_BPS}"
        )


def _either(words: Iterable[StrEnum]) -> str:
    return " or ".join(sorted(words))
