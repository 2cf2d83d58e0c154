"""Decides whether the stored closes are recent enough to decide on.

Collecting and trading are separate schedules. When the collector fails, the warehouse does not: it serves the closes
of last week, a strategy computes a signal from them as if nothing had happened, and one that finds no closes at all
says zero and sells what it holds. So a strategy that reads history fails, by `onStrategyError`, if it is old.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ib_trading.core.instruments import Instrument
from ib_trading.core.market import DailyClose
from ib_trading.core.sessions import sessions_missed

REMEDY = "call collect-market-data first"


def stale_history(
    instrument: Instrument, closes: Sequence[DailyClose], at: datetime, max_age_days: int
) -> str | None:
    """Why `closes`, oldest first, are no basis for a decision at `at`; None if they are.

    `max_age_days` are sessions of the instrument's own market that are over and have no close stored: none from a
    Friday to the end of the Tuesday after a long weekend, nor in Tokyo during all of Golden Week.
    """
    if not closes:
        return f"{instrument.local_symbol} has no stored history; {REMEDY}"
    newest = closes[-1].day
    age = sessions_missed(instrument, newest, at)
    if age > max_age_days:
        return (
            f"the newest stored close of {instrument.local_symbol} is of {newest}, {age} trading days old, more than"
            f" historyMaxAgeDays ({max_age_days}); {REMEDY}"
        )
    return None
