"""Decides which questions fill the gaps of a series, and what an answer adds to what is stored.

A series adjusted for splits and dividends (ADJUSTED_LAST) is only consistent if all of it was adjusted on the same
day: after a dividend every earlier close is another one, and a series put together from before and after shows a
return that nobody had. So each question for it reaches back to the newest stored bar, and if that bar's close is no
longer the same, the whole series is asked for again and replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ib_trading.core.coverage import DaySpan, believed, gaps, pieces
from ib_trading.core.history import (
    DAILY,
    Bar,
    NewestBar,
    Portion,
    Rejected,
    Series,
    StoredSeries,
    day_of,
    sift,
    unconfirmed_jump,
)
from ib_trading.core.instruments import Instrument

ADJUSTED = "ADJUSTED_LAST"

DAYS_A_QUESTION = {"1 hour": 30, "5 mins": 7, "1 min": 1}
"""How much the broker serves at once, from its table of durations and bar sizes; of daily bars, years."""

_STORED_STEP = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class BarQuestion:
    """One question to the broker: `days` of a series. `fills` are the gaps that its answer closes."""

    instrument: Instrument
    series: Series
    days: DaySpan
    fills: tuple[DaySpan, ...]


def questions(
    instrument: Instrument, series: Series, wanted: DaySpan, stored: StoredSeries
) -> tuple[BarQuestion, ...]:
    """What is to be asked so that all of `wanted` is known, oldest first; () if it is."""
    missing = gaps(wanted, stored.asked)
    if not missing:
        return ()
    if series.what_to_show == ADJUSTED:
        first = (
            missing[0].first if stored.newest is None else min(missing[0].first, stored.newest.start.date())
        )
        return (BarQuestion(instrument, series, DaySpan(first, missing[-1].last), missing),)
    spans = [
        piece
        for gap in missing
        for piece in ((gap,) if series.bar_size == DAILY else pieces(gap, DAYS_A_QUESTION[series.bar_size]))
    ]
    return tuple(BarQuestion(instrument, series, span, (span,)) for span in spans)


def readjusted(question: BarQuestion, bars: Sequence[Bar], stored: StoredSeries) -> bool:
    """Whether the broker now adjusts the newest stored bar otherwise than when it was stored."""
    newest = stored.newest
    if question.series.what_to_show != ADJUSTED or newest is None:
        return False
    same_day = [bar.close for bar in bars if bar.start == newest.start]
    return bool(same_day) and same_day[0].quantize(_STORED_STEP) != newest.close.quantize(_STORED_STEP)


def whole_series(question: BarQuestion, stored: StoredSeries) -> BarQuestion:
    """The question whose answer replaces everything that is stored."""
    first = min(span.first for span in (question.days, *stored.asked))
    span = DaySpan(first, question.days.last)
    return BarQuestion(question.instrument, question.series, span, (span,))


def portion(
    question: BarQuestion,
    bars: Sequence[Bar],
    before: NewestBar | None,
    at: datetime,
    max_jump_percent: Decimal,
    *,
    replaces: bool = False,
) -> tuple[Portion, Sequence[Rejected]]:
    """What of the answer `bars`, given at business time `at`, is stored, and what is not and why. `before` is the
    newest bar known so far; the first new one is compared with it if it is later."""
    zone, bar_size = question.instrument.time_zone, question.series.bar_size
    new = [bar for bar in bars if any(day_of(bar, bar_size, zone) in gap for gap in question.fills)]
    earlier = before.close if before and new and before.start < new[0].start else None
    good, bad = sift(new, None if replaces else earlier, max_jump_percent)
    doubted = unconfirmed_jump(new, good)
    asked = [
        believed(
            gap,
            max((day for bar in new if (day := day_of(bar, bar_size, zone)) in gap), default=None),
            day_of(doubted, bar_size, zone) if doubted else None,
            at,
            zone,
        )
        for gap in question.fills
    ]
    return Portion(question.series, good, tuple(filter(None, asked)), replaces), bad
