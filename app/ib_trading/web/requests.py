"""Decides what a request is allowed to say: strict JSON, parsed into the intent's type before anything is read.

An unknown key, a wrong type or a body that is not JSON is a 400 with the path and the nearest known key. What stands
where it is not read is refused too: `POST /allocation?dryRun=true` would otherwise trade for real.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from flask import Request as HttpRequest

from ib_trading.core.refusals import RequestError
from ib_trading.schema.request_body import KEY_PATTERN, KEY_RULE, BodyError, parse_body
from ib_trading.schema.requests import Request
from ib_trading.schema.strict import FieldError, StrictError, parse
from ib_trading.web.problems import UnsupportedBody
from ib_trading.web.recorded import ScheduledCall

MAX_BODY_BYTES = 64 * 1024
NDJSON = "application/x-ndjson"

R = TypeVar("R", bound=Request)


def parse_request(http: HttpRequest, as_type: type[R]) -> R:
    """The request's body as `as_type`; an empty body means all defaults."""
    for name in http.args:
        message = f"{name!r} is in the query; say it in the JSON body"
        raise RequestError(message, errors=(FieldError(name, message),))
    body = http.get_data()
    if body.strip() and http.mimetype != "application/json":
        raise UnsupportedBody(f"Content-Type is {http.mimetype or 'not set'}; send application/json")
    try:
        return parse_body(body, as_type)
    except BodyError as error:
        raise RequestError(str(error), errors=error.errors) from None


def parse_query(http: HttpRequest, places: Mapping[str, str], as_type: type[R]) -> R:
    """What path (`places`) and query say, as `as_type`."""
    if http.get_data():
        raise RequestError(f"{http.method} takes no body; say it in the query")
    for name, values in http.args.lists():
        if len(values) > 1 or name in places:
            message = f"{name!r} is there twice; say it once"
            raise RequestError(message, errors=(FieldError(name, message),))
    try:
        return parse(http.args.to_dict() | dict(places), as_type, coerce_text=True)
    except StrictError as error:
        raise RequestError(str(error), errors=error.errors) from None


def idempotency_key(http: HttpRequest) -> str | None:
    """The caller's own key, else what Cloud Scheduler sends with every attempt of one scheduled call."""
    own = http.headers.get("Idempotency-Key")
    if own is not None:
        if not re.fullmatch(KEY_PATTERN, own):
            raise RequestError(KEY_RULE, errors=(FieldError("Idempotency-Key", KEY_RULE),))
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
