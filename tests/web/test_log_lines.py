"""One record is one line of the log, whoever reads it, and whatever a caller has written into it."""

from __future__ import annotations

import io
import json
import logging
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import structlog

from ib_trading.core.order_state import OrderState
from ib_trading.logs import JsonLines
from tests.captured import read, written


@pytest.mark.parametrize("end", ["\n", "\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"])
def test_a_callers_text_ends_no_line_of_the_log(end: str) -> None:
    """A refusal's line repeats what was asked for; some readers end a line at more than a line feed."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    record = logging.makeLogRecord({"msg": "refused", "detail": f"unknown strategy 'a{end}b'"})
    handler.emit(record)
    [line] = stream.getvalue().splitlines()
    assert json.loads(line)["detail"] == f"unknown strategy 'a{end}b'"


def test_what_a_library_says_and_what_the_service_says_have_one_form() -> None:
    with written() as stream:
        logging.getLogger("library").error("%s of %s", 1, 2, extra={"code": 502})
        structlog.stdlib.get_logger("app.x").error("1 of 2", code=502)
    library, own = read(stream)
    assert {**library, "time": "", "logger": ""} == {**own, "time": "", "logger": ""}
    assert list(own)[:4] == ["severity", "message", "logger", "time"]
    assert (own["severity"], own["message"]) == ("ERROR", "1 of 2")


def test_figures_and_instants_are_spelled_as_in_an_answer() -> None:
    told = {"price": Decimal("1.50"), "many": Decimal("1E+3"), "at": datetime(2024, 1, 2, tzinfo=UTC)}
    with written() as stream:
        structlog.stdlib.get_logger("app.x").info(
            "order", state=OrderState.PARTLY_FILLED, of={1: (2,)}, **told
        )
    line = stream.getvalue()
    assert '"price":1.5,' in line and '"many":1000,' in line and '"at":"2024-01-02T00:00:00Z"' in line
    assert '"state":"partly_filled"' in line and '"of":{"1":[2]}' in line


@pytest.mark.parametrize(
    "value", [Decimal("NaN"), float("inf"), object(), "half a pair: \ud83d", {3}, 2**100]
)
def test_no_value_costs_the_line(value: object) -> None:
    with written() as stream:
        structlog.stdlib.get_logger("app.x").info("order", value=value)
    [line] = read(stream)
    assert "value" in line


def test_an_exception_is_told_with_its_trace() -> None:
    with written() as stream:
        try:
            raise KeyError("gone")
        except KeyError:
            structlog.stdlib.get_logger("app.x").exception("not written")
    [line] = read(stream)
    assert line["severity"] == "ERROR" and line["trace"].endswith("KeyError: 'gone'")
