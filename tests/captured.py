"""What was said in a test: each line's members as structlog has them, `event` and `log_level` among them, with what was
bound to the call; the lines themselves are logs.py's matter."""

from __future__ import annotations

import json
import logging
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from io import StringIO
from typing import Any

from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from ib_trading.logs import JsonLines

Line = Mapping[str, Any]


@contextmanager
def said() -> Generator[list[Any]]:
    """What is said within the block, on whatever thread."""
    with capture_logs(processors=[merge_contextvars]) as lines:
        yield lines


@contextmanager
def written(level: int = logging.INFO) -> Generator[StringIO]:
    """The lines that the service would write to stdout."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level)
    try:
        yield stream
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


def read(stream: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def named(lines: Iterable[Line], *events: str) -> list[Line]:
    """Those of these events, in the sequence in which they were said."""
    return [line for line in lines if line["event"] in events]


def levels(lines: Iterable[Line]) -> list[tuple[str, str]]:
    return [(line["event"], line["log_level"]) for line in lines]
