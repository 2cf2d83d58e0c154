"""Asks the broker for bars that are missing and stores what stands up to inspection; for collect-market-data and for
the runs that top up what they will read.

Reads which days were asked for before, asks for the others, and writes by key: called again at once it changes nothing.
Bars are written with the days they answer, so that a process that was killed is continued by the next one. An
instrument that the broker refuses stops no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from ib_trading.core.bars import monday_of
from ib_trading.core.collection import BarQuestion, portion, questions, readjusted, whole_series
from ib_trading.core.coverage import DaySpan
from ib_trading.core.forming import not_complete
from ib_trading.core.history import Bar, NewestBar, Portion, Rejected, Series, StoredSeries
from ib_trading.core.instruments import Instrument
from ib_trading.core.markets import market_of
from ib_trading.core.refusals import BrokerFault
from ib_trading.intents.services import Services
from ib_trading.ports.broker import Broker
from ib_trading.ports.warehouse import Warehouse
from ib_trading.schema.trading_config import TradingConfig


@dataclass(slots=True)
class Progress:
    """One series on its way: what is still to be asked, and what came of it so far. `forming` is what the last answer
    had of bars that are not complete: it is stored nowhere."""

    instrument: Instrument
    series: Series
    stored: StoredSeries
    to_ask: tuple[BarQuestion, ...]
    newest: NewestBar | None
    bars: int = 0
    asked: list[DaySpan] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    recollected: bool = False
    error: str | None = None
    forming: tuple[Bar, ...] = ()


def begin(
    warehouse: Warehouse,
    wanted: Sequence[tuple[Instrument, Series, DaySpan | None]],
    at: datetime,
    *,
    forming: bool = False,
    anew: bool = False,
) -> list[Progress]:
    """One for each series, in their order, from what the warehouse has of it; None where no day is wanted. `forming`:
    the last day may still trade. `anew`: days without bars are asked for, whatever was believed of them."""
    known: dict[Series, StoredSeries] = {}
    for (what, size), some in _by_kind(wanted).items():
        # The week of the first day is dated by its Monday.
        since = min((monday_of(span.first) for _, span in some if span), default=date.max)
        stored = warehouse.stored([series.con_id for series, _ in some], what, size, since=since)
        known |= {series: stored[series.con_id] for series, _ in some}
    return [
        Progress(
            instrument,
            series,
            known[series],
            questions(instrument, series, span, known[series], at, forming=forming, anew=anew)
            if span
            else (),
            known[series].newest,
        )
        for instrument, series, span in wanted
    ]


def _by_kind(
    wanted: Iterable[tuple[Instrument, Series, DaySpan | None]],
) -> Mapping[tuple[str, str], list[tuple[Series, DaySpan | None]]]:
    found: dict[tuple[str, str], list[tuple[Series, DaySpan | None]]] = {}
    for _, series, span in wanted:
        found.setdefault((series.what_to_show, series.bar_size), []).append((series, span))
    return found


def ask_all(
    services: Services,
    broker: Broker,
    group: Sequence[Progress],
    at: datetime,
    config: TradingConfig,
    *,
    until: datetime | None = None,
) -> None:
    """Rounds of one question a series, each stored at its end; none begins after `until` on the system's clock, and
    what is not answered by then counts as not asked."""
    while asking := [progress for progress in group if progress.to_ask]:
        seconds = None if until is None else (until - services.clock.now()).total_seconds()
        if seconds is not None and seconds <= 0:
            break
        answers = broker.bars([progress.to_ask[0] for progress in asking], at, seconds=seconds)
        portions: list[tuple[Progress, Portion]] = []
        for progress, answer in zip(asking, answers, strict=True):
            if isinstance(answer, BrokerFault):
                # The days after a gap that could not be filled can wait for the next run, which asks for both.
                progress.error, progress.to_ask = answer.detail, ()
            else:
                portions += [(progress, one) for one in _judge(progress, answer, at, config)]
        counts = services.warehouse.store([one for _, one in portions], services.clock.now())
        for (progress, _), count in zip(portions, counts, strict=True):
            progress.bars += count


def _judge(progress: Progress, bars: Sequence[Bar], at: datetime, config: TradingConfig) -> Sequence[Portion]:
    """What the answer to the first question adds; nothing if the series has to be asked for anew, which is then the
    next question."""
    question, *rest = progress.to_ask
    progress.asked.append(question.days)
    progress.forming = not_complete(bars, question.series.bar_size, market_of(question.instrument), at)
    if not progress.recollected and readjusted(question, bars, progress.stored):
        progress.recollected = True
        whole = whole_series(question, progress.stored)
        if whole.days != question.days:
            progress.to_ask = (whole,)
            return ()
        question = whole
    progress.to_ask = tuple(rest)
    if not question.fills:
        return ()
    taken, rejected = portion(
        question,
        bars,
        progress.newest,
        at,
        config.max_bar_jump_percent,
        stored=progress.stored,
        replaces=progress.recollected,
    )
    progress.rejected += rejected
    if taken.bars:
        progress.newest = NewestBar(taken.bars[-1].start, taken.bars[-1].close)
    return (replace(taken, answered_at=at),)
