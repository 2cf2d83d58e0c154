"""The times of orders in the simulator's message log.

An order is acknowledged when the first orderStatus beyond PendingSubmit has left for it. Who is asked is the
simulator and neither client: both are timed by the same clock, at the same two points.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_NOT_YET = {"PendingSubmit", "ApiPending"}


def placing_seconds(messages: Sequence[dict[str, Any]], orders: int) -> float:
    """From the first placeOrder's arrival to the last acknowledgement; ValueError unless `orders` were placed, and
    every one of them acknowledged."""
    placed: dict[str, int] = {}
    acknowledged: dict[str, int] = {}
    for message in messages:
        if message["direction"] == "in" and message["name"] == "placeOrder":
            placed.setdefault(message["fields"][1], message["nanoseconds"])
        elif message["name"] == "orderStatus" and message["fields"][2] not in _NOT_YET:
            acknowledged.setdefault(message["fields"][1], message["nanoseconds"])
    if len(placed) != orders or set(placed) != set(acknowledged):
        raise ValueError(
            f"{len(placed)} orders placed, {len(acknowledged)} acknowledged; {orders} of each expected"
        )
    return (max(acknowledged.values()) - min(placed.values())) / 1e9
