"""One record is one line of the log, whoever reads it, and whatever a caller has written into it."""

from __future__ import annotations

import io
import json
import logging

import pytest

from ib_trading.logs import JsonLines


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
