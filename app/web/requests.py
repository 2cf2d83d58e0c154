"""Decides what a request is allowed to say: strict JSON, parsed into the intent's type before anything is read.

An unknown key, a wrong type or a body that is not JSON is a 400 with the path and the nearest known key. What stands
where it is not read is refused too: `POST /allocation?dryRun=true` would otherwise trade for real.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

from flask import Request as HttpRequest

from app.errors import RequestError
from app.intents.intent import ScheduledCall
from schema.requests import Request
from schema.strict import FieldError, StrictError, parse

MAX_BODY_BYTES = 64 * 1024
NDJSON = "application/x-ndjson"
KEY_PATTERN = "[!-~]([ -~]{0,253}[!-~])?"
"""What an Idempotency-Key may be: HTTP itself strips white space, so none counts."""

R = TypeVar("R", bound=Request)


class UnsupportedBody(RequestError):
    status = 415
    title = "The body is not JSON by its Content-Type"


def parse_request(http: HttpRequest, as_type: type[R]) -> R:
    """The request's body as `as_type`; an empty body means all defaults."""
    for name in http.args:
        message = f"{name!r} is in the query; say it in the JSON body"
        raise RequestError(message, errors=(FieldError(name, message),))
    body = http.get_data()
    if not body.strip():
        raw: object = {}
    else:
        if http.mimetype != "application/json":
            raise UnsupportedBody(f"Content-Type is {http.mimetype or 'not set'}; send application/json")
        raw = _json(body)
    if not isinstance(raw, dict):
        raise RequestError(f"the body is {_kind(raw)}; send a JSON object, or nothing for all defaults")
    return _parsed(raw, as_type, coerce_text=False)


def parse_query(http: HttpRequest, places: Mapping[str, str], as_type: type[R]) -> R:
    """What path (`places`) and query say, as `as_type`."""
    if http.get_data():
        raise RequestError(f"{http.method} takes no body; say it in the query")
    for name, values in http.args.lists():
        if len(values) > 1 or name in places:
            message = f"{name!r} is there twice; say it once"
            raise RequestError(message, errors=(FieldError(name, message),))
    return _parsed(http.args.to_dict() | dict(places), as_type, coerce_text=True)


def _parsed(raw: dict[str, Any], as_type: type[R], *, coerce_text: bool) -> R:
    try:
        return parse(raw, as_type, coerce_text=coerce_text)
    except StrictError as error:
        raise RequestError(str(error), errors=error.errors) from None


def idempotency_key(http: HttpRequest) -> str | None:
    """The caller's own key, else what Cloud Scheduler sends with every attempt of one scheduled call."""
    own = http.headers.get("Idempotency-Key")
    if own is not None:
        if not re.fullmatch(KEY_PATTERN, own):
            message = "Idempotency-Key must have 1 to 255 printable ASCII characters"
            raise RequestError(message, errors=(FieldError("Idempotency-Key", message),))
        return f"key:{own}"
    scheduled = scheduled_call(http)
    return f"schedule:{scheduled.job}/{scheduled.due}" if scheduled else None


def scheduled_call(http: HttpRequest) -> ScheduledCall | None:
    """What Cloud Scheduler says of a call of its own; None for anybody else's."""
    job, due = http.headers.get("X-CloudScheduler-JobName"), http.headers.get("X-CloudScheduler-ScheduleTime")
    return ScheduledCall(job, due) if job and due else None


def wants_lines(http: HttpRequest) -> bool:
    """Whether the caller asks for progress lines rather than one document."""
    return (
        http.accept_mimetypes.best_match(["application/json", NDJSON], default="application/json") == NDJSON
    )


def _json(body: bytes) -> object:
    try:
        raw = json.loads(
            body, object_pairs_hook=_without_repetition, parse_float=_figure, parse_constant=_no_number
        )
        # Half of a surrogate pair is no text: it could be neither stored nor answered.
        json.dumps(raw, default=str, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise RequestError(f"the body is not JSON: {error}") from None
    return raw


def _figure(text: str) -> int | Decimal:
    """12.0 is the integer 12, as JSON Schema has it."""
    exact = Decimal(text)
    small = exact.is_finite() and exact.adjusted() < 18
    return int(exact) if small and exact == exact.to_integral_value() else exact


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is not a number")


def _without_repetition(members: list[tuple[str, object]]) -> dict[str, object]:
    """A key that is said twice would count as said last: {"dryRun": true, "dryRun": false} must not trade."""
    names = [name for name, _ in members]
    for name in names:
        if names.count(name) > 1:
            message = f"{name!r} is there twice; say it once"
            raise RequestError(message, errors=(FieldError(name, message),))
    return dict(members)


def _kind(raw: object) -> str:
    return {list: "a JSON array", str: "a JSON string", bool: "a JSON boolean", type(None): "null"}.get(
        type(raw), "a JSON number"
    )
