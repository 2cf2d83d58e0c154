"""Bars as the broker shows them.

Decides how a span of days is asked for, what an answer without bars means, and how the wire dates a bar. When a
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
from ib_trading.core.collection import ADJUSTED, BarQuestion
from ib_trading.core.coverage import SATURDAY
from ib_trading.core.history import DAILY, Bar, day_of
from ib_trading.core.pacing import HistoryRequest
from ib_trading.core.refusals import BrokerFault, QuestionRefused

if TYPE_CHECKING:
    from ib_insync.objects import BarData

_TEXT_DATES, _EPOCH_DATES = 1, 2
"""formatDate: text is in the time zone of somebody's choice, seconds since the epoch are not. Days are always text."""


async def bars(
    connection: Connection, pace: HistoryPace, questions: Sequence[BarQuestion], at: datetime
) -> tuple[tuple[Bar, ...] | BrokerFault, ...]:
    """An answer or a fault for each, in the order of the questions."""

    async def answered(question: BarQuestion) -> tuple[Bar, ...] | BrokerFault:
        try:
            return await _bars(connection, pace, question, at)
        except BrokerFault as fault:
            return fault

    return tuple(await asyncio.gather(*map(answered, questions)))


async def _bars(
    connection: Connection, pace: HistoryPace, question: BarQuestion, at: datetime
) -> tuple[Bar, ...]:
    """Bars of the question's days; none where the broker says that it has no data for them."""
    instrument, series, days = question.instrument, question.series, question.days
    contract = translate.ib_contract(instrument)
    what = f"the {series.bar_size} {series.what_to_show} of {instrument.local_symbol}"
    end, end_text = days.last, end_of(days.last, instrument.time_zone)
    if series.what_to_show == ADJUSTED:
        # The broker takes no end for this series: it always reaches to now, by its own clock, which may be past ours.
        end, end_text = max(days.last, at.date() + timedelta(days=1)), ""
    duration = duration_of(days.first, end, only_weekdays=instrument.sec_type == "STK")
    dates = _TEXT_DATES if series.bar_size == DAILY else _EPOCH_DATES
    request = HistoryRequest(
        instrument.con_id,
        instrument.exchange,
        series.what_to_show,
        series.bar_size,
        f"{duration} to {end_text}",
    )
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
                told: list[BarData] = await connection.ask(what, send, seconds=connection.deadlines.history)
            finally:
                pace.over(departure)
    except QuestionRefused as refused:
        no_data = any(text in refused.text for text in error_codes.NO_HISTORY_TEXTS)
        if refused.code == error_codes.HISTORY_TROUBLE and no_data:
            return ()
        raise broker_fault(what, refused) from None
    translated = (bar_of(bar, series.bar_size) for bar in told)
    within = (bar for bar in translated if day_of(bar, series.bar_size, instrument.time_zone) in days)
    return tuple(sorted(within, key=lambda bar: bar.start))


def end_of(day: date, time_zone: str) -> str:
    """The end of `day` on the exchange's clock, as the wire takes it: UTC, with a dash."""
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(time_zone))
    return f"{midnight.astimezone(UTC):%Y%m%d-%H:%M:%S}"


def duration_of(first: date, last: date, *, only_weekdays: bool) -> str:
    """A duration that reaches from `last` back to `first`: up to 365 days, which the broker counts in sessions, beyond
    that only years are taken. Stocks have at most five sessions a week: asking for more is answered with more."""
    days = (last - first).days + 1
    weeks, rest = divmod(days, 7)
    weekdays = weeks * 5 + sum((first + timedelta(days=i)).weekday() < SATURDAY for i in range(rest))
    sessions = max(1, weekdays) if only_weekdays else days
    return f"{sessions} D" if sessions <= 365 else f"{-(-days // 365)} Y"


def bar_of(bar: BarData, bar_size: str) -> Bar:
    """A bar that the wire dates by YYYYMMDD if it is daily, else by seconds since the epoch. A volume of -1 says that
    the series has none."""
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
    if bar_size != DAILY and text.isdigit() and len(text) > len("YYYYMMDD"):
        return datetime.fromtimestamp(int(text), UTC)
    if bar_size == DAILY and text.isdigit() and len(text) == len("YYYYMMDD"):
        return datetime(int(text[:4]), int(text[4:6]), int(text[6:]), tzinfo=UTC)
    raise BrokerFault(f"the broker dates a bar of {bar_size} {text!r}, which is no such date")
