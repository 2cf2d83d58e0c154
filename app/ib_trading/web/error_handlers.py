"""Turns every error into a problem document (RFC 9457). A bug's trace goes to the log, its run id to the caller."""

from __future__ import annotations

import logging

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from ib_trading.core.canonical import canonical_json
from ib_trading.core.mode import TradingMode
from ib_trading.errors import GatewayNotReady, TradingError, UnknownIntent
from ib_trading.intents.intent import problem
from ib_trading.schema.intents import INTENTS
from ib_trading.schema.log_events import GATEWAY_NOT_READY
from ib_trading.schema.strict import nearest
from ib_trading.web.requests import MAX_BODY_BYTES

PROBLEM_JSON = "application/problem+json"
log = logging.getLogger("app.web")


class WrongMethod(TradingError):
    status = 405
    title = "Method not allowed"


class BodyTooLarge(TradingError):
    status = 413
    title = "The body is too large"


class OtherHttpError(TradingError):
    title = "The request was refused"


def add_error_handlers(flask: Flask, mode: TradingMode) -> None:
    def answered(error: TradingError) -> Response:
        members = {"tradingMode": mode.value} | problem(error, g.run_id)
        response = Response(canonical_json(members), error.status, content_type=PROBLEM_JSON)
        if error.retry_after is not None:
            response.headers["Retry-After"] = str(error.retry_after)
        return response

    @flask.errorhandler(TradingError)
    def trading_error(error: TradingError) -> Response:
        if isinstance(error, GatewayNotReady):
            log.error(
                GATEWAY_NOT_READY, extra={"runId": g.run_id, "path": request.path, "detail": error.detail}
            )
        return answered(error)

    @flask.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        response = answered(_translated(error))
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(error.valid_methods)
        return response

    @flask.errorhandler(Exception)
    def bug(error: Exception) -> Response:
        log.error("bug", exc_info=error, extra={"runId": g.run_id, "path": request.path})
        return answered(
            TradingError(f"this is a bug in the service; its trace is in the log under run {g.run_id}")
        )


def _translated(error: HTTPException) -> TradingError:
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
    other = OtherHttpError(error.description or error.name)
    other.status = error.code or 500
    return other
