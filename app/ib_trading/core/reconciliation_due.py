"""Decides whether a trade-reconciliation is scheduled in time to book what fills until a given instant."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from ib_trading.core.broker_day import BROKER_ZONE, broker_day
from ib_trading.schema.trading_config import TradingConfig


def has_reconciliation_after(config: TradingConfig, at: datetime) -> bool:
    """Whether one is due after `at`, on the broker's day of `at`."""
    tomorrow = broker_day(at) + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time(), BROKER_ZONE)
    return any(
        due < midnight
        for schedule in config.schedules
        if schedule.intent == "trade-reconciliation"
        for due in schedule.due(at, midnight)
    )
