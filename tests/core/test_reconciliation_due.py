"""Whether somebody books what fills after a run has answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ib_trading.core.reconciliation_due import has_reconciliation_after
from ib_trading.schema.schedules import Schedule
from tests.core.builders import config

CLOSE = datetime(2024, 6, 3, 20, 0, tzinfo=UTC)
AFTER_CLOSE: dict[str, Any] = {
    "intent": "trade-reconciliation",
    "cron": "30 16 * * 1-5",
    "time_zone": "America/New_York",
}


@pytest.mark.parametrize(
    ("changes", "booked"),
    [
        ({}, True),
        ({"intent": "allocation"}, False),
        ({"cron": "30 15 * * 1-5"}, False),
        ({"cron": "30 16 * * 2-5"}, False),
        ({"cron": "59 23 * * 1-5"}, True),
        ({"cron": "0 0 * * *"}, False),
        ({"cron": "30 22 * * *", "time_zone": "Europe/Berlin"}, True),
        ({"cron": "30 21 * * *", "time_zone": "Europe/Berlin"}, False),
    ],
)
def test_a_reconciliation_counts_after_the_last_fill_and_before_the_broker_s_midnight(
    changes: dict[str, Any], booked: bool
) -> None:
    """It is Monday's close in New York. At midnight there the gateway forgets the day's executions."""
    schedules = (Schedule(**AFTER_CLOSE | changes),)
    assert has_reconciliation_after(config(schedules=schedules), CLOSE) is booked


def test_without_a_schedule_there_is_none() -> None:
    assert not has_reconciliation_after(config(), CLOSE)
