"""runs: past trading runs, newest first, and how each ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec

from ib_trading.core.journal import Run, RunState
from ib_trading.core.refusals import Refusal, StoreUnavailable
from ib_trading.intents.intent import Answer, Call, Result, common
from ib_trading.intents.services import Services
from ib_trading.schema.requests import Request


class RunsRequest(Request, frozen=True, kw_only=True):
    """`limit`: how many at most."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 20


@dataclass(frozen=True, slots=True)
class RunShown:
    """`business_at` is the broker's time of its plan, None before there is one; `status` the one that was
    answered, None while there is no answer."""

    run_id: str
    intent: str
    state: RunState
    claimed_at: datetime
    business_at: datetime | None
    status: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsResult(Result):
    """Newest first."""

    runs: tuple[RunShown, ...]


def run_shown(run: Run) -> RunShown:
    status = run.response.status if run.response else None
    return RunShown(run.run_id, run.intent, run.state, run.claimed_at, run.business_at, status)


@dataclass(frozen=True, slots=True)
class Runs:
    services: Services
    name: str = "runs"
    request_type: type[RunsRequest] = RunsRequest
    result_type: type[RunsResult] = RunsResult
    refusals: tuple[type[Refusal], ...] = (StoreUnavailable,)

    def answer(self, call: Call[RunsRequest]) -> Answer:
        runs = tuple(map(run_shown, self.services.ledger.runs(call.request.limit)))
        return Answer.of(RunsResult(**common(self.services, self.name, call.run_id), runs=runs))
