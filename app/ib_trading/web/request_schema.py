"""What /openapi.json says of requests beyond their types: which members go together, and how a time may be written.

JSON Schema cannot ask a rule, and a rule must not be written twice: so each combination is tried here on the rule's own
file (core/order_properties.py, intents/collect_market_data.py), and those that pass are what the document allows.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from typing import Any, get_args

from ib_trading.core.order_properties import (
    WHOLE_PRICE_BPS,
    OrderProperties,
    PropertiesRefused,
    check_combination,
)
from ib_trading.errors import RequestError
from ib_trading.intents.collect_market_data import check
from ib_trading.schema.good_after_time import FORMS, pattern
from ib_trading.schema.requests import CollectMarketDataRequest, OrderPropertiesRequest, WhatToShow
from ib_trading.schema.tables import BAR_SIZES

Schema = dict[str, Any]
Kind = tuple[str, str, bool]
"""Order type, time in force, and whether it may fill outside regular hours."""
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
    members = schema["properties"]
    offset = {"type": "number", "exclusiveMinimum": -WHOLE_PRICE_BPS, "exclusiveMaximum": WHOLE_PRICE_BPS}
    said = f"In the future; {FORMS}. A time that a clock change skips or repeats there needs an offset."
    time = {"type": "string", "pattern": pattern(), "description": said}
    bounded = {"limitOffsetBps": {"anyOf": [offset, NULL]}, "goodAfterTime": {"anyOf": [time, NULL]}}
    kinds = product(members["orderType"]["enum"], members["tif"]["enum"], (False, True))
    return schema | {
        "properties": members | bounded,
        "anyOf": [_with_the_rest(kind, members) for kind in kinds if _goes_together(kind)],
    }


def _with_the_rest(kind: Kind, members: Schema) -> Schema:
    """What may be said beside `kind`. Each of the others goes with it or does not, whatever else is said."""
    barred = {
        "limitOffsetBps": not _goes_together(kind, limit_offset_bps=Decimal(1)),
        "goodAfterTime": not _goes_together(kind, good_after=datetime.max.replace(tzinfo=UTC)),
        "adaptivePriority": not _goes_together(kind, adaptive_priority="Normal"),
    }
    said = dict(zip(("orderType", "tif", "outsideRth"), kind, strict=True))
    return _variant(
        {name: {"enum": [value]} for name, value in said.items()}
        | {name: NULL for name, is_barred in barred.items() if is_barred},
        members,
    )


def _goes_together(kind: Kind, **others: Any) -> bool:
    order_type, tif, outside_rth = kind
    properties = OrderProperties(order_type=order_type, tif=tif, outside_rth=outside_rth)
    try:
        check_combination(replace(properties, **others))
    except PropertiesRefused:
        return False
    return True


def _collecting(schema: Schema) -> Schema:
    members = schema["properties"]
    sizes_of: dict[tuple[str | None, ...], list[str]] = {}
    for bar_size in BAR_SIZES:
        shown = tuple(what for what in (None, *get_args(WhatToShow)) if _collected(bar_size, what))
        sizes_of.setdefault(shown, []).append(bar_size)
    return schema | {
        "properties": members
        | {"barSize": members["barSize"] | {"enum": list(BAR_SIZES)}}
        | {name: {"anyOf": [DAY_OF_A_SERIES, NULL], "default": None} for name in ("since", "until")},
        # Of instruments and strategies, one at most.
        "anyOf": [
            _variant({"barSize": {"enum": sizes}, "whatToShow": {"enum": list(shown)}, other: NULL}, members)
            for (shown, sizes), other in product(sizes_of.items(), ("instruments", "strategies"))
        ],
    }


def _collected(bar_size: str, what_to_show: Any) -> bool:
    try:
        check(CollectMarketDataRequest(bar_size=bar_size, what_to_show=what_to_show))
    except RequestError:
        return False
    return True


def _variant(narrowed: Schema, members: Schema) -> Schema:
    """Members `narrowed` further. One that may be left out has its default, which must then be allowed here."""
    required = [
        name
        for name, schema in narrowed.items()
        if "default" in members[name] and members[name]["default"] not in schema.get("enum", [None])
    ]
    return {"properties": narrowed, "required": required}
