"""A person is called when an order's fate is unknown, and for nothing else: the alert looks for this one line."""

from __future__ import annotations

import pytest

from ib_trading.core.journal import RunState
from ib_trading.intents.story import run_ended
from ib_trading.schema.log_events import NEEDS_REVIEW
from tests.captured import named, said
from tests.contracts.samples import a_run


@pytest.mark.parametrize("state", RunState)
def test_only_a_run_that_needs_review_calls_a_person(state: RunState) -> None:
    with said() as lines:
        run_ended(a_run("r-1", state=state))
    told = [(line["log_level"], line["runId"]) for line in named(lines, NEEDS_REVIEW)]
    assert told == ([("error", "r-1")] if state is RunState.NEEDS_REVIEW else [])
