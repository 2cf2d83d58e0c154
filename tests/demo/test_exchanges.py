"""What the service said is kept exactly."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.evidence import exact_json, write_evidence
from demo.exchanges import NDJSON, Exchange, Request, Response, raw_member, read_json
from demo.recorded_closes import read_recorded_closes

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(max_examples=50)
@given(st.dictionaries(st.text(), values, min_size=1), st.sampled_from([None, 1]), st.data())
def test_a_member_is_found_as_it_was_written(
    document: dict[str, object], indent: int | None, data: st.DataObject
) -> None:
    """Whatever stands around it, and however it is spaced: what is cut out reads as the member."""
    name = data.draw(st.sampled_from(sorted(document)))
    assert json.loads(raw_member(json.dumps(document, indent=indent), name)) == document[name]


def test_a_member_keeps_its_spelling() -> None:
    """Equal plans that are spelled differently are not the same bytes."""
    assert raw_member('{"a": {"b":1.50},"plan":{ "x":1e2 }}', "plan") == '{ "x":1e2 }'


def test_a_member_that_is_not_there_is_an_error() -> None:
    """Two missing plans are not two equal plans."""
    with pytest.raises(KeyError, match="plan"):
        raw_member('{"a":{"plan":1}}', "plan")


def test_evidence_writes_a_response_as_the_same_bytes() -> None:
    """No figure passes through a binary fraction."""
    text = '{"price":0.1,"long":1234567890.123456789012,"small":0.0000001,"name":"Zürich","none":null,"yes":true}'
    assert exact_json(read_json(text)) == text


def test_evidence_has_every_step_with_request_and_response(tmp_path: Path) -> None:
    """An answer that came line by line is an array of its lines."""
    request = Request("POST", "/collect-market-data", {"Accept": NDJSON}, '{"strategies": ["trend"]}')
    response = Response(200, {"content-type": NDJSON}, '{"done":1}\n{"stored":2}\n')
    write_evidence(
        tmp_path / "e.json", [Exchange("collect", request, response, 0.5)], {"time": "now"}, (), {"a": 1.0}
    )
    written = json.loads((tmp_path / "e.json").read_text())
    assert written["steps"] == [
        {
            "name": "collect",
            "request": {
                "method": "POST",
                "path": "/collect-market-data",
                "headers": {"Accept": NDJSON},
                "body": {"strategies": ["trend"]},
            },
            "response": {
                "status": 200,
                "headers": {"content-type": NDJSON},
                "body": [{"done": 1}, {"stored": 2}],
            },
            "seconds": 0.5,
        }
    ]
    assert written["control"] == {"time": "now"}


def test_recorded_closes_are_read_as_they_are_spelled() -> None:
    """With all their decimals: the simulator's ticks are what is compared with them."""
    file = Path(__file__).parents[2] / "simulator/ib_trading_simulator/data" / "us-stocks" / "days.csv.gz"
    recorded = read_recorded_closes(file)
    assert recorded.close("AAPL", recorded.days[0]) == Decimal("0.264")
    assert len(recorded.closes) == 21
