"""Which day it is at the broker: its records of executions and completed orders begin anew at midnight in New
York.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/New_York")


def start(at: datetime) -> datetime:
    """The midnight at which the broker's day of `at` began."""
    return at.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
