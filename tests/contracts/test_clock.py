"""What every Clock owes leases and deadlines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ib_trading.adapters.local.clock import SystemClock


def test_the_system_clock_tells_the_machines_time_in_utc() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert now.utcoffset() == timedelta(0)
    assert before <= now <= datetime.now(UTC)
