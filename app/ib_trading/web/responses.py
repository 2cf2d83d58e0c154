"""Makes bytes of what happened, for an answer that leaves now and for one that is kept for its key: the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from ib_trading.core.canonical import canonical_json
from ib_trading.core.journal import StoredResponse
from ib_trading.core.mode import TradingMode
from ib_trading.core.refusals import Refusal
from ib_trading.intents.intent import Answer
from ib_trading.ports.response_format import ResponseFormat
from ib_trading.web.problems import problem_members, problem_of


@dataclass(frozen=True, slots=True)
class HttpResponses:
    """ports/response_format.py over HTTP: JSON, with a problem's members (RFC 9457) beside the result's."""

    mode: TradingMode

    def response(
        self, run_id: str, members: Mapping[str, object], refusal: Refusal | None = None
    ) -> StoredResponse:
        if refusal is None:
            return StoredResponse(HTTPStatus.OK, canonical_json(members))
        told = {"tradingMode": self.mode.value, **members, **problem_members(refusal, run_id)}
        return StoredResponse(problem_of(refusal).status, canonical_json(told))

    def succeeded(self, status: int) -> bool:
        return status < HTTPStatus.BAD_REQUEST


def as_sent(answer: Answer, run_id: str, responses: ResponseFormat) -> StoredResponse:
    """What leaves: as it is kept, where it is."""
    return answer.response or responses.response(run_id, answer.members, answer.refusal)


def as_lines(answers: Iterator[Answer], run_id: str, responses: ResponseFormat) -> Iterator[bytes]:
    """NDJSON: one document a line, as each comes."""
    for answer in answers:
        yield as_sent(answer, run_id, responses).body + b"\n"
