"""Every message of app/ib_trading/schema/log_events.py is said by the service, those that somebody is woken for are
looked for by an alert, and each alert finds the lines that the service really writes."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from ib_trading.core.journal import RunState
from ib_trading.intents.story import run_ended
from ib_trading.ports.activity_log import Activity
from ib_trading.schema import log_events
from infra.components.alerts import ALERTS
from tests.captured import read, written
from tests.contracts.samples import a_run
from tests.infra.recorded import record
from tests.infra.stacks import deployed
from tests.service import STACK_FILE, ServiceUnderTest, closed_port

APP = Path(__file__).parents[2] / "app"
LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}
EVENTS = {name: text for name, text in vars(log_events).items() if name.isupper()}

NOBODY_IS_WOKEN: dict[str, str] = {}
"""Name → why no alert looks for it."""


def said(source: str) -> set[str]:
    """The names of constants that a module logs: `log.error(NEEDS_REVIEW, …)`, or has a kind of refusal logged as:
    `event=GATEWAY_NOT_READY`."""
    calls = [call for call in ast.walk(ast.parse(source)) if isinstance(call, ast.Call)]
    logged = [
        call.args[0]
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr in LEVELS and call.args
    ]
    logged += [word.value for call in calls for word in call.keywords if word.arg == "event"]
    return {each.id for each in logged if isinstance(each, ast.Name)}


@pytest.fixture(scope="module")
def filters() -> list[str]:
    """What the alerts and the metric of a stack look for."""
    found = record(deployed())
    watching = (*found.of("monitoring.AlertPolicy").values(), *found.of("logging.Metric").values())
    return [json.dumps(one.inputs) for one in watching]


@pytest.mark.parametrize("name", EVENTS)
def test_the_service_says_it(name: str) -> None:
    """A message that nobody logs any more would be an alert that never comes."""
    assert name in {each for path in APP.rglob("*.py") for each in said(path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("name", EVENTS)
def test_somebody_is_told(name: str, filters: list[str]) -> None:
    """`schedules_missing` was logged every hour and read by nothing: a scheduled run that was refused mailed nobody."""
    looked_for = any(json.dumps(f'jsonPayload.message="{EVENTS[name]}"')[1:-1] in text for text in filters)
    assert looked_for != (name in NOBODY_IS_WOKEN)


def test_what_is_only_imported_or_compared_is_not_said() -> None:
    assert said("from x import A, B\nif B == run: log.info('b')\nlog.error(A, x=1)") == {"A"}
    assert said("from x import C\nrow = Problem(503, event=C)\nother = Problem(title=D)") == {"C"}


def matches(filter_: str, line: Mapping[str, Any]) -> bool:
    """Whether Cloud Logging's filter finds an entry with this payload; of its language what the alerts use
    (https://cloud.google.com/logging/docs/view/logging-query-language)."""
    for term in filter_.split(" AND "):
        parts = re.fullmatch(r"jsonPayload\.(\w+)(=|>=)(.*)", term)
        assert parts is not None, f"this test does not know how to read {term}"
        had, asked = line.get(parts[1]), [json.loads(one) for one in parts[3].strip("()").split(" OR ")]
        if had not in asked if parts[2] == "=" else had is None or had < asked[0]:
            return False
    return True


def lines_that_wake(folder: Path) -> list[dict[str, Any]]:
    """Written by the service: a run that a person must look at, a gateway that is away, one that waits for a phone, and
    what the scheduler has missed."""
    every_minute = '    schedules: [{intent: allocation, cron: "* * * * *", timeZone: UTC}]\n'
    service = ServiceUnderTest.over(folder, closed_port(), stack_file=STACK_FILE + every_minute)
    with written() as stream:
        run_ended(a_run("run-1", state=RunState.NEEDS_REVIEW))
        service.post("/schedule-check")
        service.post("/allocation")
        earlier = service.services.clock.now() - timedelta(hours=1)
        service.services.activity.append(Activity(earlier, "allocation", "r", False, 200, {}))
        service.post("/schedule-check")
        structlog.stdlib.get_logger("app.gateway").warning(log_events.SECOND_FACTOR_NEEDED)
    return read(stream)


def test_each_alert_finds_its_line_among_those_that_the_service_writes(tmp_path: Path) -> None:
    lines = lines_that_wake(tmp_path)
    found = {
        alert.name: [line["message"] for line in lines if matches(alert.filter, line)] for alert in ALERTS
    }
    assert found == {
        "run-failed": ["request"],
        "needs-review": [log_events.NEEDS_REVIEW],
        "second-factor": [log_events.SECOND_FACTOR_NEEDED],
        "gateway-not-ready": [log_events.GATEWAY_NOT_READY],
        "schedules-missing": [log_events.SCHEDULES_MISSING],
    }
    assert log_events.SCHEDULES_OK in [line["message"] for line in lines]


def test_nobody_is_woken_for_what_only_tells_a_runs_story() -> None:
    assert set(EVENTS.values()).isdisjoint(log_events.RunEvent)
