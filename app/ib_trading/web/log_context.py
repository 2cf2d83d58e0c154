"""What every log line of a call says of it, bound once: whose call it is, for which key, in which trace.

It is the thread's, or the task's, for as long as the call is worked on; an answer in lines is made after the request's
own end, and takes it along.
"""

from __future__ import annotations

from collections.abc import Generator
from contextvars import copy_context
from typing import Any

import structlog
from flask import Request

from ib_trading.intents.services import Services
from ib_trading.intents.story import shown_key
from ib_trading.schema.requests import Request as Parsed
from ib_trading.web.cloud_trace import trace_members


def bind_request(http: Request, services: Services, run_id: str) -> None:
    """Instead of whatever the thread's last call has left."""
    forget()
    structlog.contextvars.bind_contextvars(
        runId=run_id,
        tradingMode=services.mode.value,
        intent=http.path.strip("/"),
        **trace_members(http.headers, services.project_id),
    )


def bind_call(parsed: Parsed, key: str | None) -> None:
    """What only the parsed request says."""
    said: dict[str, Any] = {} if key is None else {"key": shown_key(key)}
    if (dry_run := getattr(parsed, "dry_run", None)) is not None:
        said["dryRun"] = dry_run
    structlog.contextvars.bind_contextvars(**said)


def forget() -> None:
    structlog.contextvars.clear_contextvars()


def kept(lines: Generator[bytes]) -> Generator[bytes]:
    """`lines`, each made in the context that the call has now, whoever asks for it and on which thread."""
    context = copy_context()

    def following() -> bytes | None:
        return next(lines, None)

    def each() -> Generator[bytes]:
        try:
            while (line := context.run(following)) is not None:
                yield line
        finally:
            context.run(lines.close)

    return each()
