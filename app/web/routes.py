"""Decides which URL is what: an intent each under its name, and the few paths about the service itself."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable

from flask import Flask, Response, g, request

from app.core.canonical import canonical_json
from app.intents.intent import Answer, Call, Intent
from app.intents.services import Services
from app.web.error_handlers import PROBLEM_JSON, add_error_handlers
from app.web.health import dependencies
from app.web.requests import MAX_BODY_BYTES, NDJSON, idempotency_key, parse_request, wants_lines
from schema.intents import INTENTS

log = logging.getLogger("app.request")


def create_app(services: Services, intents: tuple[Intent, ...]) -> Flask:
    """The Flask application over `services`, with a route for each of `intents`."""
    flask = Flask("ib-trading", static_folder=None)
    flask.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    flask.url_map.strict_slashes = False
    by_name = {intent.name: intent for intent in intents}
    for declared in INTENTS:
        flask.add_url_rule(
            f"/{declared.name}",
            endpoint=declared.name,
            view_func=_view(by_name[declared.name]),
            methods=[declared.method],
        )
    flask.add_url_rule("/health", view_func=_health)
    flask.add_url_rule("/ready", endpoint="ready", view_func=lambda: _ready(services))
    flask.add_url_rule("/", endpoint="front", view_func=lambda: _front(services))
    add_error_handlers(flask, services.mode)
    _log_each_request(flask, services)
    return flask


def _view(intent: Intent) -> Callable[[], Response]:
    def view() -> Response:
        parsed = parse_request(request, intent.request_type)
        call = Call(g.run_id, parsed, idempotency_key(request), wants_lines(request))
        return _http(intent.answer(call))

    return view


def _http(answer: Answer) -> Response:
    if answer.lines is not None:
        return Response(answer.lines, answer.status, content_type=NDJSON)
    content_type = "application/json" if answer.status < 400 else PROBLEM_JSON
    response = Response(answer.body, answer.status, content_type=content_type)
    if answer.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _health() -> Response:
    return Response(canonical_json({"status": "up"}), content_type="application/json")


def _ready(services: Services) -> Response:
    asked = dependencies(services)
    ready = all(dependency.ready for dependency in asked)
    body = canonical_json({"ready": ready, "tradingMode": services.mode.value, "dependencies": asked})
    return Response(body, 200 if ready else 503, content_type="application/json")


def _front(services: Services) -> Response:
    """A plain page that links to what can be read."""
    links = [intent.name for intent in INTENTS if intent.method == "GET"] + ["ready", "health"]
    items = "".join(f'<li><a href="/{name}">{name}</a></li>' for name in links)
    title = f"ib-trading, {services.mode.value}"
    page = f"<!doctype html><html lang=en><title>{title}</title><h1>{title}</h1><ul>{items}</ul></html>"
    return Response(page, content_type="text/html; charset=utf-8")


def _log_each_request(flask: Flask, services: Services) -> None:
    @flask.before_request
    def begin() -> None:
        g.run_id = uuid.uuid4().hex
        g.started = time.perf_counter()

    @flask.after_request
    def end(response: Response) -> Response:
        log.info(
            "%s %s %s",
            request.method,
            request.path,
            response.status_code,
            extra={
                "runId": g.run_id,
                "tradingMode": services.mode.value,
                "intent": request.path.strip("/"),
                "status": response.status_code,
                "seconds": round(time.perf_counter() - g.started, 3),
                "replayed": "Idempotency-Replayed" in response.headers,
            },
        )
        return response
