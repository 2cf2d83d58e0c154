"""Turns everything that is raised into a problem document and a line in the log. A bug's trace goes to the log, its run
id to the caller."""

from __future__ import annotations

import structlog
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from ib_trading.core.refusals import Refusal
from ib_trading.ports.response_format import ResponseFormat
from ib_trading.schema.intents import INTENTS
from ib_trading.schema.strict import nearest
from ib_trading.web.problems import BodyTooLarge, Bug, OtherHttpError, UnknownIntent, WrongMethod, problem_of
from ib_trading.web.requests import MAX_BODY_BYTES

PROBLEM_JSON = "application/problem+json"
log = structlog.stdlib.get_logger("app.web")


def say_refused(refusal: Refusal, path: str, trace: Exception | None = None) -> int:
    """Why the call got less than it asked for, at its kind's level, which is returned. The call itself is bound."""
    problem = problem_of(refusal)
    said: dict[str, object] = {"path": path, "kind": type(refusal).__name__, "detail": refusal.detail}
    if refusal.errors:
        said["errors"] = [{"path": field.path, "message": field.message} for field in refusal.errors]
    if trace is not None:
        said["exc_info"] = trace
    log.log(problem.level, problem.event, **said)
    return problem.level


def add_error_handlers(flask: Flask, responses: ResponseFormat) -> None:
    def answered(refusal: Refusal, trace: Exception | None = None) -> Response:
        g.level = say_refused(refusal, request.path, trace)
        told = responses.response(g.run_id, {}, refusal)
        response = Response(told.body, told.status, content_type=PROBLEM_JSON)
        if refusal.retry_after is not None:
            response.headers["Retry-After"] = str(refusal.retry_after)
        return response

    @flask.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Response:
        return answered(refusal)

    @flask.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        response = answered(_translated(error))
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(error.valid_methods)
        return response

    @flask.errorhandler(Exception)
    def bug(error: Exception) -> Response:
        told = f"this is a bug in the service; its trace is in the log under run {g.run_id}"
        return answered(Bug(told), trace=error)


def _translated(error: HTTPException) -> Refusal:
    name = request.path.strip("/")
    known = tuple(intent.name for intent in INTENTS)
    if isinstance(error, NotFound):
        return UnknownIntent(
            f"there is no intent {name!r}; {nearest(name, known)} (known: {', '.join(known)})"
        )
    if isinstance(error, MethodNotAllowed):
        return WrongMethod(
            f"{request.method} /{name} is not offered; use {', '.join(error.valid_methods or ())}"
        )
    if isinstance(error, RequestEntityTooLarge):
        return BodyTooLarge(f"the body is over {MAX_BODY_BYTES} bytes")
    return OtherHttpError(error.description or error.name, error.code or 500)
