"""Decides whether a trade-reconciliation is scheduled in time to book what fills until a given instant."""

from __future__ import annotations

from datetime import datetime

from schema.trading_config import TradingConfig


def has_reconciliation_after(config: TradingConfig, at: datetime) -> bool:  # noqa: ARG001 schedules come later
    """Whether one is due after `at`, on the broker's day of `at`. Schedules cannot be configured yet: never."""
    return False
