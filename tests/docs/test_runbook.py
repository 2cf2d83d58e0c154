"""The runbook quotes what the service says: whoever searches it for the sentence in front of him finds it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from app.adapters.ib.gateway.states import Condition, Failure, State
from schema.log_events import SECOND_FACTOR_NEEDED

RUNBOOK = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text()
FLOWING = " ".join(RUNBOOK.split())
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_every_quoted_sentence_is_one_that_the_service_says() -> None:
    said = [Condition(State.FAILED, NOW, failure, "…").sentence for failure in Failure]
    quoted = [text.rstrip(".") for text in re.findall(r'(?<![:{,] )"([^"{}]{15,}?)"', FLOWING)]
    assert len(quoted) >= 6
    assert [text for text in quoted if not any(text.lower() in one.lower() for one in said)] == []


def test_every_state_that_is_quoted_exists_and_the_alert_too() -> None:
    for state in (State.WAITING_FOR_SECOND_FACTOR, State.STARTING, State.LOGGING_IN, State.FAILED):
        assert f"`{state.value}`" in RUNBOOK
    assert f"`{SECOND_FACTOR_NEEDED}`" in RUNBOOK


def test_every_failure_that_needs_a_person_is_in_the_runbook() -> None:
    for failure in (Failure.REFUSED, Failure.LOCKED, Failure.TAKEN_OVER, Failure.NOT_STARTED):
        words = Condition(State.FAILED, NOW, failure).sentence.split()[:4]
        assert any(" ".join(words[at : at + 3]).lower() in FLOWING.lower() for at in range(2)), failure
