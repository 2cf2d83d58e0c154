"""The service as a client sees it: HTTP requests and responses, each of them kept.

Decides how a request is sent and its response read, and that nothing of either is lost. What is asked and what an
answer means is decided in story.py.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ib_trading_simulator.launch import HOST

ANSWER_SECONDS = 300.0
"""How long the service may be silent within one answer."""

NDJSON = "application/x-ndjson"


class Unanswered(Exception):
    """The service ended the connection or was silent for too long."""


class Refused(Exception):
    """The service answered with another status than the one that was expected; the text has its own words."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Response:
    """`text` is the body byte for byte. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def lines(self) -> tuple[dict[str, Any], ...]:
        """The documents of a body that came line by line."""
        return tuple(read_json(line) for line in self.text.splitlines() if line)

    @property
    def document(self) -> dict[str, Any]:
        """The body as one JSON document, with exact figures; of several lines the last, which has the totals."""
        return self.lines[-1] if self.headers.get("content-type") == NDJSON else read_json(self.text)

    def member(self, name: str) -> str:
        """The text of one top-level member of the body, as it was sent."""
        return raw_member(self.text, name)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came back. `name` says what it was for, `seconds` how long it took."""

    name: str
    request: Request
    response: Response
    seconds: float


@dataclass(slots=True)
class Service:
    """The service at `port`. Every exchange stays in `exchanges`."""

    port: int
    exchanges: list[Exchange] = field(default_factory=list)

    def get(self, name: str, path: str) -> Response:
        return self._ask(name, Request("GET", path, {}, ""), None)

    def post(
        self,
        name: str,
        path: str,
        body: Mapping[str, object],
        *,
        key: str | None = None,
        on_line: Callable[[dict[str, Any]], None] | None = None,
    ) -> Response:
        """`key` is the Idempotency-Key; with `on_line` the answer is asked for line by line and each is handed over
        as it comes."""
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["Idempotency-Key"] = key
        if on_line is not None:
            headers["Accept"] = NDJSON
        return self._ask(name, Request("POST", path, headers, json.dumps(body)), on_line)

    def _ask(self, name: str, request: Request, on_line: Callable[[dict[str, Any]], None] | None) -> Response:
        start = time.perf_counter()
        connection = http.client.HTTPConnection(HOST, self.port, timeout=ANSWER_SECONDS)
        try:
            connection.request(request.method, request.path, request.body or None, dict(request.headers))
            answer = connection.getresponse()
            response = Response(
                answer.status,
                {name.lower(): value for name, value in answer.getheaders()},
                _body(answer, on_line),
            )
        except (OSError, http.client.HTTPException) as error:
            raise Unanswered(f"{request.method} {request.path}: {error or type(error).__name__}") from error
        finally:
            connection.close()
        self.exchanges.append(Exchange(name, request, response, time.perf_counter() - start))
        problem = response.document
        if response.status != 200 or "title" in problem:
            detail = problem.get("detail", response.text)
            raise Refused(
                f"{request.method} {request.path}: {response.status} {problem.get('title', '')}: {detail}"
            )
        return response


def read_json(text: str) -> dict[str, Any]:
    """A JSON document with its figures as Decimal, so that none is rounded."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def raw_member(text: str, name: str) -> str:
    """The text of member `name` of the JSON object `text`, character for character. KeyError if there is none."""
    decoder = json.JSONDecoder()
    position = _past(text, 0, "{")
    while not text.startswith("}", position):
        key, position = decoder.raw_decode(text, position)
        start = _past(text, position, ":")
        _, position = decoder.raw_decode(text, start)
        if key == name:
            return text[start:position]
        position = (
            _past(text, position, ",") if text[_blank(text, position)] == "," else _blank(text, position)
        )
    raise KeyError(name)


def _past(text: str, position: int, mark: str) -> int:
    """The position of what follows `mark`, which is next but for white space."""
    position = _blank(text, position)
    if text[position] != mark:
        raise ValueError(f"no JSON object: {text[position]!r} at {position} where {mark!r} belongs")
    return _blank(text, position + 1)


def _blank(text: str, position: int) -> int:
    while text[position : position + 1].isspace():
        position += 1
    return position


def _body(answer: http.client.HTTPResponse, on_line: Callable[[dict[str, Any]], None] | None) -> str:
    if on_line is None or answer.status != 200:
        return answer.read().decode()
    lines = []
    while line := answer.readline():
        lines.append(line.decode())
        on_line(read_json(lines[-1]))
    return "".join(lines)
