"""The record of a call: a log that fails takes no answer away, and hides no failure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest

from ib_trading.composition import build_services
from ib_trading.core.refusals import PlanRefused, StoreUnavailable
from ib_trading.intents.services import Services
from ib_trading.ports.activity_log import Activity
from ib_trading.web.recorded import recorded
from tests.captured import said
from tests.service import closed_port, settings


@dataclass(frozen=True)
class FailingLog:
    """An activity log that can neither be written nor read."""

    failure: Exception

    def append(self, activity: Activity) -> None:
        raise self.failure

    def latest(self, limit: int) -> tuple[Activity, ...]:
        raise self.failure

    def since(self, at: datetime) -> tuple[Activity, ...]:
        raise self.failure

    def first_at(self) -> datetime | None:
        raise self.failure


@pytest.fixture(params=[StoreUnavailable("away"), RuntimeError("Stream removed")], ids=["told", "unforeseen"])
def services(request: pytest.FixtureRequest, tmp_path: Path) -> Services:
    return replace(build_services(settings(tmp_path, closed_port())), activity=FailingLog(request.param))


def test_a_run_that_has_traded_answers_although_its_line_is_not_written(
    services: Services,
) -> None:
    """An unforeseen failure of Google's client became a 500 in place of the answer: the caller would have asked again,
    not knowing that orders were out."""
    with said() as lines, recorded(services, "allocation", "run-1", None) as record:
        record.outcome = 200
        answer = "traded"
    assert answer == "traded"
    assert "activity not written" in [line["event"] for line in lines]


def test_why_a_call_was_refused_is_told_although_its_line_is_not_written(services: Services) -> None:
    with pytest.raises(PlanRefused, match="too much"), recorded(services, "allocation", "run-1", None):
        raise PlanRefused("too much")


def test_all_lines_of_an_answer_leave_although_its_record_is_not_written(services: Services) -> None:
    with recorded(services, "collect-market-data", "run-1", None) as record:
        lines = record.lines(iter([b'{"done": 1}', b'{"status": 200}']))
    assert list(lines) == [b'{"done": 1}', b'{"status": 200}']
