"""Writes down every call of an intent: also a refused one, a dry-run, and one whose answer comes line by line.

The activity log is what schedule-check reads, so a scheduler's own name for the call is kept with it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from ib_trading.core.refusals import Refusal
from ib_trading.intents.services import Services
from ib_trading.ports.activity_log import Activity
from ib_trading.web.problems import problem_of

CALLER_LEFT = 499
"""Outcome of a call whose caller hung up before the last line (nginx's number for it)."""

log = structlog.stdlib.get_logger("app.activity")


@dataclass(frozen=True, slots=True)
class ScheduledCall:
    """What Cloud Scheduler says of a call of its own: the job's name, and for when it was due (RFC 3339)."""

    job: str
    due: str


@dataclass(slots=True)
class Record:
    """One call under way. `outcome` is the HTTP status; 500 until something better is known."""

    services: Services
    intent: str
    run_id: str
    scheduled: ScheduledCall | None
    dry_run: bool = False
    replayed: bool = False
    outcome: int = 500
    detail: str = ""
    goes_on: bool = False
    """The answer is still being made when its first line leaves."""
    started: float = field(default_factory=time.perf_counter)

    def lines(self, lines: Iterator[bytes]) -> Generator[bytes]:
        """`lines`, and the record once the last one is out. The last one says what the status line no longer can."""
        self.goes_on = True
        self.outcome = CALLER_LEFT

        def told() -> Generator[bytes]:
            last = b"{}"
            try:
                for line in lines:
                    last = line
                    yield line
                self.outcome = json.loads(last).get("status", 200)
            finally:
                self.write()

        return told()

    def write(self) -> None:
        """The line in the log. What has been done stays done: a store that fails here, in whatever way, takes no answer
        away."""
        facts: dict[str, object] = {"seconds": round(time.perf_counter() - self.started, 3)}
        if self.scheduled:
            facts |= {"job": self.scheduled.job, "due": self.scheduled.due}
        if self.replayed:
            facts["replayed"] = True
        if self.detail:
            facts["detail"] = self.detail
        now = self.services.clock.now()
        activity = Activity(now, self.intent, self.run_id, self.dry_run, self.outcome, facts)
        try:
            self.services.activity.append(activity)
        except Exception:  # a 500 in its place would have the caller ask again for what has been done
            log.exception("activity not written", runId=self.run_id, intent=self.intent)


@contextmanager
def recorded(
    services: Services, intent: str, run_id: str, scheduled: ScheduledCall | None
) -> Generator[Record]:
    """A record of the call that the block answers, written when it ends, however it ends."""
    record = Record(services, intent, run_id, scheduled)
    try:
        yield record
    except Refusal as refusal:
        record.outcome, record.detail = problem_of(refusal).status, refusal.detail
        raise
    finally:
        if not record.goes_on:
            record.write()
