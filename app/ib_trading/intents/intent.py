"""What every intent is: a name, a typed request, and an answer. Web code knows intents only through this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from ib_trading.core.canonical import camel
from ib_trading.core.journal import StoredResponse
from ib_trading.core.refusals import (
    BrokerFault,
    ConfigurationFault,
    GatewayNotReady,
    Refusal,
    StoreUnavailable,
)
from ib_trading.intents.services import Services
from ib_trading.schema.requests import Request

R = TypeVar("R", bound=Request)

READING_REFUSALS: tuple[type[Refusal], ...] = (
    BrokerFault,
    GatewayNotReady,
    StoreUnavailable,
    ConfigurationFault,
)
"""How an intent can end that reads configuration, stores and broker, whatever it does with that."""


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

    def members(self) -> dict[str, object]:
        """What it says, by its names in JSON."""
        return members_of(self)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller is told: the `members` of a result by their names in JSON, and `refusal`, why that is not all
    that was asked for; None where it is.

    `response` is the answer as it is kept for its key, `replayed` that it was kept from an earlier call. With `lines`
    it comes line by line while the work goes on, each told as an answer is.
    """

    members: Mapping[str, object]
    refusal: Refusal | None = None
    response: StoredResponse | None = None
    replayed: bool = False
    lines: Iterator[Answer] | None = None

    @classmethod
    def of(cls, result: Result, refusal: Refusal | None = None) -> Answer:
        return cls(result.members(), refusal)

    @classmethod
    def stored(cls, response: StoredResponse) -> Answer:
        return cls({}, response=response, replayed=True)


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
    def refusals(self) -> tuple[type[Refusal], ...]: ...

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


def members_of(told: Any) -> dict[str, object]:
    """A dataclass's own fields by their names in JSON."""
    return {camel(field.name): getattr(told, field.name) for field in fields(told)}
