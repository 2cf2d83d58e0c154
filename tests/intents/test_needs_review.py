"""A person is called when an order's fate is unknown, and for nothing else: the alert looks for this one line."""

from __future__ import annotations

import pytest

from ib_trading.core.journal import RunState
from ib_trading.intents.needs_review import call_a_person
from ib_trading.schema.log_events import NEEDS_REVIEW
from tests.contracts.samples import a_run


@pytest.mark.parametrize("state", RunState)
def test_only_a_run_that_needs_review_calls_a_person(
    state: RunState, caplog: pytest.LogCaptureFixture
) -> None:
    call_a_person(a_run("r-1", state=state))
    told = [(record.message, record.levelname, vars(record)["runId"]) for record in caplog.records]
    assert told == ([(NEEDS_REVIEW, "ERROR", "r-1")] if state is RunState.NEEDS_REVIEW else [])
