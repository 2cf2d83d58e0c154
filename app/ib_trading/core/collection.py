"""Decides which questions fill the gaps of a series, and what an answer adds to what is stored.

A series adjusted for splits and dividends (ADJUSTED_LAST) is only consistent if all of it was adjusted on the same
day: after a dividend every earlier close is another one, and a series put together from before and after shows a
return that nobody had. So each question for it reaches back to the newest stored bar, and if that bar's close is no
longer the same, the whole series is asked for again and replaced.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from ib_trading.core.bars import (
    ALIGNED_MINUTES,
    DAILY,
    MINUTES,
    WEEKLY,
    complete_before,
    monday_of,
    trading_days,
)
from ib_trading.core.calendar import (
    Session,
    last_complete_session,
    next_session,
    session_on,
    sessions,
    zone_of,
)
from ib_trading.core.coverage import (
    DAY,
    DaySpan,
    believed,
    gaps,
    joined,
    not_believed,
    pieces,
    said_twice,
    unexpired,
)
from ib_trading.core.history import (
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
from ib_trading.core.instruments import ContractSpec, Instrument
from ib_trading.core.markets import market_of

ADJUSTED = "ADJUSTED_LAST"

DAYS_A_QUESTION = {
    size: 1 if minutes == 1 else 2 if minutes == 2 else 7 if minutes < 30 else 30
    for size, minutes in MINUTES.items()
}
"""How much the broker serves at once, from its table of durations and allowed bar sizes ("Step Sizes" in the TWS API's
Historical Data Limitations): a day of minutes, two days of two, a week from three minutes on, a month from thirty. Of
days and weeks, years."""

CALENDAR_DAYS_A_TRADING_DAY = 1.6
"""365 calendar days hold 252 trading days; the rest is a margin for holidays."""
MARGIN_DAYS = 10

NOTHING_STORED = StoredSeries()

_STORED_STEP = Decimal("1e-9")


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """The last `count` bars of one series, which somebody wants to decide on; `forming`: with the one that forms."""

    spec: ContractSpec
    bar_size: str
    what_to_show: str
    count: int
    forming: bool = False


def kind_of_price(sec_type: str, bar_size: str, *, adjusted: bool = True) -> str:
    """What of an instrument is shown as its price.

    Nobody reports the trades of a currency pair: of it there are quotes only. For splits and dividends the broker
    adjusts the days of stocks and no other series: for ADJUSTED_LAST it takes no end, nor a size of more than a day
    (321); what it shows as TRADES it has adjusted for splits.
    """
    if sec_type == "CASH":
        return "MIDPOINT"
    return ADJUSTED if adjusted and sec_type == "STK" and bar_size == DAILY else "TRADES"


def days_of(need: Need, instrument: Instrument, at: datetime) -> DaySpan:
    """The days whose bars are the last ones at `at`, and some more: up to the last that is over, and of bars shorter
    than a day up to the one that trades now."""
    market = market_of(instrument)
    last = last_complete_session(market, at).day
    days = math.ceil(need.count * trading_days(need.bar_size))
    if need.bar_size not in MINUTES:
        return whole_days(last, days)
    complete = complete_before(need.bar_size, market, at)
    # Sessions may be half as long as New York's.
    first = whole_days(last, 2 * days).first
    found = [one for one in sessions(market, first, complete.date() + DAY) if one.open < complete]
    bars, n = 0, len(found) - 1
    while n > 0 and bars < need.count:
        bars += _bars_in(found[n], need.bar_size, complete)
        n -= 1
    return DaySpan(found[n].day, found[-1].day)


def whole_days_of(need: Need, instrument: Instrument, at: datetime, until: date) -> DaySpan:
    """The days up to `until` that are over at `at` and whose bars are the last ones, and some more."""
    market = market_of(instrument)
    over = min(at, datetime.combine(until + DAY, time(), zone_of(market)))
    return days_of(need, instrument, last_complete_session(market, over).close)


def _bars_in(session: Session, bar_size: str, until: datetime) -> int:
    """How many bars a session has at least, until then."""
    closed = sum((end - begin for begin, end in session.breaks), timedelta())
    open_for = min(session.close, until) - session.open - closed
    return max(0, math.ceil(open_for / timedelta(minutes=MINUTES[bar_size])))


def whole_days(until: date, trading_days: int) -> DaySpan:
    """Days up to `until` that hold so many trading days."""
    return DaySpan(until - _calendar_days(trading_days), until)


def _calendar_days(trading_days: int) -> timedelta:
    return timedelta(days=int(trading_days * CALENDAR_DAYS_A_TRADING_DAY) + MARGIN_DAYS)


@dataclass(frozen=True, slots=True)
class BarQuestion:
    """One question to the broker: `days` of a series. `fills` are the gaps that its answer closes; none where it is
    asked for the bar that forms alone (forming.py)."""

    instrument: Instrument
    series: Series
    days: DaySpan
    fills: tuple[DaySpan, ...]


def questions(
    instrument: Instrument,
    series: Series,
    wanted: DaySpan,
    stored: StoredSeries,
    at: datetime,
    *,
    forming: bool = False,
    anew: bool = False,
) -> tuple[BarQuestion, ...]:
    """What is to be asked at `at` so that all of `wanted` is known, oldest first; () if it is. `forming`: the last day
    may still trade, and is known up to its newest complete bar.

    Days of which it was believed that they have no bar, and is no longer, come last: whoever has no time for them
    reads what it read before. With `anew` it is believed of none."""
    if forming and _up_to_date(instrument, series, stored, at):
        if wanted.first == wanted.last:
            return ()
        wanted = DaySpan(wanted.first, wanted.last - DAY)
    wanted = _whole_weeks(wanted) if series.bar_size == WEEKLY else wanted
    doubted = _doubted(instrument, series, wanted, stored, stored.empty)
    missing = joined((*gaps(wanted, stored.asked), *doubted))
    believed_still = () if anew else unexpired(stored.empty, at)
    again = _doubted(instrument, series, wanted, stored, (*believed_still, *missing))
    if not missing and not again:
        return ()
    if series.what_to_show == ADJUSTED:
        missing = joined((*missing, *again))
        first = (
            missing[0].first if stored.newest is None else min(missing[0].first, stored.newest.start.date())
        )
        return (BarQuestion(instrument, series, DaySpan(first, missing[-1].last), missing),)
    spans = [
        piece
        for gap in (*missing, *again)
        for piece in (pieces(gap, DAYS_A_QUESTION[series.bar_size]) if series.bar_size in MINUTES else (gap,))
    ]
    return tuple(BarQuestion(instrument, series, span, (span,)) for span in spans)


def _up_to_date(instrument: Instrument, series: Series, stored: StoredSeries, at: datetime) -> bool:
    """Whether the newest stored bar, of those of an hour at most, is the newest that is complete. Asked for again
    within fifteen seconds, as by a dry-run and the run after it, the day would have to wait."""
    minutes = MINUTES.get(series.bar_size)
    if minutes is None or minutes > ALIGNED_MINUTES or stored.newest is None:
        return False
    complete = complete_before(series.bar_size, market_of(instrument), at)
    return stored.newest.start + timedelta(minutes=minutes) >= complete


def _doubted(
    instrument: Instrument,
    series: Series,
    wanted: DaySpan,
    stored: StoredSeries,
    empty: Collection[DaySpan],
) -> tuple[DaySpan, ...]:
    """Days that were asked for and have no bar, but for those that are known to be `empty`."""
    with_bars = _with_bars(series.bar_size, stored.days)
    found = not_believed(wanted, stored.asked, with_bars, empty, _is_session(instrument))
    return tuple(map(_whole_weeks, found)) if series.bar_size == WEEKLY else found


def _with_bars(bar_size: str, days: Set[date]) -> Set[date]:
    """The days whose bars are dated `days`."""
    return {day + n * DAY for day in days for n in range(7)} if bar_size == WEEKLY else days


def _is_session(instrument: Instrument) -> Callable[[date], bool]:
    market = market_of(instrument)
    return lambda day: session_on(market, day) is not None


def _whole_weeks(span: DaySpan) -> DaySpan:
    """From a Monday to a Sunday."""
    return DaySpan(monday_of(span.first), monday_of(span.last) + 6 * DAY)


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
    stored: StoredSeries = NOTHING_STORED,
    replaces: bool = False,
) -> tuple[Portion, Sequence[Rejected]]:
    """What of the answer `bars`, given at business time `at`, is stored, and what is not and why. `before` is the
    newest bar known so far; the first new one is compared with it if it is later."""
    instrument, bar_size = question.instrument, question.series.bar_size
    market = market_of(instrument)
    complete = complete_before(bar_size, market, at)
    new = [bar for bar in bars if bar.start < complete and _in_a_gap(day_of(bar, bar_size, market), question)]
    days = {bar.start: day_of(bar, bar_size, market) for bar in new}
    earlier = before.close if before and new and before.start < new[0].start else None
    good, bad = sift(new, None if replaces else earlier, max_jump_percent)
    doubted = unconfirmed_jump(new, good)
    over = next_session(market, at).day - DAY
    asked = [
        believed(
            DaySpan(gap.first, min(gap.last, over)),
            max((_last_day(day, bar_size) for day in days.values() if day in gap), default=None),
            days[doubted.start] if doubted else None,
            at,
            instrument.time_zone,
        )
        for gap in question.fills
        if gap.first <= over
    ]
    answered = tuple(filter(None, asked))
    taken = {days[bar.start] for bar in good}
    empty = _empty(question, answered, taken, set(days.values()) - taken, stored, at)
    return Portion(question.series, good, answered, replaces, empty), bad


def _in_a_gap(day: date, question: BarQuestion) -> bool:
    return any(day in gap for gap in question.fills)


def _last_day(day: date, bar_size: str) -> date:
    """Of the bar that is dated `day`."""
    return day + 6 * DAY if bar_size == WEEKLY else day


def _empty(
    question: BarQuestion,
    answered: Sequence[DaySpan],
    taken: set[date],
    rejected: set[date],
    stored: StoredSeries,
    at: datetime,
) -> tuple[DaySpan, ...]:
    """Days that have no bar: the broker has said so twice, or what it has is no bar."""
    instrument, bar_size = question.instrument, question.series.bar_size
    wrong = [
        DaySpan(day, _last_day(day, bar_size))
        for day in sorted(rejected)
        if any(day in span for span in answered)
    ]
    with_bars = _with_bars(bar_size, stored.days | taken | rejected)
    is_session, zone = _is_session(instrument), instrument.time_zone
    twice = [
        empty
        for span in answered
        for empty in said_twice(span, with_bars, stored.asked_at, at, zone, is_session)
    ]
    return (*wrong, *twice)
