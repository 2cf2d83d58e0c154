"""The names of the intents that Cloud Scheduler and people call, which of them trade, and what a call may say.

A schedule for a name that is not here stops a deployment; a request for one is answered 404.
"""

from __future__ import annotations

from dataclasses import dataclass

from ib_trading.schema.requests import (
    AllocationRequest,
    CashBalancerRequest,
    CloseAllRequest,
    CollectMarketDataRequest,
    Request,
    ScheduleCheckRequest,
    TradeReconciliationRequest,
)


@dataclass(frozen=True, slots=True)
class IntentName:
    """`name` is the URL path without its slash; `trades` intents answer only to POST and hold the lease. `body` is what
    a call says, None for an intent that is read with GET and takes none."""

    name: str
    method: str
    trades: bool
    body: type[Request] | None


INTENTS: tuple[IntentName, ...] = (
    IntentName("allocation", "POST", trades=True, body=AllocationRequest),
    IntentName("cash-balancer", "POST", trades=True, body=CashBalancerRequest),
    IntentName("close-all", "POST", trades=True, body=CloseAllRequest),
    IntentName("collect-market-data", "POST", trades=False, body=CollectMarketDataRequest),
    IntentName("current-time", "GET", trades=False, body=None),
    IntentName("schedule-check", "POST", trades=False, body=ScheduleCheckRequest),
    IntentName("summary", "GET", trades=False, body=None),
    IntentName("trade-reconciliation", "POST", trades=True, body=TradeReconciliationRequest),
)
