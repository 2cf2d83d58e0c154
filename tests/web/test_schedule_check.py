"""Whether what was due has happened. The gateway of these tests does not exist: the check must not ask it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ib_trading.core.mode import TradingMode
from ib_trading.intents.chosen_strategies import chosen_strategies
from ib_trading.ports.activity_log import Activity
from ib_trading.queries.schedule_check import GRACE, judge, nothing_of_it_trades
from ib_trading.schema.intents import INTENTS
from ib_trading.schema.schedules import Schedule
from ib_trading.web.responses import HttpResponses
from tests.captured import named, said
from tests.service import STACK_FILE, ServiceUnderTest, closed_port

JOB = "ib-paper--allocation"
NOON = Schedule(intent="allocation", cron="0 12 * * *", time_zone="UTC")
TUESDAY = datetime(2024, 1, 2, 12, tzinfo=UTC)
WINDOW = (TUESDAY - timedelta(hours=12), TUESDAY + timedelta(hours=6))


def heard(due: datetime | str, outcome: int = 200, job: str = JOB, **facts: object) -> Activity:
    spelled = due if isinstance(due, str) else due.isoformat()
    return Activity(TUESDAY, "allocation", "run-1", False, outcome, {"job": job, "due": spelled} | facts)


def missing(*activities: Activity) -> list[tuple[int | None, str]]:
    due, runs = judge((NOON,), activities, "ib-paper", *WINDOW, HttpResponses(TradingMode.PAPER).succeeded)
    assert due == 1
    return [(run.outcome, run.detail) for run in runs]


def test_a_run_that_succeeded_is_not_missed() -> None:
    assert missing(heard(TUESDAY)) == []


def test_a_run_that_was_never_heard_of_is_missed() -> None:
    assert missing() == [(None, "it was never heard of")]


def test_a_run_that_was_refused_is_missed_and_says_why() -> None:
    assert missing(heard(TUESDAY, 423, detail="disabled: audit")) == [(423, "disabled: audit")]


def test_one_success_among_the_schedulers_attempts_is_enough_whatever_came_after() -> None:
    assert missing(heard(TUESDAY, 409), heard(TUESDAY, 200), heard(TUESDAY, 503)) == []


def test_of_several_failures_the_last_one_is_told() -> None:
    assert missing(heard(TUESDAY, 502), heard(TUESDAY, 503)) == [(502, "")]


def test_the_scheduler_may_spell_the_instant_in_any_zone_and_with_fractions() -> None:
    assert missing(heard("2024-01-02T13:00:00.5+01:00")) == []


@pytest.mark.parametrize(
    "other",
    [
        heard(TUESDAY, job="ib-live--allocation"),
        heard(TUESDAY - timedelta(days=1)),
        heard("yesterday"),
        heard("2024-01-02T12:00:00"),
        Activity(TUESDAY, "allocation", "run-1", False, 200, {}),
    ],
)
def test_another_call_does_not_stand_for_the_scheduled_one(other: Activity) -> None:
    """Somebody's own call at noon, the live stack's job, yesterday's run."""
    assert len(missing(other)) == 1


INDEPENDENCE_DAY = datetime(2024, 7, 4, 19, 30, tzinfo=UTC)
AT_HALF_PAST_THREE = Schedule(intent="allocation", cron="30 15 * * 1-5", time_zone="America/New_York")


def test_a_run_on_a_holiday_is_missed_by_nobody(service: ServiceUnderTest) -> None:
    """On 4 July an allocation that failed, or that nobody had heard of, was reported as missed."""
    config = service.services.config.read()
    strategies = chosen_strategies(service.services.strategies, None, config).declarations

    def closed(schedule: Schedule, at: datetime) -> bool:
        return nothing_of_it_trades(schedule, at, strategies, ["dummy", "trend"])

    week = (INDEPENDENCE_DAY - timedelta(days=1), INDEPENDENCE_DAY + timedelta(hours=1))
    succeeded = HttpResponses(TradingMode.PAPER).succeeded
    failed = heard(INDEPENDENCE_DAY, 503)
    assert judge((AT_HALF_PAST_THREE,), [failed], "ib-paper", *week, succeeded, closed) == (0, ())
    due, missed = judge((AT_HALF_PAST_THREE,), [failed], "ib-paper", *week, succeeded)
    assert (due, [run.outcome for run in missed]) == (1, [503])


@pytest.mark.parametrize(
    ("schedule", "at", "closed"),
    [
        (AT_HALF_PAST_THREE, INDEPENDENCE_DAY, True),
        (AT_HALF_PAST_THREE, INDEPENDENCE_DAY + timedelta(days=1), False),
        (AT_HALF_PAST_THREE, INDEPENDENCE_DAY + timedelta(days=2), True),
        (msgspec.structs.replace(AT_HALF_PAST_THREE, body={"strategies": ["dummy"]}), INDEPENDENCE_DAY, True),
        (msgspec.structs.replace(AT_HALF_PAST_THREE, body={"strategies": ["gone"]}), INDEPENDENCE_DAY, False),
        (msgspec.structs.replace(AT_HALF_PAST_THREE, intent="trade-reconciliation"), INDEPENDENCE_DAY, False),
    ],
)
def test_only_an_allocation_is_of_no_use_on_a_day_without_trading(
    service: ServiceUnderTest, schedule: Schedule, at: datetime, closed: bool
) -> None:
    config = service.services.config.read()
    strategies = chosen_strategies(service.services.strategies, None, config).declarations
    assert nothing_of_it_trades(schedule, at, strategies, ["dummy"]) is closed


@pytest.fixture
def service(tmp_path: Path) -> ServiceUnderTest:
    every_minute = '    schedules: [{intent: allocation, cron: "* * * * *", timeZone: UTC}]\n'
    return ServiceUnderTest.over(tmp_path, closed_port(), stack_file=STACK_FILE + every_minute)


def test_a_service_that_was_never_called_before_misses_nothing(
    service: ServiceUnderTest,
) -> None:
    with said() as lines:
        body = service.post("/schedule-check").body
    assert (body["ok"], body["due"], body["missing"]) == (True, 0, [])
    assert [line["event"] for line in lines] == ["schedules_ok", "request"]


def test_what_is_missing_is_answered_and_logged_as_an_error(
    service: ServiceUnderTest,
) -> None:
    """The service has been there for an hour and the scheduler has called twice in that time."""
    now = service.services.clock.now().replace(second=0, microsecond=0)
    begun = now - timedelta(hours=1)
    for line in (begun, begun + timedelta(minutes=1), begun + timedelta(minutes=2)):
        facts: dict[str, Any] = {"job": JOB, "due": line.isoformat()}
        service.services.activity.append(Activity(line, "allocation", "r", False, 200, facts))
    with said() as lines:
        body = service.post("/schedule-check").body
    expected = 60 - int(GRACE.total_seconds() / 60)
    assert abs(body["due"] - expected) <= 1
    assert (body["ok"], body["succeeded"]) == (False, 2)
    assert body["missing"][0]["due"] == (begun + timedelta(minutes=3)).isoformat().replace("+00:00", "Z")
    [line] = named(lines, "schedules_missing")
    assert (line["log_level"], len(line["missing"])) == ("error", len(body["missing"]))


def test_a_schedule_whose_call_would_be_a_400_is_a_fault_of_the_configuration(tmp_path: Path) -> None:
    """Otherwise it is found out in the afternoon at which nothing was traded."""
    misspelt = (
        "    schedules: [{intent: allocation, cron: '30 15 * * *', timeZone: UTC, body: {dryrun: true}}]\n"
    )
    service = ServiceUnderTest.over(tmp_path, closed_port(), stack_file=STACK_FILE + misspelt)
    refused = service.post("/schedule-check")
    assert (refused.status, refused.body["detail"]) == (
        503,
        "Pulumi.paper.yaml: ib-trading:trading.schedules[0].body.dryrun: unknown key; did you mean 'dryRun'?",
    )


def test_bodies_are_checked_by_the_types_that_the_service_parses_them_into(service: ServiceUnderTest) -> None:
    """One rule: what the configuration lets pass and what a call may say cannot drift apart."""
    paths = service.get("/openapi.json").body["paths"]
    parsed = {
        declared.name: paths[f"/{declared.name}"]["post"]["requestBody"]["content"]["application/json"][
            "schema"
        ]
        for declared in INTENTS
        if declared.body is not None
    }
    assert {name: schema["$ref"].rpartition("/")[2] for name, schema in parsed.items()} == {
        declared.name: declared.body.__name__ for declared in INTENTS if declared.body is not None
    }
