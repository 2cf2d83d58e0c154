"""What every intent is: a name, a typed request, and an answer. Web code knows intents only through this."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from ib_trading.core.canonical import camel, canonical_json
from ib_trading.core.journal import StoredResponse
from ib_trading.errors import TradingError
from ib_trading.intents.services import Services
from ib_trading.schema.requests import Request

R = TypeVar("R", bound=Request)


@dataclass(frozen=True, slots=True)
class ScheduledCall:
    """What Cloud Scheduler says of a call of its own: the job's name, and for when it was due (RFC 3339)."""

    job: str
    due: str


@dataclass(frozen=True, slots=True)
class Call(Generic[R]):
    """One call of an intent. `key` is the caller's idempotency key, None if it brought none; `lines` says that the
    caller would rather have progress lines (NDJSON) than one document."""

    run_id: str
    request: R
    key: str | None = None
    lines: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The members that every response carries; the base of every intent's own result."""

    run_id: str
    intent: str
    trading_mode: str
    utc_timestamp: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller gets. With `lines` the body comes line by line while the work goes on."""

    status: int
    body: bytes = b""
    replayed: bool = False
    lines: Iterator[bytes] | None = None

    @classmethod
    def of(cls, result: Result, status: int = 200) -> Answer:
        return cls(status, canonical_json(result))

    @classmethod
    def stored(cls, response: StoredResponse) -> Answer:
        return cls(response.status, response.body, replayed=True)


class Intent(Protocol):
    """`request_type` says what `answer` may be called with; the web layer has parsed it by then. `result_type` is
    what a success is encoded from, `refusals` every other way it can end: both are what /openapi.json tells."""

    @property
    def name(self) -> str: ...

    @property
    def request_type(self) -> type[Request]: ...

    @property
    def result_type(self) -> type[Result]: ...

    @property
    def refusals(self) -> tuple[type[TradingError], ...]: ...

    def answer(self, call: Call[Any]) -> Answer: ...


def common(services: Services, intent: str, run_id: str) -> dict[str, Any]:
    """Result's own fields, for whoever builds one."""
    return {
        "run_id": run_id,
        "intent": intent,
        "trading_mode": services.mode.value,
        "utc_timestamp": services.clock.now(),
    }


def envelope(services: Services, intent: str, run_id: str) -> dict[str, object]:
    """The members that every response carries, by their names in JSON."""
    return {camel(name): value for name, value in common(services, intent, run_id).items()}


def problem(error: TradingError, run_id: str) -> dict[str, object]:
    """The members of a problem document (RFC 9457) for `error`."""
    members: dict[str, object] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "runId": run_id,
    }
    if error.errors:
        members["errors"] = [{"path": field.path, "message": field.message} for field in error.errors]
    return members | {camel(key): value for key, value in error.members.items()}
