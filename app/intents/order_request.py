"""`orderProperties` as a request says them, and what they come to at an instant."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from app.core.order_properties import CONFIGURED, OrderProperties, PropertiesRefused, check_combination
from app.errors import RequestError
from app.intents.good_after import check_future, good_after
from app.intents.intent import Request
from schema.strict import FieldError
from schema.trading_config import AdaptivePriority


class OrderPropertiesRequest(Request, frozen=True, kw_only=True):
    """`adaptivePriority` null means no algo; left out, the configured priority."""

    order_type: Literal["MKT", "LMT", "MOC"] = "MKT"
    limit_offset_bps: Decimal | None = None
    tif: Literal["DAY", "GTC", "OPG"] = "DAY"
    good_after_time: str | None = None
    outside_rth: bool = False
    adaptive_priority: AdaptivePriority | msgspec.UnsetType | None = msgspec.UNSET

    def check(self, now: datetime) -> None:
        """RequestError for what does not go together, before anything is claimed; whether the time has passed only
        the broker's clock can say."""
        self._resolved(now)

    def at(self, now: datetime) -> OrderProperties:
        """What is asked for when the business clock shows `now`. RequestError where that is impossible."""
        properties = self._resolved(now)
        check_future(properties.good_after, now)
        return properties

    def _resolved(self, now: datetime) -> OrderProperties:
        priority = self.adaptive_priority
        properties = OrderProperties(
            order_type=self.order_type,
            limit_offset_bps=self.limit_offset_bps,
            tif=self.tif,
            good_after=None if self.good_after_time is None else good_after(self.good_after_time, now),
            outside_rth=self.outside_rth,
            adaptive_priority=CONFIGURED if priority is msgspec.UNSET else priority,
        )
        try:
            check_combination(properties)
        except PropertiesRefused as error:
            raise refused_properties(error) from None
        return properties


def refused_properties(error: PropertiesRefused) -> RequestError:
    field = FieldError(f"orderProperties.{error.key}", error.reason)
    return RequestError(str(field), errors=(field,))
