"""collect-market-data in lines (application/x-ndjson): each line is what /openapi.json says that a line is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from ib_trading_simulator.launch import Launched
from tests.service import START, ServiceUnderTest, closed_port

NDJSON = "application/x-ndjson"


@pytest.fixture
def simulator() -> Iterator[Launched]:
    with Launched.start("--clock", "virtual", "--start", START) as running:
        yield running


def lines(service: ServiceUnderTest, **members: Any) -> list[Any]:
    """The answer's lines, each with the schemas of /openapi.json that it fits under "fits"."""
    reply = service.post("/collect-market-data", members, Accept=NDJSON)
    assert (reply.status, reply.headers["Content-Type"]) == (200, NDJSON)
    document = service.get("/openapi.json").body
    content = document["paths"]["/collect-market-data"]["post"]["responses"]["200"]["content"]
    kinds = [option["$ref"].rpartition("/")[2] for option in content[NDJSON]["schema"]["items"]["anyOf"]]
    validators = {
        kind: jsonschema_rs.Draft202012Validator(
            {"$ref": f"#/components/schemas/{kind}", "components": document["components"]}
        )
        for kind in kinds
    }
    told = [json.loads(line) for line in reply.text.splitlines()]
    return [
        line | {"fits": [kind for kind, judge in validators.items() if judge.is_valid(line)]} for line in told
    ]


def test_a_line_an_instrument_and_then_the_totals(tmp_path: Path, simulator: Launched) -> None:
    told = lines(ServiceUnderTest.over(tmp_path, simulator.port), instruments=["KO", "AAPL"])
    assert [line["fits"] for line in told] == [["ProgressLine"], ["ProgressLine"], ["Totals"]]
    assert [(line["localSymbol"], line["done"], line["of"]) for line in told[:2]] == [
        ("KO", 1, 2),
        ("AAPL", 2, 2),
    ]
    assert told[-1]["stored"] == told[0]["stored"] + told[1]["stored"] > 0


def test_the_last_line_is_totals_and_problem_where_an_instrument_failed(
    tmp_path: Path, simulator: Launched
) -> None:
    """The status line said 200 long before: a reader of lines learns of the failure from the last one only."""
    simulator.fault({"do": "refuse", "code": 162, "text": "no permission"}, message="reqHistoricalData")
    told = lines(ServiceUnderTest.over(tmp_path, simulator.port), instruments=["KO"])
    assert [line["fits"] for line in told] == [["ProgressLine"], ["Totals", "Problem"]]
    assert (told[-1]["status"], told[-1]["failed"]) == (502, 1)


def test_the_only_line_is_a_problem_where_there_is_no_gateway(tmp_path: Path) -> None:
    (last,) = lines(ServiceUnderTest.over(tmp_path, closed_port()), instruments=["KO"])
    assert (last["fits"], last["status"]) == (["Problem"], 503)
