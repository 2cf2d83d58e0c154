"""How each refusal is told over HTTP: its status, its title, and how loud the log is about it. One table for the whole
tree of core/refusals.py, and for what only HTTP can be asked wrongly:

    Refusal
    ├── UnsupportedBody           the body is not JSON by its Content-Type
    ├── UnknownIntent             no endpoint has that path
    ├── WrongMethod
    ├── BodyTooLarge
    ├── OtherHttpError            what the framework refuses by itself, with a status of its own
    └── Bug                       anything that nobody foresaw

Whatever is raised, its kind has a row here: a kind without one fails the tests.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ib_trading.core.canonical import camel
from ib_trading.core.refusals import (
    AccountRefused,
    BrokerFault,
    ConfigurationFault,
    ContractsUnknown,
    ConversionRefused,
    GatewayNotReady,
    InstrumentLeftOut,
    InstrumentLocked,
    KeyReused,
    LimitsRefused,
    NotKnown,
    OrdersNotDone,
    PlanRefused,
    PriceRefused,
    PropertiesRefused,
    QuestionRefused,
    RateMissing,
    Refusal,
    RepairsRefused,
    RequestError,
    RunDeadline,
    RunInProgress,
    SizingRefused,
    StaleFence,
    StoreUnavailable,
    StrategyFailed,
    TooLargeForStore,
    TradingDisabled,
    Unanswered,
)
from ib_trading.schema.log_events import GATEWAY_NOT_READY, RunEvent


class UnsupportedBody(Refusal):
    pass


class UnknownIntent(Refusal):
    pass


class WrongMethod(Refusal):
    pass


class BodyTooLarge(Refusal):
    pass


class OtherHttpError(Refusal):
    def __init__(self, detail: str, status: int) -> None:
        super().__init__(detail)
        self.status = status


class Bug(Refusal):
    pass


@dataclass(frozen=True, slots=True)
class Problem:
    """`title` says the same for every refusal of a kind (RFC 9457); `event` is the message of its line in the log,
    `level` how loud that is."""

    status: int
    title: str
    level: int = logging.INFO
    event: str = RunEvent.REFUSED


_PLAN = Problem(422, "Refused; nothing was sent", logging.WARNING)
_BROKER = Problem(502, "The broker's answer cannot be relied on", logging.ERROR)
_REQUEST = Problem(400, "The request does not parse")

PROBLEMS: Mapping[type[Refusal], Problem] = {
    RequestError: _REQUEST,
    PropertiesRefused: _REQUEST,
    UnsupportedBody: Problem(415, "The body is not JSON by its Content-Type"),
    BodyTooLarge: Problem(413, "The body is too large"),
    UnknownIntent: Problem(404, "Unknown intent"),
    WrongMethod: Problem(405, "Method not allowed"),
    NotKnown: Problem(404, "Not known"),
    KeyReused: Problem(422, "Idempotency key used again for another request", logging.WARNING),
    RunInProgress: Problem(409, "A trading run is under way"),
    StaleFence: Problem(409, "The trading lease was lost", logging.ERROR),
    PlanRefused: _PLAN,
    AccountRefused: replace(_PLAN, level=logging.ERROR),
    StrategyFailed: replace(_PLAN, level=logging.ERROR),
    PriceRefused: _PLAN,
    RateMissing: _PLAN,
    SizingRefused: _PLAN,
    ConversionRefused: _PLAN,
    LimitsRefused: _PLAN,
    RepairsRefused: _PLAN,
    TradingDisabled: Problem(423, "Trading is disabled; nothing was sent", logging.WARNING),
    InstrumentLocked: Problem(423, "An instrument is locked for review; nothing was sent", logging.WARNING),
    InstrumentLeftOut: Problem(423, "An instrument was left out", logging.WARNING),
    OrdersNotDone: Problem(502, "Not every order was done", logging.ERROR),
    RunDeadline: Problem(504, "The run's deadline passed", logging.ERROR),
    BrokerFault: _BROKER,
    ContractsUnknown: _BROKER,
    QuestionRefused: _BROKER,
    Unanswered: _BROKER,
    GatewayNotReady: Problem(
        503, "The gateway is not ready; nothing was sent", logging.ERROR, event=GATEWAY_NOT_READY
    ),
    TooLargeForStore: Problem(422, "Larger than the store takes", logging.ERROR),
    StoreUnavailable: Problem(503, "A store is not available; nothing was sent", logging.ERROR),
    ConfigurationFault: Problem(
        503, "The trading configuration cannot be used; nothing was sent", logging.ERROR
    ),
    OtherHttpError: Problem(400, "The request was refused"),
    Bug: Problem(500, "Internal error", logging.ERROR, event=RunEvent.BUG),
}


def problem_of(refusal: Refusal) -> Problem:
    problem = PROBLEMS[type(refusal)]
    return replace(problem, status=refusal.status) if isinstance(refusal, OtherHttpError) else problem


def problem_members(refusal: Refusal, run_id: str) -> dict[str, object]:
    """The members of a problem document (RFC 9457)."""
    problem = problem_of(refusal)
    members: dict[str, object] = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": refusal.detail,
        "runId": run_id,
    }
    if refusal.errors:
        members["errors"] = [{"path": field.path, "message": field.message} for field in refusal.errors]
    return members | {camel(key): value for key, value in refusal.members.items()}
