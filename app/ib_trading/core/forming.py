"""Decides which bar still forms at the instant of a decision, by which question to the broker it comes, and what a
strategy is told of it.

It comes from the history servers, in the answer that a run's topping up gets anyway, so that it is of the same series
as the complete bars before it (docs/decisions/0084-the-bar-that-forms.md). It is shown to who decides now, and never
stored.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from ib_trading.core.bars import MINUTES, WEEKLY, complete_before, forms, monday_of
from ib_trading.core.calendar import next_session
from ib_trading.core.collection import ADJUSTED, DAYS_A_QUESTION, BarQuestion
from ib_trading.core.coverage import DAY, DaySpan
from ib_trading.core.history import Bar, NewestBar, Series, daily_start, fault_of
from ib_trading.core.instruments import Instrument
from ib_trading.core.markets import market_of
from ib_trading.core.strategy import History, SeenBar, SeenForming

NOT_ASKED = "nothing is asked for before a run, since collectSeconds is 0"
TOO_EARLY = "it began after the broker had been asked"


@dataclass(frozen=True, slots=True)
class Told:
    """What the broker was asked at `as_of`, and told of bars that were not complete then, oldest first; `refused` says
    why it told nothing."""

    as_of: datetime
    bars: tuple[Bar, ...] = ()
    refused: str = ""


def with_forming(
    asked: Sequence[BarQuestion],
    instrument: Instrument,
    series: Series,
    newest: NewestBar | None,
    at: datetime,
) -> tuple[BarQuestion, ...]:
    """`asked`, the questions about a series, so that the last answer shows the bar that forms at `at` too: one more
    where there is none, or the last reaches too far back to be longer. The same where no bar forms."""
    market = market_of(instrument)
    if not forms(series.bar_size, market, at):
        return tuple(asked)
    days = _days(series.bar_size, next_session(market, at).day)
    if asked:
        longer = DaySpan(asked[-1].days.first, max(asked[-1].days.last, days.last))
        if longer == asked[-1].days or _may_reach(series.bar_size, longer):
            return (*asked[:-1], replace(asked[-1], days=longer))
    if series.what_to_show == ADJUSTED and newest is not None:
        # A dividend or split of today changes the closes before it: shown by the newest of them alone.
        days = DaySpan(min(newest.start.date(), days.first), days.last)
    return (*asked, BarQuestion(instrument, series, days, ()))


def _days(bar_size: str, day: date) -> DaySpan:
    return DaySpan(monday_of(day), monday_of(day) + 6 * DAY) if bar_size == WEEKLY else DaySpan(day, day)


def _may_reach(bar_size: str, days: DaySpan) -> bool:
    """Whether the broker serves so many days at once."""
    return bar_size not in MINUTES or (days.last - days.first).days < DAYS_A_QUESTION[bar_size]


def not_complete(bars: Sequence[Bar], bar_size: str, market: str, at: datetime) -> tuple[Bar, ...]:
    """Those of `bars` that are not complete at `at`."""
    complete = complete_before(bar_size, market, at)
    return tuple(bar for bar in bars if bar.start >= complete)


def seen_forming(
    index: int, history: History, instrument: Instrument, told: Told | None, at: datetime
) -> SeenForming:
    """What a strategy that decides at `at` sees; `told` is None where nobody asked the broker.

    Of a bar that was over by `at`, or had not begun, nothing is shown, and nothing that was told after `at`. No bar is
    shown where none forms, and where the broker was asked and knew of no trade in it.
    """
    market = market_of(instrument)
    if not forms(history.bar_size, market, at):
        return SeenForming(index, history)
    if told is None:
        return SeenForming(index, history, refused=NOT_ASKED)
    if told.refused:
        return SeenForming(index, history, refused=told.refused)
    if told.as_of > at:
        return SeenForming(
            index, history, refused=f"it was told at {told.as_of}, after the decision's instant"
        )
    if _began_later(history.bar_size, market, told.as_of, at):
        return SeenForming(index, history, refused=TOO_EARLY)
    bar = _now(told, history.bar_size, market, at)
    if bar is None:
        return SeenForming(index, history)
    if fault := fault_of(bar):
        return SeenForming(index, history, refused=f"what the broker told is no bar: {fault}")
    return SeenForming(index, history, _seen(bar, told.as_of))


def _began_later(bar_size: str, market: str, than: datetime, at: datetime) -> bool:
    """Whether the bar that forms at `at` began after an instant. A day may begin on the evening before its date."""
    if not forms(bar_size, market, than):
        return True
    return bar_size in MINUTES and complete_before(bar_size, market, at) > than


def _now(told: Told, bar_size: str, market: str, at: datetime) -> Bar | None:
    """The newest of those told that may be the one. Of sizes whose beginning the broker does not say, the one before it
    may have been told as well: it was not surely complete."""
    if bar_size in MINUTES:
        begun = (bar for bar in not_complete(told.bars, bar_size, market, at) if bar.start <= told.as_of)
    else:
        dated = daily_start(_days(bar_size, next_session(market, at).day).first)
        begun = (bar for bar in told.bars if bar.start == dated)
    return max(begun, key=lambda bar: bar.start, default=None)


def _seen(bar: Bar, as_of: datetime) -> SeenBar:
    figures = (bar.open, bar.high, bar.low, bar.close, _or_nan(bar.volume))
    return SeenBar(bar.start, *map(float, figures), as_of=as_of)


def _or_nan(volume: Decimal | None) -> Decimal | float:
    return math.nan if volume is None else volume
