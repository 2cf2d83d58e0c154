"""Decides which day it is for the broker: what it serves of executions and completed orders is its current day's."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

BROKER_ZONE = ZoneInfo("America/New_York")
"""Interactive Brokers' own clock: its day ends at midnight there, and with it the executions that it serves."""


def broker_day(at: datetime) -> date:
    return at.astimezone(BROKER_ZONE).date()
