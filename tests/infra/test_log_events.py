"""Every message of app/ib_trading/schema/log_events.py is said by the service and looked for by an alert."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from ib_trading.schema import log_events
from tests.infra.recorded import record
from tests.infra.stacks import deployed

APP = Path(__file__).parents[2] / "app"
LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}
EVENTS = {name: text for name, text in vars(log_events).items() if name.isupper()}

NOBODY_IS_WOKEN: dict[str, str] = {}
"""Name → why no alert looks for it."""


def said(source: str) -> set[str]:
    """The names of constants that a module logs: `log.error(NEEDS_REVIEW, …)`."""
    return {
        call.args[0].id
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in LEVELS
        and call.args
        and isinstance(call.args[0], ast.Name)
    }


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
    assert said("from x import A, B\nif B == run: log.info('b')\nlog.error(A, extra={})") == {"A"}
