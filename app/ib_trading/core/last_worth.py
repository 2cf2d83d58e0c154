"""Decides of what a day's loss is a part: what the account was worth before the day.

Which figure of the broker says so no two accounts agree on. `PreviousDayEquityWithLoanValue` is missing in downloads of
EUR and HKD accounts, and where it is told it may be the securities segment's alone: 383,679.21 in an account worth
868,469.71, of which 1.4 % read as 3.17 %. Every account has a net liquidation and a daily profit; what it was worth
before is the one less the other. Money that came today is in that as well, and would make a loss smaller: so what the
service itself has written down of an earlier day counts where it is less.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from ib_trading.core.broker_day import broker_day
from ib_trading.core.canonical import plain
from ib_trading.core.journal import Run

RUNS = 20
"""How many runs are looked at, newest first: those of two days of hourly ones."""

OLDEST = timedelta(days=7)
"""Over a week's end with holidays. An account that has grown for longer has not lost what it is above that."""


@dataclass(frozen=True, slots=True)
class Worth:
    """Net liquidation in base currency, as a run of `day` (the broker's) was planned on."""

    day: date
    value: Decimal


def last_worth(runs: Iterable[Run], account: str, base_currency: str, at: datetime) -> Worth | None:
    """Of the newest of `runs` that an earlier day than `at`'s has planned for that account; None where none has."""
    today = broker_day(at)
    for run in runs:
        if run.business_at is None or broker_day(run.business_at) >= today:
            continue
        planned = run.planned()
        if (planned.get("account"), planned.get("baseCurrency")) != (account, base_currency):
            continue
        day, value = broker_day(run.business_at), planned.get("netLiquidation")
        if today - day > OLDEST:
            return None
        if isinstance(value, Decimal) and value > 0:
            return Worth(day, value)
    return None


@dataclass(frozen=True, slots=True)
class LossBase:
    """`value` is what the account was worth before the day, in base currency; `said` where that comes from."""

    value: Decimal
    said: str


def loss_base(net_liquidation: Decimal, daily_profit: Decimal, last: Worth | None) -> LossBase:
    """The smaller one: neither a deposit nor a withdrawal makes a loss a smaller part."""
    without_today = net_liquidation - daily_profit
    if last is not None and last.value < without_today:
        return LossBase(
            last.value, f"of {plain(last.value)}, the account's worth at the last run of {last.day}"
        )
    return LossBase(without_today, f"of {plain(without_today)}, the account's worth without today's profit")
