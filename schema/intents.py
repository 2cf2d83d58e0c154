"""The names of the intents that Cloud Scheduler and people call, and which of them trade.

A schedule for a name that is not here stops a deployment; a request for one is answered 404.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IntentName:
    """`name` is the URL path without its slash; `trades` intents answer only to POST and hold the lease."""

    name: str
    method: str
    trades: bool


INTENTS: tuple[IntentName, ...] = (
    IntentName("allocation", "POST", trades=True),
    IntentName("cash-balancer", "POST", trades=True),
    IntentName("close-all", "POST", trades=True),
    IntentName("collect-market-data", "POST", trades=False),
    IntentName("current-time", "GET", trades=False),
    IntentName("summary", "GET", trades=False),
    IntentName("trade-reconciliation", "POST", trades=True),
)
