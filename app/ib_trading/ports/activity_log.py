"""Where it is written down, for people and for alerts, that something was done: one line an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Activity:
    """`outcome` is the status that the caller got, which ports/response_format.py knows the meaning of; `facts` are
    JSON-ready figures about the run."""

    at: datetime
    intent: str
    run_id: str
    dry_run: bool
    outcome: int
    facts: Mapping[str, object]


class ActivityLog(Protocol):
    def append(self, activity: Activity) -> None: ...

    def latest(self, limit: int) -> tuple[Activity, ...]:
        """Newest first."""
        ...

    def since(self, at: datetime) -> tuple[Activity, ...]:
        """Those at `at` or later, newest first."""
        ...

    def first_at(self) -> datetime | None:
        """When the oldest one was; None while there is none."""
        ...
