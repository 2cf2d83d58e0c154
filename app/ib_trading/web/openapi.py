"""The OpenAPI 3.1 document, made from the same typed requests and results that the code parses and encodes.

Decides how those types look once they are JSON: camelCase names, and a Decimal is a number (core/canonical.py).
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

from ib_trading.core.canonical import camel
from ib_trading.core.plan import Plan
from ib_trading.core.positions import UNASSIGNED
from ib_trading.core.refusals import Refusal, RequestError, StoreUnavailable, kinds
from ib_trading.intents.collect_market_data import CollectMarketData, ProgressLine, Totals
from ib_trading.intents.services import Services
from ib_trading.intents.trading_result import TradingResult
from ib_trading.schema.known_types import json_schemas
from ib_trading.schema.request_body import KEY_PATTERN
from ib_trading.web.endpoint import Endpoint
from ib_trading.web.error_handlers import PROBLEM_JSON
from ib_trading.web.health import Readiness
from ib_trading.web.problems import PROBLEMS, BodyTooLarge, Bug, UnsupportedBody
from ib_trading.web.request_schema import with_rules
from ib_trading.web.requests import NDJSON
from ib_trading.web.version import VERSION

REF = "#/components/schemas/{name}"
PROBLEM = {
    "type": "object",
    "description": "RFC 9457. A refusal may carry more: the plan and its limits, or each order's state.",
    "required": ["type", "title", "status", "detail", "runId", "tradingMode"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "runId": {"type": "string"},
        "tradingMode": {"enum": ["paper", "live"]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "message"],
                "properties": {"path": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}

LINES = {
    "description": "One document a line; as in OpenAPI 3.2 they count as an array. The last one has the totals, with a"
    " problem's members if an instrument failed, or is the problem that stopped the work.",
    "type": "array",
    "items": {
        "anyOf": [
            {"$ref": REF.format(name=name)} for name in (ProgressLine.__name__, Totals.__name__, "Problem")
        ]
    },
}


def openapi(services: Services, endpoints: tuple[Endpoint, ...]) -> dict[str, Any]:
    """The document as JSON-ready values; its strategy names are those that may be asked for now."""
    schemas = _schemas(services, endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"ib-trading, {services.mode.value}", "version": VERSION},
        "paths": paths | _service_paths(),
        "components": {"schemas": schemas},
    }


def _schemas(services: Services, endpoints: tuple[Endpoint, ...]) -> dict[str, Any]:
    requests = {endpoint.intent.request_type for endpoint in endpoints}
    strategies = _strategy_names(services)
    types = [
        *requests,
        *(endpoint.intent.result_type for endpoint in endpoints),
        ProgressLine,
        Totals,
        Readiness,
    ]
    schemas = {name: as_written(schema) for name, schema in json_schemas(types, REF).items()}
    # The plan's members stand beside the result's own: TradingResult.members().
    plan, result = schemas[Plan.__name__], schemas[TradingResult.__name__]
    result["properties"] = plan["properties"] | result["properties"]
    result["required"] = sorted({*plan["required"], *result["required"]})
    for request in requests:
        named = schemas[request.__name__]["properties"].get("strategies")
        for option in named.get("anyOf", [named]) if named else ():
            if option.get("type") == "array":
                option["items"] = {"enum": strategies}
    return with_rules(schemas) | {"Problem": PROBLEM}


def _strategy_names(services: Services) -> list[str]:
    """Those that are configured, or hold something; what cannot be read now is left out."""
    names: set[str] = set()
    with suppress(Refusal):
        names.update(services.config.read().exposure.strategies)
    with suppress(Refusal):
        names.update(services.ledger.holdings())
    return sorted(names - {UNASSIGNED})


def as_written(schema: Any) -> Any:
    """A JSON schema of msgspec's as core/canonical.py writes values of that type."""
    if isinstance(schema, list):
        return [as_written(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "decimal":
        return {"type": "number"} | {k: v for k, v in schema.items() if k not in {"type", "format"}}
    written = {key: as_written(value) for key, value in schema.items() if key != "title"}
    if isinstance(schema.get("properties"), dict):
        written["properties"] = {camel(k): as_written(v) for k, v in schema["properties"].items()}
        written["required"] = [camel(name) for name in schema.get("required", ())]
    return written


def _operation(endpoint: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    intent = endpoint.intent
    request, result = intent.request_type.__name__, intent.result_type.__name__
    refusals: list[type[Refusal]] = [Bug, RequestError, *intent.refusals]
    operation: dict[str, Any] = {
        "operationId": intent.name,
        "summary": summary(intent),
        "parameters": _parameters(endpoint, schemas[request]),
    }
    if endpoint.takes_body:
        refusals += [UnsupportedBody, BodyTooLarge]
        operation["requestBody"] = {
            "required": bool(schemas[request].get("required")),
            "content": {"application/json": {"schema": _ref(request)}},
        }
    done: dict[str, Any] = {"application/json": {"schema": _ref(result)}}
    if isinstance(intent, CollectMarketData):
        done[NDJSON] = {"schema": LINES}
    responses: dict[str, Any] = {"200": {"description": "Done, also if that is nothing", "content": done}}
    if endpoint.keyed:
        responses["200"]["headers"] = {"Idempotency-Replayed": {"schema": {"const": "true"}}}
    titles: dict[int, dict[str, None]] = {}
    for problem in (PROBLEMS[kind] for refusal in refusals for kind in kinds(refusal)):
        titles.setdefault(problem.status, {})[problem.title] = None
    for status, said in sorted(titles.items()):
        responses[str(status)] = problem_response("; ".join(said))
    return operation | {"responses": responses}


def summary(intent: object) -> str:
    """What the intent's own file says it does, up to the first full stop."""
    told = (sys.modules[type(intent).__module__].__doc__ or "").partition(": ")[2]
    return " ".join(told.split()).partition(". ")[0].rstrip(".")


def problem_response(description: str) -> dict[str, Any]:
    return {"description": description, "content": {PROBLEM_JSON: {"schema": _ref("Problem")}}}


def _parameters(endpoint: Endpoint, request: dict[str, Any]) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = []
    if not endpoint.takes_body:
        for name, schema in request["properties"].items():
            in_path = name in endpoint.places
            required = in_path or name in request["required"]
            place = "path" if in_path else "query"
            parameters.append({"name": name, "in": place, "required": required, "schema": schema})
    if endpoint.keyed:
        key = {"type": "string", "pattern": f"^{KEY_PATTERN}$"}
        parameters.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": key})
    return parameters


def _service_paths() -> dict[str, Any]:
    """What is about the service itself."""

    def page(summary: str, content_type: str, schema: dict[str, Any], **others: Any) -> dict[str, Any]:
        responses = {"200": {"description": "Answered", "content": {content_type: {"schema": schema}}}}
        return {"get": {"summary": summary, "responses": responses | others}}

    text = {"type": "string"}
    readiness, unavailable = _ref(Readiness.__name__), PROBLEMS[StoreUnavailable]
    down = {"description": "Trading lacks something", "content": {"application/json": {"schema": readiness}}}
    up = {"type": "object", "required": ["status"], "properties": {"status": {"const": "up"}}}
    return {
        "/": page("A page with links", "text/html", text),
        "/health": page("Whether the process is up", "application/json", up),
        "/ready": page("Whether it could trade", "application/json", readiness, **{"503": down}),
        "/metrics": page(
            "Figures for Prometheus",
            "text/plain",
            text,
            **{str(unavailable.status): problem_response(unavailable.title)},
        ),
        "/openapi.json": page("This document", "application/json", {"type": "object"}),
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": REF.format(name=name)}
