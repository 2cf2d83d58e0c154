"""Bars as the broker shows them.

Decides how a span of days is asked for, when an answer without bars is one, and how the wire dates a bar. When a
question may leave is history_pace.py's to say; which bars may be stored, core/history.py's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ib_trading.adapters.ib import error_codes, translate
from ib_trading.adapters.ib.connection import Connection, broker_fault
from ib_trading.adapters.ib.history_pace import HistoryPace
from ib_trading.core.bars import MINUTES, WEEKLY, monday_of
from ib_trading.core.calendar import sessions, trade_date
from ib_trading.core.collection import ADJUSTED, BarQuestion
from ib_trading.core.coverage import SATURDAY, DaySpan
from ib_trading.core.history import Bar, daily_start, day_of
from ib_trading.core.instruments import Instrument
from ib_trading.core.markets import market_of
from ib_trading.core.pacing import HistoryRequest
from ib_trading.core.refusals import BrokerFault, QuestionRefused

if TYPE_CHECKING:
    from ib_insync.objects import BarData

_TEXT_DATES, _EPOCH_DATES = 1, 2
"""formatDate: text is in the time zone of somebody's choice, seconds since the epoch are not. Days are always text."""


async def bars(
    connection: Connection,
    pace: HistoryPace,
    questions: Sequence[BarQuestion],
    at: datetime,
    *,
    seconds: float | None = None,
) -> tuple[tuple[Bar, ...] | BrokerFault, ...]:
    """An answer or a fault for each, in the order of the questions; within `seconds`, where they are given."""

    async def answered(question: BarQuestion) -> tuple[Bar, ...] | BrokerFault:
        try:
            async with asyncio.timeout(seconds):
                return await _bars(connection, pace, question, at)
        except BrokerFault as fault:
            return fault
        except TimeoutError:
            return BrokerFault(
                f"{_named(question)} did not come within {seconds:.0f} s; it is asked for again"
            )

    return tuple(await asyncio.gather(*map(answered, questions)))


async def _bars(
    connection: Connection, pace: HistoryPace, question: BarQuestion, at: datetime
) -> tuple[Bar, ...]:
    """Bars of the question's days; none where the broker says that it has no data for them, and can know."""
    instrument, series, days = question.instrument, question.series, question.days
    market = market_of(instrument)
    contract = translate.ib_contract(instrument)
    what = _named(question)
    end, end_text = days.last, end_of(instrument, series.bar_size, days)
    if series.what_to_show == ADJUSTED:
        # The broker takes no end for this series: it always reaches to now, by its own clock, which may be past ours.
        end, end_text = max(days.last, at.date() + timedelta(days=1)), ""
    duration = (
        weeks_of(days.first, end)
        if series.bar_size == WEEKLY
        else duration_of(days.first, end, only_weekdays=instrument.sec_type == "STK")
    )
    dates = _EPOCH_DATES if series.bar_size in MINUTES else _TEXT_DATES
    request = HistoryRequest(
        instrument.con_id,
        instrument.exchange,
        series.what_to_show,
        series.bar_size,
        f"{duration} to {end_text}",
    )
    farms = connection.replies
    away, lost_before = dict(farms.broken_farms), farms.farms_lost
    told: list[BarData] = []
    try:
        async with connection.history_lines:
            departure = await pace.allow(request)

            def send(req_id: int) -> None:
                pace.leaves(departure)
                connection.client.reqHistoricalData(
                    req_id,
                    contract,
                    end_text,
                    duration,
                    series.bar_size,
                    series.what_to_show,
                    True,
                    dates,
                    False,
                    [],
                )

            try:
                told = await connection.ask(what, send, seconds=connection.deadlines.history)
            finally:
                pace.over(departure)
    except QuestionRefused as refused:
        no_data = any(text in refused.text for text in error_codes.NO_HISTORY_TEXTS)
        if refused.code != error_codes.HISTORY_TROUBLE or not no_data:
            raise broker_fault(what, refused) from None
    if not told:
        away |= farms.broken_farms
        if away or farms.farms_lost > lost_before:
            said = "; ".join(away.values()) or "for a moment"
            raise BrokerFault(
                f"the broker has no data for {what}, but it lost a data farm ({said}); ask again later"
            )
    translated = (bar_of(bar, series.bar_size) for bar in told)
    within = (bar for bar in translated if day_of(bar, series.bar_size, market) in days)
    return tuple(sorted(within, key=lambda bar: bar.start))


def _named(question: BarQuestion) -> str:
    series = question.series
    return f"the {series.bar_size} {series.what_to_show} of {question.instrument.local_symbol}"


def end_of(instrument: Instrument, bar_size: str, days: DaySpan) -> str:
    """The end of the last of the days, as the wire takes it: UTC, with a dash. Of a stock it is midnight on the
    exchange's clock; where the next trading day has begun by then, as with currencies, it is the last session's close:
    of one day up to midnight, the broker would serve the beginning of the next."""
    market = market_of(instrument)
    midnight = datetime.combine(days.last + timedelta(days=1), time(), ZoneInfo(instrument.time_zone))
    next_has_begun = trade_date(market, midnight - timedelta(seconds=1)) > days.last
    if next_has_begun or (bar_size in MINUTES and instrument.sec_type != "STK"):
        found = sessions(market, days.first, days.last)
        if found:
            return f"{found[-1].close:%Y%m%d-%H:%M:%S}"
    return f"{midnight.astimezone(UTC):%Y%m%d-%H:%M:%S}"


def duration_of(first: date, last: date, *, only_weekdays: bool) -> str:
    """A duration that reaches from `last` back to `first`: up to 365 days, which the broker counts in sessions, beyond
    that only years are taken. Stocks have at most five sessions a week: asking for more is answered with more."""
    days = (last - first).days + 1
    weeks, rest = divmod(days, 7)
    weekdays = weeks * 5 + sum((first + timedelta(days=i)).weekday() < SATURDAY for i in range(rest))
    sessions = max(1, weekdays) if only_weekdays else days
    return f"{sessions} D" if sessions <= 365 else f"{-(-days // 365)} Y"


def weeks_of(first: date, last: date) -> str:
    """The same in weeks, of which up to 52 are taken, and one more than there are: where the first one begins, the
    broker does not say."""
    weeks = -(-((last - first).days + 1) // 7) + 1
    return f"{weeks} W" if weeks <= 52 else f"{-(-weeks // 52)} Y"


def bar_of(bar: BarData, bar_size: str) -> Bar:
    """A bar that the wire dates by YYYYMMDD if it is of a day or a week, else by seconds since the epoch. A volume of
    -1 says that the series has none."""
    volume = translate.amount(bar.volume)
    return Bar(
        start=_start(str(bar.date), bar_size),
        open=translate.quantity(bar.open),
        high=translate.quantity(bar.high),
        low=translate.quantity(bar.low),
        close=translate.quantity(bar.close),
        volume=None if volume is None or volume < 0 else volume,
    )


def _start(text: str, bar_size: str) -> datetime:
    if bar_size in MINUTES and text.isdigit() and len(text) > len("YYYYMMDD"):
        return datetime.fromtimestamp(int(text), UTC)
    if bar_size not in MINUTES and text.isdigit() and len(text) == len("YYYYMMDD"):
        day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
        # Dated by one of its days, the last one as a rule: while it forms that is another one each day.
        return daily_start(monday_of(day) if bar_size == WEEKLY else day)
    raise BrokerFault(f"the broker dates a bar of {bar_size} {text!r}, which is no such date")
