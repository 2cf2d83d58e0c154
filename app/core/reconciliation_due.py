"""Decides whether a trade-reconciliation is scheduled in time to book what fills until a given instant."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from schema.trading_config import TradingConfig

BROKER_ZONE = ZoneInfo("America/New_York")
"""The broker's day ends at midnight there, and with it the executions that the gateway serves."""


def has_reconciliation_after(config: TradingConfig, at: datetime) -> bool:
    """Whether one is due after `at`, on the broker's day of `at`."""
    tomorrow = at.astimezone(BROKER_ZONE).date() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time(), BROKER_ZONE)
    return any(
        due < midnight
        for schedule in config.schedules
        if schedule.intent == "trade-reconciliation"
        for due in schedule.due(at, midnight)
    )
