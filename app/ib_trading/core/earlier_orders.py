"""Decides what an order was that an earlier version wrote down without its type, its time in force and its prices.

They stood in its run's plan alone. The stores ask here when they bring what they hold up to date, and nobody else does.
"""

from __future__ import annotations

import json
from typing import Any

from ib_trading.core.canonical import camel
from ib_trading.core.order_kind import PRICES, OrderType, TimeInForce

WERE_MISSING = (
    *("order_type", "tif", "adaptive_priority", "leg", "good_after", "good_after_at_exchange", "outside_rth"),
    *PRICES,
)
"""The members of an order that were in the plan and not in the journal. That version may also have been gone back to,
and have written an order whose plan has prices that it did not know."""


def members_in_plan(plan: bytes | None, con_id: int) -> dict[str, Any]:
    """WERE_MISSING → value as JSON has it, a figure as its text; what that version's plan did not say is left out.

    No version planned two orders on one contract. Of one whose plan is not there, nothing is concluded at the end of a
    day: it counts as good till cancelled.
    """
    planned = json.loads(plan or b"{}", parse_float=str).get("orders", [])
    found = next((order for order in planned if order.get("conId") == con_id), None)
    if found is None:
        return {"order_type": OrderType.MARKET.value, "tif": TimeInForce.GTC.value, "adaptive_priority": None}
    told = {name: found[camel(name)] for name in WERE_MISSING if camel(name) in found}
    return told | {name: str(told[name]) for name in PRICES if told.get(name) is not None}
