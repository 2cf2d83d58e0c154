"""The rules that no JSON Schema can express: the only refusals (400) of well-formed requests that are no failure.

schemathesis loads this file (`hooks` in its configuration). What is refused for another reason is a failure of the
check `positive_data_acceptance`: then either the document promises too much or the service takes too little.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import schemathesis

ORDERS = ("/allocation", "/close-all")
COLLECTING = ("/collect-market-data",)


@dataclass(frozen=True, slots=True)
class Unspeakable:
    """A refusal by its path, the member that it names and a pattern of its words; `why` no schema says it."""

    paths: tuple[str, ...]
    member: str
    words: str
    why: str


UNSPEAKABLE = (
    Unspeakable(ORDERS, "orderProperties.goodAfterTime", "has passed", "a schema knows no present"),
    Unspeakable(ORDERS, "orderProperties.goodAfterTime", "by a clock change", "nor the laws on summer time"),
    Unspeakable(COLLECTING, "since", "is after until", "nor how two members compare"),
    Unspeakable(COLLECTING, r"(?s).*\(STK, SMART, USD\)", "there is none", "nor what the broker trades"),
)


def is_unspeakable(path: str, problem: Any) -> bool:
    """Whether everything that `problem` complains of is such a rule's."""
    errors = problem.get("errors", [])
    return bool(errors) and all(
        any(
            path in rule.paths
            and re.fullmatch(rule.member, error["path"])
            and re.search(rule.words, error["message"])
            for rule in UNSPEAKABLE
        )
        for error in errors
    )


@schemathesis.hook
def filter_failure(
    context: schemathesis.HookContext, failure: Any, case: schemathesis.Case, response: schemathesis.Response
) -> bool:
    """Whether a failed check is one."""
    refused = type(failure).__name__ == "RejectedPositiveData" and response.status_code == 400
    return not (refused and is_unspeakable(case.path, response.json()))


@schemathesis.hook
def map_case(context: schemathesis.HookContext, case: schemathesis.Case) -> schemathesis.Case:
    """Well-formed requests for shorter bars want one day of one stock: at the broker's pace all of them take hours."""
    well_formed = case.meta is not None and case.meta.generation.mode.is_positive
    if not (case.path in COLLECTING and well_formed and isinstance(case.body, dict)):
        return case
    if case.body.get("barSize") not in {None, "1 day"}:
        one_day: dict[str, Any] = {"instruments": ["AAPL"], "since": "2019-05-31", "until": "2019-05-31"}
        case.body = case.body | one_day | {"strategies": None}
    return case


@schemathesis.deserializer("application/x-ndjson")
def lines(context: schemathesis.DeserializationContext, response: schemathesis.Response) -> list[Any]:
    """Every line is judged by the document, not only the status."""
    return [json.loads(line) for line in response.content.splitlines()]
