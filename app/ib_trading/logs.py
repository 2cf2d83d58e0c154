"""Log lines as Cloud Logging reads them: one JSON object a line on stdout, `severity` and `message` first.

One canonical line a request carries everything worth searching for; anything else that libraries say comes out in
the same form. Values under a name that smells of a secret are masked, whoever logs them.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from typing import TextIO

SECRET_NAME = re.compile(r"passw|secret|token|credential|authorization|api_?key", re.IGNORECASE)
MASK = "[masked]"
_LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}
"""What JSON leaves as it is and some readers of lines take for the end of one: a caller's text may hold it."""
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """A record's `extra` members become members of the line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "severity": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info and record.exc_info[0] is not None:
            line["trace"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(masked(line), default=str, ensure_ascii=False).translate(_LINE_ENDS)


def masked(value: object, name: str = "") -> object:
    """`value` with every member masked whose name says that it is a secret."""
    if name and SECRET_NAME.search(name):
        return MASK
    if isinstance(value, dict):
        return {key: masked(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked(item) for item in value]
    return value


def log_as_json(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """All logging of this process goes to `stream` (stdout) in this form."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
