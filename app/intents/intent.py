"""What every intent is: a name, a typed request, and an answer. Web code knows intents only through this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from app.core.canonical import camel, canonical_json
from app.core.journal import StoredResponse
from app.errors import TradingError
from app.intents.services import Services


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The base of every request: strict, camelCase, everything optional."""


R = TypeVar("R", bound=Request)


@dataclass(frozen=True, slots=True)
class Call(Generic[R]):
    """One call of an intent. `key` is the caller's idempotency key, None if it brought none; `lines` says that the
    caller would rather have progress lines (NDJSON) than one document."""

    run_id: str
    request: R
    key: str | None = None
    lines: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller gets. With `lines` the body comes line by line while the work goes on."""

    status: int
    body: bytes = b""
    replayed: bool = False
    lines: Iterator[bytes] | None = None

    @classmethod
    def stored(cls, response: StoredResponse) -> Answer:
        return cls(response.status, response.body, replayed=True)


class Intent(Protocol):
    """`request_type` says what `answer` may be called with; the web layer has parsed it by then."""

    @property
    def name(self) -> str: ...

    @property
    def request_type(self) -> type[Request]: ...

    def answer(self, call: Call[Any]) -> Answer: ...


def envelope(services: Services, intent: str, run_id: str) -> dict[str, object]:
    """The members that every response carries."""
    return {
        "runId": run_id,
        "intent": intent,
        "tradingMode": services.mode.value,
        "utcTimestamp": services.clock.now(),
    }


def document(
    services: Services, intent: str, run_id: str, members: Mapping[str, object], status: int = 200
) -> Answer:
    return Answer(status, canonical_json(envelope(services, intent, run_id) | dict(members)))


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
