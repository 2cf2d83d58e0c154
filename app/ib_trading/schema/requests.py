"""What a call of an intent may say, key by key.

The service parses a request's body into these types, and the bodies of the configuration's schedules are checked by the
same ones: a call that would be a 400 each afternoon stops the deployment instead. What goes together only in some
combinations, or depends on account, clock or installed strategies, the intents decide.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

OrderTypeWord = Literal["MKT", "LMT", "MOC", "STP", "STP LMT", "TRAIL", "TRAIL LIMIT"]
TimeInForceWord = Literal["DAY", "GTC", "OPG"]
"""The words that a call may use. What each means, and what it goes with, the service's core/order_kind.py knows; a test
holds the two together."""
AdaptivePriority = Literal["Urgent", "Normal", "Patient"]
WhatToShow = Literal["ADJUSTED_LAST", "TRADES", "MIDPOINT", "BID", "ASK"]


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The base of every request: strict, camelCase, everything optional."""


class TradingRequest(Request, frozen=True, kw_only=True):
    """What every trading intent takes. `dry_run`: plan only, send nothing."""

    dry_run: bool = False


class OrderPropertiesRequest(Request, frozen=True, kw_only=True):
    """`adaptivePriority` null means no algo; left out, the configured priority. Offsets are hundredths of a percent;
    `goodAfterTime` is one of the three forms of good_after_time.py."""

    order_type: OrderTypeWord = "MKT"
    limit_offset_bps: Decimal | None = None
    stop_offset_bps: Decimal | None = None
    trailing_offset_bps: Decimal | None = None
    tif: TimeInForceWord = "DAY"
    good_after_time: str | None = None
    outside_rth: bool = False
    adaptive_priority: AdaptivePriority | msgspec.UnsetType | None = msgspec.UNSET


class AllocationRequest(TradingRequest, frozen=True, kw_only=True):
    """`strategies`: which ones to run; all with an exposure where it is left out."""

    strategies: tuple[str, ...] | None = None
    order_properties: OrderPropertiesRequest = OrderPropertiesRequest()


class CashBalancerRequest(TradingRequest, frozen=True, kw_only=True):
    """Takes `dryRun` only."""


class CloseAllRequest(TradingRequest, frozen=True, kw_only=True):
    """`strategies`: whose holdings to close; left out, everything that the broker shows, what no strategy holds too."""

    strategies: tuple[str, ...] | None = None
    order_properties: OrderPropertiesRequest = OrderPropertiesRequest()


class CollectMarketDataRequest(Request, frozen=True, kw_only=True):
    """`instruments` are US stocks by symbol; left out, everything that `strategies` (default: all with an exposure)
    need. `since` and `until` are days, both included; with `since` days that are believed to have no bar are asked for
    as well."""

    instruments: tuple[str, ...] | None = None
    strategies: tuple[str, ...] | None = None
    bar_size: str | None = None
    """The broker's name of it. None: of strategies, unless `what_to_show` is said, each series that they declare; days
    otherwise."""
    since: date | None = None
    until: date | None = None
    what_to_show: WhatToShow | None = None
    """None: ADJUSTED_LAST for days, which is what strategies see, TRADES for shorter bars."""


class ScheduleCheckRequest(Request, frozen=True, kw_only=True):
    """`hours`: how far back to look. The default covers a day of 25 hours and a late check."""

    hours: Annotated[int, msgspec.Meta(ge=1, le=168)] = 26


class TradeReconciliationRequest(TradingRequest, frozen=True, kw_only=True):
    """`accept`: ids of proposed repairs to apply."""

    accept: tuple[str, ...] = ()


class TradingEnabledRequest(Request, frozen=True, kw_only=True):
    """`enabled` must be said; `reason` is shown to everyone who is refused."""

    enabled: bool
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""
