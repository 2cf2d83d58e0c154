"""Log lines as Cloud Logging reads them: one JSON object a line on stdout, `severity` and `message` first.

Everything takes this one way: what the service says through structlog, with what is bound to the call (its run id,
intent, key and trace), and what libraries say through `logging`. Values under a name that smells of a secret are
masked, whoever logs or binds them. What is said of a trade, and when, intents/story.py decides.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor

from ib_trading.core.canonical import instant, plain

SECRET_NAME = re.compile(r"passw|secret|token|credential|authorization|api_?key", re.IGNORECASE)
MASK = "[masked]"
_LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}
"""What JSON leaves as it is and some readers of lines take for the end of one: a caller's text may hold it."""

BOUND = ("runId", "settledBy", "tradingMode", "intent", "key", "dryRun")

SAID: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
)
"""What a line gets where it is said: on its thread, in its call, at its instant."""


def say_through_logging(*, kept: bool = False) -> None:
    """What structlog is told goes to `logging`, with what is bound: from there a handler takes it, and pytest. `kept`:
    a module's logger is made once, and no later configuration reaches it."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SAID,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=kept,
    )


def log_as_json(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """All logging of this process goes to `stream` (stdout) in this form."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    say_through_logging(kept=True)


class JsonLines(structlog.stdlib.ProcessorFormatter):
    """A record's `extra` members, and all that structlog was told, become members of the line. It is written where the
    handler does: a value that cannot be spelled costs its line and never the run that said it."""

    def __init__(self) -> None:
        super().__init__(
            foreign_pre_chain=[*SAID, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.ExceptionRenderer(),
                _named_for_cloud_logging,
                _written,
            ],
        )


def _named_for_cloud_logging(_: Any, __: str, line: EventDict) -> EventDict:
    """`severity` and `message` as its structured logs have them (https://cloud.google.com/logging/docs/structured-logging),
    a traceback as `trace`. What is the same in all lines of a call comes before what one of them tells."""
    first = {
        "severity": str(line.pop("level")).upper(),
        "message": line.pop("event"),
        "logger": line.pop("logger"),
        "time": line.pop("time"),
    }
    first |= {name: line.pop(name) for name in BOUND if name in line}
    trace = {"trace": line.pop("exception")} if "exception" in line else {}
    return {**first, **line, **trace}


def _written(_: Any, __: str, line: EventDict) -> str:
    text = msgspec.json.encode(_spelled(line)).decode()
    return text if text.isascii() else text.translate(_LINE_ENDS)


def _spelled(value: object, name: str = "") -> object:
    """Masked where `name`, the member's, smells of a secret. Figures, instants and members of an enum as
    core/canonical.py writes them in answers and plans; of what JSON does not know, what it says of itself."""
    if name and SECRET_NAME.search(name):
        return MASK
    match value:
        case Enum():
            return _spelled(value.value)
        case str():
            # Half of a surrogate pair is no text that could be written.
            return value if value.isascii() else value.encode(errors="backslashreplace").decode()
        case None | bool() | int() | float():
            return value
        case Decimal():
            return msgspec.Raw(plain(value).encode()) if value.is_finite() else str(value)
        case datetime() if value.tzinfo is not None:
            return instant(value)
        case Mapping():
            return {str(key): _spelled(item, str(key)) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_spelled(item) for item in value]
    return _spelled(str(value))
