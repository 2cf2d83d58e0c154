"""run: one past trading run, the plan as it was written, every order's life, and what was answered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ib_trading.core.booked_fills import booked_fills
from ib_trading.core.refusals import NotKnown, Refusal, StoreUnavailable
from ib_trading.intents.intent import Answer, Call, Result, common
from ib_trading.intents.services import Services
from ib_trading.intents.trading_result import OrderShown, order_shown
from ib_trading.queries.runs import RunShown, run_shown
from ib_trading.schema.requests import Request


class RunRequest(Request, frozen=True, kw_only=True):
    """`run_id` as a response or GET /runs tells it."""

    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult(Result):
    """`plan` is the plan as it was stored, None for a run that never had one; `outcome` the answer as it was sent,
    None as long as there is none. Both are shown as that version of the service wrote them. `orders` are as they stand
    now, with their fills as the ledger has them: of a conversion of cash, which it does not book, only `outcome` has
    any."""

    run: RunShown
    plan: dict[str, Any] | None
    orders: tuple[OrderShown, ...]
    outcome: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class RunById:
    services: Services
    name: str = "run"
    request_type: type[RunRequest] = RunRequest
    result_type: type[RunResult] = RunResult
    refusals: tuple[type[Refusal], ...] = (NotKnown, StoreUnavailable)

    def answer(self, call: Call[RunRequest]) -> Answer:
        ledger = self.services.ledger
        run = ledger.run(call.request.run_id)
        if run is None:
            raise NotKnown(f"there is no trading run {call.request.run_id!r}; GET /runs lists them")
        orders = ledger.orders(run.run_id)
        booked = ledger.bookings_for([order.order_ref for order in orders]) if orders else ()
        fills = booked_fills(booked)
        return Answer.of(
            RunResult(
                **common(self.services, self.name, call.run_id),
                run=run_shown(run),
                plan=stored(run.plan),
                orders=tuple(order_shown(order, fills) for order in orders),
                outcome=stored(run.response.body if run.response else None),
            )
        )


def stored(document: bytes | None) -> dict[str, Any] | None:
    """A stored JSON document, its figures exact."""
    return None if document is None else json.loads(document, parse_float=Decimal)
