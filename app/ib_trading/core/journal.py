"""Decides a run's states and what a second request with the same key gets.

claimed → planned → submitting → settling → settled, or refused | failed | needs_review. The journal store only
persists; what an interrupted run's orders became is read from the broker (attribution.py, evidence.py).

A run whose process died before its first order was marked as sending has done nothing at all: it fails, and gives its
key back, so that the scheduler's next attempt trades. Once an order may have left, the key is never free again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from ib_trading.core.canonical import canonical_json
from ib_trading.core.mode import TradingMode
from ib_trading.core.order import Order
from ib_trading.core.order_state import OrderState


class RunState(StrEnum):
    CLAIMED = "claimed"
    PLANNED = "planned"
    SUBMITTING = "submitting"
    SETTLING = "settling"
    SETTLED = "settled"
    REFUSED = "refused"
    FAILED = "failed"
    NEEDS_REVIEW = "needs_review"

    @property
    def ended(self) -> bool:
        return self in {RunState.SETTLED, RunState.REFUSED, RunState.FAILED, RunState.NEEDS_REVIEW}


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """An answer as it was sent: replayed byte for byte to the same key. `status` is the protocol's own figure; nothing
    but ports/response_format.py knows what it means."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Run:
    """One trading run. `key` is what identifies a repetition, `body_hash` what the request said."""

    run_id: str
    key: str
    body_hash: str
    intent: str
    state: RunState
    claimed_at: datetime
    business_at: datetime | None = None
    """The broker's time when it was planned; None before."""
    plan: bytes | None = None
    response: StoredResponse | None = None

    def planned(self) -> dict[str, Any]:
        """The plan as JSON, every number a Decimal; empty where there is none."""
        return json.loads(self.plan or b"{}", parse_float=Decimal, parse_int=Decimal)


def outcome(orders: Sequence[Order]) -> RunState:
    """What a run is whose orders stand like this. A run that left one in doubt needs a person."""
    if any(order.state in IN_DOUBT for order in orders):
        return RunState.NEEDS_REVIEW
    return RunState.SETTLED if all(order.state.final for order in orders) else RunState.SETTLING


IN_DOUBT = frozenset({OrderState.SENDING, OrderState.UNKNOWN, OrderState.INACTIVE})
"""May still be at the broker without anybody knowing: the instrument is locked."""


def came_to_nothing(run: Run, orders: Sequence[Order]) -> bool:
    """Whether an interrupted run provably sent and booked nothing."""
    return run.state in {RunState.CLAIMED, RunState.PLANNED} and all(
        order.state in {OrderState.PLANNED, OrderState.ABANDONED} for order in orders
    )


def crosses_stand(run: Run, orders: Sequence[Order]) -> bool:
    """Whether the internal crosses of a run are booked: once it is being sent, unless every order of it was abandoned.

    Asked by the run itself and by whoever finishes it. When only the run asked, one that died after the kill switch had
    stopped all of its orders had its crosses booked by the next one.
    """
    return not came_to_nothing(run, orders) and (
        not orders or any(order.state is not OrderState.ABANDONED for order in orders)
    )


def given_up(run: Run) -> Run:
    """`run`, which came to nothing, without its key."""
    return replace(run, key=f"given up by {run.run_id}: {run.key}", state=RunState.FAILED)


def signature(mode: TradingMode, intent: str, body: object) -> str:
    """The key of a request that brings none: what it asks for, and of whom."""
    return "signature:" + hashlib.sha256(canonical_json([mode.value, intent, body])).hexdigest()


def body_hash(intent: str, body: object) -> str:
    """Tells whether a key that is used again is used for the same request."""
    return hashlib.sha256(canonical_json([intent, body])).hexdigest()
