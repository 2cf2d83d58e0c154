"""What a stack file may schedule, and the sentence that it gets for a mistake."""

from __future__ import annotations

from typing import Any

import pytest

from ib_trading.schema.trading_config import TradingConfigError, read_trading_config

FILE = "Pulumi.paper.yaml"
DAILY = {"intent": "allocation", "cron": "30 15 * * mon-fri", "timeZone": "America/New_York"}


def read(*schedules: Any) -> Any:
    exposure = {"overall": "1", "strategies": {}}
    return read_trading_config({"exposure": exposure, "schedules": list(schedules)}, FILE).schedules


def test_paper_and_live_jobs_have_names_of_their_own() -> None:
    [schedule] = read(DAILY)
    assert (schedule.job("ib-paper"), schedule.job("ib-live")) == (
        "ib-paper--allocation",
        "ib-live--allocation",
    )


def test_two_schedules_of_one_intent_are_told_apart_by_name() -> None:
    morning = DAILY | {"name": "morning", "body": {"strategies": ["trend"]}}
    assert [schedule.job("ib-paper") for schedule in read(DAILY, morning)] == [
        "ib-paper--allocation",
        "ib-paper--morning",
    ]


@pytest.mark.parametrize(
    ("change", "place", "remedy"),
    [
        ({"cron": "30 25 * * *"}, "schedules[0].cron", "hour: '25' is not from 0 to 23"),
        ({"cron": "0 0 31 4 *"}, "schedules[0].cron", "never due"),
        ({"timeZone": "America/NewYork"}, "schedules[0].timeZone", "did you mean 'America/New_York'?"),
        ({"timeZone": "Mars"}, "schedules[0].timeZone", "unknown time zone 'Mars'"),
        ({"timeZone": "../../etc/passwd"}, "schedules[0].timeZone", "IANA database"),
        ({"timeZone": ""}, "schedules[0].timeZone", "IANA database"),
        ({"intent": "alocation"}, "schedules[0].intent", "did you mean 'allocation'?"),
        ({"intent": "summary", "body": {}}, "schedules[0].body", "takes no body"),
        ({"body": {"dryrun": True}}, "schedules[0].body.dryrun", "did you mean 'dryRun'?"),
        ({"body": {"dryRun": "true"}}, "schedules[0].body.dryRun", "expected `bool`, got `str`"),
        ({"body": {"strategies": "trend"}}, "schedules[0].body.strategies", "expected `array | null`"),
        (
            {"body": {"orderProperties": {"ordertype": "MOC"}}},
            "schedules[0].body.orderProperties.ordertype",
            "did you mean 'orderType'?",
        ),
        (
            {"body": {"orderProperties": {"orderType": "LMT", "limitOffsetBps": 2.5}}},
            "schedules[0].body.orderProperties.limitOffsetBps",
            'in quotes, "2.5"',
        ),
        (
            {"body": {"orderProperties": {"goodAfterTime": "15:45"}}},
            "schedules[0].body.orderProperties.goodAfterTime",
            '"15:45 America/New_York"',
        ),
        (
            {"intent": "close-all", "body": {"orderProperties": {"goodAfterTime": "15:45 America/NewYork"}}},
            "schedules[0].body.orderProperties.goodAfterTime",
            "did you mean 'America/New_York'?",
        ),
        ({"intent": "schedule-check", "body": {"hours": 0}}, "schedules[0].body.hours", ">= 1"),
        (
            {"intent": "cash-balancer", "body": {"strategies": []}},
            "schedules[0].body.strategies",
            "known here: dryRun",
        ),
        ({"name": "Morning run"}, "schedules[0].name", "small letters"),
        ({"time_zone": "UTC"}, "schedules[0].time_zone", "did you mean 'timeZone'?"),
    ],
)
def test_a_mistake_names_file_key_and_remedy(change: dict[str, Any], place: str, remedy: str) -> None:
    with pytest.raises(TradingConfigError) as refused:
        read(DAILY | change)
    assert f"{FILE}: ib-trading:trading.{place}: " in str(refused.value)
    assert remedy in str(refused.value)


def test_two_schedules_of_one_name_are_refused() -> None:
    with pytest.raises(
        TradingConfigError, match=r"schedules\[1\].name: two schedules are called 'allocation'"
    ):
        read(DAILY, DAILY | {"cron": "0 12 * * *"})


def test_every_mistake_in_a_body_is_told_at_once() -> None:
    with pytest.raises(TradingConfigError) as refused:
        read(DAILY, DAILY | {"name": "morning", "body": {"dryrun": True, "strategy": ["trend"]}})
    assert str(refused.value).count(f"{FILE}: ib-trading:trading.schedules[1].body.") == 2


def test_a_body_that_the_intent_takes_is_kept_as_it_was_written() -> None:
    properties = {"orderType": "LMT", "limitOffsetBps": "-2.5", "goodAfterTime": "15:45 America/New_York"}
    body = {"strategies": ["trend"], "orderProperties": properties}
    [schedule] = read(DAILY | {"body": body})
    assert schedule.body == body
