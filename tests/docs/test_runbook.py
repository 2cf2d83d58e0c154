"""The runbook quotes what the service says: whoever searches it for the sentence in front of him finds it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ib_trading.adapters.ib.gateway.states import Condition, Failure, State
from ib_trading.schema.log_events import SECOND_FACTOR_NEEDED

RUNBOOK = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text()
FLOWING = " ".join(RUNBOOK.split())
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_every_quoted_sentence_is_one_that_the_service_says() -> None:
    said = " ".join(Condition(State.FAILED, NOW, failure, "…").sentence for failure in Failure).lower()
    quoted = re.findall(r'"([^"]+)"', re.sub(r"`[^`]*`", "", FLOWING))
    assert len(quoted) >= 8
    assert [text for text in quoted if text.lower() not in said] == []


def test_every_state_that_is_quoted_exists_and_the_alert_too() -> None:
    for state in (State.WAITING_FOR_SECOND_FACTOR, State.STARTING, State.LOGGING_IN, State.FAILED):
        assert f"`{state.value}`" in RUNBOOK
    assert f"`{SECOND_FACTOR_NEEDED}`" in RUNBOOK


@pytest.mark.parametrize(
    "failure", [Failure.REFUSED, Failure.LOCKED, Failure.TAKEN_OVER, Failure.NOT_STARTED, Failure.HANGS]
)
def test_every_failure_that_needs_a_person_is_in_the_runbook(failure: Failure) -> None:
    quoted = re.findall(r'"([^"]+)"', re.sub(r"`[^`]*`", "", FLOWING))
    sentence = Condition(State.FAILED, NOW, failure, "…").sentence.lower()
    assert any(text.lower() in sentence for text in quoted)
