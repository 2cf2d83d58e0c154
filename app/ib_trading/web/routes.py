"""Decides which URL is what: an intent each under its name, and the few paths about the service itself."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator

import structlog
from flask import Flask, Response, g, request

from ib_trading.core.canonical import canonical_json
from ib_trading.intents.intent import Answer, Call
from ib_trading.intents.services import Services
from ib_trading.schema.known_types import ready
from ib_trading.schema.log_events import RunEvent
from ib_trading.web.endpoint import Endpoint
from ib_trading.web.error_handlers import PROBLEM_JSON, add_error_handlers, say_refused
from ib_trading.web.health import Readiness, dependencies
from ib_trading.web.log_context import bind_call, bind_request, forget, kept
from ib_trading.web.metrics import CONTENT_TYPE, Metrics
from ib_trading.web.openapi import openapi
from ib_trading.web.recorded import Record, recorded
from ib_trading.web.requests import (
    MAX_BODY_BYTES,
    NDJSON,
    idempotency_key,
    parse_query,
    parse_request,
    scheduled_call,
    wants_lines,
)
from ib_trading.web.responses import as_lines, as_sent

log = structlog.stdlib.get_logger("app.request")


def create_app(services: Services, endpoints: tuple[Endpoint, ...]) -> Flask:
    """The Flask application over `services`, with a route for each of `endpoints`."""
    flask = Flask("ib-trading", static_folder=None)
    flask.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    flask.url_map.strict_slashes = False
    for endpoint in endpoints:
        # Before the first requests, which may come together.
        ready(endpoint.intent.request_type)
        flask.add_url_rule(
            endpoint.rule,
            endpoint=endpoint.intent.name,
            view_func=_view(services, endpoint),
            methods=[endpoint.method],
        )
    flask.add_url_rule("/health", endpoint="health", view_func=_health)
    flask.add_url_rule("/ready", endpoint="ready", view_func=lambda: _ready(services))
    flask.add_url_rule("/openapi.json", endpoint="openapi", view_func=lambda: _openapi(services, endpoints))
    metrics = Metrics(services)
    flask.add_url_rule("/metrics", endpoint="metrics", view_func=lambda: _metrics(metrics))
    flask.add_url_rule("/", endpoint="front", view_func=lambda: _front(services, endpoints))
    add_error_handlers(flask, services.responses)
    _log_each_request(flask, services, metrics)
    return flask


def _view(services: Services, endpoint: Endpoint) -> Callable[..., Response]:
    intent, responses = endpoint.intent, services.responses

    def answered(places: dict[str, str], record: Record | None) -> Answer:
        if endpoint.takes_body:
            parsed = parse_request(request, intent.request_type)
        else:
            parsed = parse_query(request, places, intent.request_type)
        if record is not None:
            record.dry_run = getattr(parsed, "dry_run", False)
        key = idempotency_key(request)
        bind_call(parsed, key)
        return intent.answer(Call(g.run_id, parsed, key, wants_lines(request)))

    def view(**places: str) -> Response:
        if not endpoint.recorded:
            return told(answered(places, None))
        with recorded(services, intent.name, g.run_id, scheduled_call(request)) as record:
            answer = answered(places, record)
            if answer.lines is not None:
                told_why = _saying_why(answer.lines, request.path)
                lines = record.lines(as_lines(told_why, g.run_id, responses))
                return Response(kept(lines), content_type=NDJSON)
            response = told(answer)
            record.outcome, record.replayed = response.status_code, answer.replayed
        return response

    def told(answer: Answer) -> Response:
        if answer.refusal is not None:
            g.level = say_refused(answer.refusal, request.path)
        sent = as_sent(answer, g.run_id, responses)
        content_type = "application/json" if responses.succeeded(sent.status) else PROBLEM_JSON
        response = Response(sent.body, sent.status, content_type=content_type)
        if answer.replayed:
            response.headers["Idempotency-Replayed"] = "true"
        return response

    return view


def _saying_why(answers: Iterator[Answer], path: str) -> Iterator[Answer]:
    """`answers`; the log hears of what the status line, long gone, can no longer say."""
    for answer in answers:
        if answer.refusal is not None:
            say_refused(answer.refusal, path)
        yield answer


def _health() -> Response:
    return Response(canonical_json({"status": "up"}), content_type="application/json")


def _ready(services: Services) -> Response:
    asked = dependencies(services)
    ready = all(dependency.ready for dependency in asked)
    body = canonical_json(Readiness(ready, services.mode.value, asked))
    return Response(body, 200 if ready else 503, content_type="application/json")


def _openapi(services: Services, endpoints: tuple[Endpoint, ...]) -> Response:
    return Response(canonical_json(openapi(services, endpoints)), content_type="application/json")


def _front(services: Services, endpoints: tuple[Endpoint, ...]) -> Response:
    """A plain page that links to what can be read; also where another path comes before it, as the dashboard's."""
    links = [e.path.strip("/") for e in endpoints if e.method == "GET" and not e.places]
    links += ["ready", "health", "metrics", "openapi.json"]
    items = "".join(f'<li><a href="{name}">{name}</a></li>' for name in links)
    title = f"ib-trading, {services.mode.value}"
    page = f"<!doctype html><html lang=en><title>{title}</title><h1>{title}</h1><ul>{items}</ul></html>"
    return Response(page, content_type="text/html; charset=utf-8")


def _metrics(metrics: Metrics) -> Response:
    return Response(metrics.text(), content_type=CONTENT_TYPE)


def _log_each_request(flask: Flask, services: Services, metrics: Metrics) -> None:
    @flask.before_request
    def begin() -> None:
        g.run_id = uuid.uuid4().hex
        g.started = time.perf_counter()
        g.level = logging.INFO
        bind_request(request, services, g.run_id)

    @flask.after_request
    def end(response: Response) -> Response:
        seconds = time.perf_counter() - g.started
        metrics.answered(request.endpoint or "unknown", response.status_code, seconds)
        log.log(
            g.level,
            RunEvent.REQUEST,
            method=request.method,
            path=request.path,
            status=response.status_code,
            seconds=round(seconds, 3),
            replayed="Idempotency-Replayed" in response.headers,
        )
        return response

    @flask.teardown_request
    def done(_: BaseException | None) -> None:
        forget()
