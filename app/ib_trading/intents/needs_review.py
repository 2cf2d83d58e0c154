"""Calls a person when a run has just ended with an order whose fate no rule explains."""

from __future__ import annotations

import logging

from ib_trading.core.journal import Run, RunState
from ib_trading.schema.log_events import NEEDS_REVIEW

log = logging.getLogger("app.review")


def call_a_person(run: Run) -> None:
    """Once, when `run` is written down in this state; nothing for a run in any other."""
    if run.state is RunState.NEEDS_REVIEW:
        log.error(NEEDS_REVIEW, extra={"runId": run.run_id, "intent": run.intent})
