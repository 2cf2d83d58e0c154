"""What /openapi.json says of requests beyond their types: which members go together, and how a time may be written.

JSON Schema cannot ask a rule, and a rule must not be written twice: so each combination is tried here on the rule's own
file (core/order_properties.py, intents/collect_market_data.py), and those that pass are what the document allows.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import combinations, product
from typing import Any, get_args

from ib_trading.core.canonical import camel
from ib_trading.core.order_kind import OrderType, TimeInForce
from ib_trading.core.order_properties import (
    WHOLE_PRICE_BPS,
    OrderProperties,
    check_combination,
)
from ib_trading.core.refusals import PropertiesRefused, RequestError
from ib_trading.intents.collect_market_data import check
from ib_trading.schema.good_after_time import FORMS, pattern
from ib_trading.schema.requests import CollectMarketDataRequest, OrderPropertiesRequest, WhatToShow
from ib_trading.schema.tables import BAR_SIZES

Schema = dict[str, Any]
Kind = tuple[OrderType, TimeInForce, bool]
"""Order type, time in force, and whether it may fill outside regular hours."""
OFFSETS = ("limit_offset_bps", "stop_offset_bps", "trailing_offset_bps")
Offsets = dict[str, Any]
NULL: Schema = {"type": "null"}
# From collect_market_data.EARLIEST on.
DAY_OF_A_SERIES: Schema = {"type": "string", "format": "date", "pattern": "^(19|[2-9][0-9])"}


def with_rules(schemas: dict[str, Schema]) -> dict[str, Schema]:
    """`schemas` by type name, with what the types of these two requests cannot say."""
    orders, collecting = OrderPropertiesRequest.__name__, CollectMarketDataRequest.__name__
    return schemas | {
        orders: _order_properties(schemas[orders]),
        collecting: _collecting(schemas[collecting]),
    }


def _order_properties(schema: Schema) -> Schema:
    words = {"orderType": [*OrderType], "tif": [*TimeInForce]}
    members = schema["properties"] | {
        name: schema["properties"][name] | {"enum": [*map(str, known)]} for name, known in words.items()
    }
    said = f"In the future; {FORMS}. A time that a clock change skips or repeats there needs an offset."
    time = {"type": "string", "pattern": pattern(), "description": said}
    bounded = {camel(name): {"anyOf": [_offset(-WHOLE_PRICE_BPS), NULL]} for name in OFFSETS}
    kinds = product(OrderType, TimeInForce, (False, True))
    return schema | {
        "properties": members | bounded | {"goodAfterTime": {"anyOf": [time, NULL]}},
        "anyOf": [
            _with_the_rest(kind, needed, members) for kind in kinds if (needed := _needed(kind)) is not None
        ],
    }


def _offset(above: int) -> Schema:
    return {"type": "number", "exclusiveMinimum": above, "exclusiveMaximum": WHOLE_PRICE_BPS}


def _needed(kind: Kind) -> Offsets | None:
    """The fewest offsets with which `kind` goes together; None where it never does."""
    for count in range(len(OFFSETS) + 1):
        for names in combinations(OFFSETS, count):
            needed = dict.fromkeys(names, Decimal(1))
            if _goes_together(kind, needed):
                return needed
    return None


def _with_the_rest(kind: Kind, needed: Offsets, members: Schema) -> Schema:
    """What may be said beside `kind` and the offsets that it needs. Each of the others goes with them or does not,
    whatever else is said."""
    order_type, tif, outside_rth = kind
    later = datetime.max.replace(tzinfo=UTC)
    said: Schema = {
        "orderType": {"enum": [str(order_type)]},
        "tif": {"enum": [str(tif)]},
        "outsideRth": {"enum": [outside_rth]},
    }
    if not _goes_together(kind, needed, good_after=later):
        said["goodAfterTime"] = NULL
    if not _goes_together(kind, needed, adaptive_priority="Normal"):
        said["adaptivePriority"] = NULL
    for name in OFFSETS:
        one = Decimal(1)
        if not _goes_together(kind, needed | {name: one}):
            said[camel(name)] = NULL
        elif name in needed:
            said[camel(name)] = _offset(0)
        elif not _goes_together(kind, needed | {name: -one}):
            said[camel(name)] = {
                "anyOf": [{"type": "number", "minimum": 0, "exclusiveMaximum": WHOLE_PRICE_BPS}, NULL]
            }
    return _variant(said, members, {camel(name) for name in needed})


def _goes_together(kind: Kind, offsets: Offsets, **others: Any) -> bool:
    order_type, tif, outside_rth = kind
    properties = OrderProperties(order_type=order_type, tif=tif, outside_rth=outside_rth)
    try:
        check_combination(replace(properties, **offsets, **others))
    except PropertiesRefused:
        return False
    return True


def _collecting(schema: Schema) -> Schema:
    members = schema["properties"]
    sizes_of: dict[tuple[str | None, ...], list[str | None]] = {}
    for bar_size in (None, *BAR_SIZES):
        shown = tuple(what for what in (None, *get_args(WhatToShow)) if _collected(bar_size, what))
        sizes_of.setdefault(shown, []).append(bar_size)
    return schema | {
        "properties": members
        | {"barSize": members["barSize"] | {"enum": [None, *BAR_SIZES]}}
        | {name: {"anyOf": [DAY_OF_A_SERIES, NULL], "default": None} for name in ("since", "until")},
        # Of instruments and strategies, one at most.
        "anyOf": [
            _variant({"barSize": {"enum": sizes}, "whatToShow": {"enum": list(shown)}, other: NULL}, members)
            for (shown, sizes), other in product(sizes_of.items(), ("instruments", "strategies"))
        ],
    }


def _collected(bar_size: str | None, what_to_show: Any) -> bool:
    try:
        check(CollectMarketDataRequest(bar_size=bar_size, what_to_show=what_to_show))
    except RequestError:
        return False
    return True


def _variant(narrowed: Schema, members: Schema, needed: Collection[str] = ()) -> Schema:
    """Members `narrowed` further. One that may be left out has its default, which must then be allowed here; those that
    are `needed` it must say."""
    required = [
        name
        for name, schema in narrowed.items()
        if name in needed
        or ("default" in members[name] and members[name]["default"] not in schema.get("enum", [None]))
    ]
    return {"properties": narrowed, "required": required}
