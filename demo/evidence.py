"""The demonstration for a machine: every request and response, the simulator's record, the checks and the seconds.

    {"steps": [{"name", "request": {"method", "path", "headers", "body"},
                "response": {"status", "headers", "body"}, "seconds"}],
     "control": what GET /state of the simulator showed at the end, without its message log,
     "checks": [{"name", "passed", "detail"}], "phases": {name: seconds}}

A body is the JSON that was sent (null for none, an array for one that came line by line), every figure digit for
digit and every key in its place: written without white space, a response's body is the same bytes again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from demo.checks import Check
from demo.exchanges import NDJSON, Exchange, Response, read_json


def write_evidence(
    file: Path,
    exchanges: Sequence[Exchange],
    control: Mapping[str, Any],
    checks: Sequence[Check],
    seconds: Mapping[str, float],
) -> None:
    document = {
        "steps": [_step(exchange) for exchange in exchanges],
        "control": control,
        "checks": [{"name": each.name, "passed": each.passed, "detail": each.detail} for each in checks],
        "phases": {phase: round(spent, 3) for phase, spent in seconds.items()},
    }
    file.write_text(exact_json(document) + "\n", encoding="utf-8")


def exact_json(value: object) -> str:
    """Compact JSON with Decimals as numbers, which the standard library's encoder cannot write unrounded."""
    match value:
        case Decimal():
            return format(value, "f")
        case Mapping():
            return (
                "{" + ",".join(f"{_text(str(key))}:{exact_json(item)}" for key, item in value.items()) + "}"
            )
        case list() | tuple():
            return "[" + ",".join(map(exact_json, value)) + "]"
        case _:
            return _text(value)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _step(exchange: Exchange) -> dict[str, object]:
    request, response = exchange.request, exchange.response
    return {
        "name": exchange.name,
        "request": {
            "method": request.method,
            "path": request.path,
            "headers": request.headers,
            "body": read_json(request.body) if request.body else None,
        },
        "response": {"status": response.status, "headers": response.headers, "body": _body(response)},
        "seconds": round(exchange.seconds, 3),
    }


def _body(response: Response) -> object:
    return response.lines if response.headers.get("content-type") == NDJSON else response.document
