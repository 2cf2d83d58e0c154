"""What a request's `orderProperties` come to at an instant."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ib_trading.core.order_kind import OrderType, TimeInForce
from ib_trading.core.order_properties import CONFIGURED, OrderProperties, check_combination
from ib_trading.intents.good_after import check_future, good_after
from ib_trading.schema.requests import OrderPropertiesRequest


def check_properties(asked: OrderPropertiesRequest, now: datetime) -> None:
    """RequestError for what does not go together, before anything is claimed; whether the time has passed only the
    broker's clock can say."""
    _resolved(asked, now)


def properties_at(asked: OrderPropertiesRequest, now: datetime) -> OrderProperties:
    """What is asked for when the business clock shows `now`. RequestError where that is impossible."""
    properties = _resolved(asked, now)
    check_future(properties.good_after, now)
    return properties


def _resolved(asked: OrderPropertiesRequest, now: datetime) -> OrderProperties:
    priority = asked.adaptive_priority
    properties = OrderProperties(
        order_type=OrderType(asked.order_type),
        limit_offset_bps=asked.limit_offset_bps,
        stop_offset_bps=asked.stop_offset_bps,
        trailing_offset_bps=asked.trailing_offset_bps,
        tif=TimeInForce(asked.tif),
        good_after=None if asked.good_after_time is None else good_after(asked.good_after_time, now),
        outside_rth=asked.outside_rth,
        adaptive_priority=CONFIGURED if priority is msgspec.UNSET else priority,
    )
    check_combination(properties)
    return properties
