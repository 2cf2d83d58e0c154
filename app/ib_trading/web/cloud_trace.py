"""Decides which members of a log line join it to the request's own line in Cloud Logging, and to its trace.

Cloud Run sets both headers (https://cloud.google.com/run/docs/trace): `traceparent` is W3C's, `X-Cloud-Trace-Context`
Google's older one, TRACE_ID/SPAN_ID;o=SAMPLED with the span in decimal (https://cloud.google.com/trace/docs/trace-context).
The members' names are those that a structured line is read by (https://cloud.google.com/run/docs/logging#correlate-logs,
https://cloud.google.com/logging/docs/structured-logging#special-payload-fields).
"""

from __future__ import annotations

import re
from typing import Protocol

_W3C = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_GOOGLE = re.compile(r"([0-9a-fA-F]{32})(?:/([0-9]{1,20}))?(?:;o=([0-9]+))?")


class Headers(Protocol):
    """A request's, found by whatever case."""

    def get(self, name: str, default: str, /) -> str: ...


def trace_members(headers: Headers, project_id: str) -> dict[str, object]:
    """Empty where the request names no trace, or nobody has said in which project it is."""
    found = _named(headers) if project_id else None
    if found is None:
        return {}
    trace, span, sampled = found
    members: dict[str, object] = {"logging.googleapis.com/trace": f"projects/{project_id}/traces/{trace}"}
    if 0 < span < 1 << 64:
        members["logging.googleapis.com/spanId"] = f"{span:016x}"
    return members | {"logging.googleapis.com/trace_sampled": sampled}


def _named(headers: Headers) -> tuple[str, int, bool] | None:
    """Trace, span (0 if none is told) and whether it is kept."""
    if found := _W3C.fullmatch(headers.get("traceparent", "")):
        return found[1], int(found[2], 16), bool(int(found[3], 16) & 1)
    if found := _GOOGLE.fullmatch(headers.get("X-Cloud-Trace-Context", "")):
        return found[1].lower(), int(found[2] or 0), found[3] == "1"
    return None
