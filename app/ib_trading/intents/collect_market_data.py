"""collect-market-data: asks the broker for the history that is missing and stores what stands up to inspection.

Reads per instrument which days were asked for before, asks for the others whose bars no longer form, and writes by
key: called again at once it asks for nothing and changes nothing. Bars are written with the days they answer, some
instruments at a time, so that a run that was killed is continued by the next one.

An instrument that the broker refuses is reported and stops no other; the whole is then the broker's fault, so that a
scheduler tries again, and asks for what is missing only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import Any

from ib_trading.core.collection import ADJUSTED, BarQuestion, portion, questions, readjusted, whole_series
from ib_trading.core.coverage import DaySpan
from ib_trading.core.history import (
    DAILY,
    Bar,
    NewestBar,
    Portion,
    Rejected,
    Series,
    StoredSeries,
    last_complete_day,
)
from ib_trading.core.instruments import ContractSpec, Instrument
from ib_trading.core.refusals import BrokerFault, Refusal, RequestError
from ib_trading.intents.chosen_strategies import chosen_strategies
from ib_trading.intents.intent import READING_REFUSALS, Answer, Call, Result, common, envelope, members_of
from ib_trading.intents.read_snapshot import HISTORY_SERIES
from ib_trading.intents.services import Services
from ib_trading.ports.broker import Broker
from ib_trading.schema.requests import CollectMarketDataRequest
from ib_trading.schema.strict import FieldError
from ib_trading.schema.tables import BAR_SIZES
from ib_trading.schema.trading_config import TradingConfig

CALENDAR_DAYS_A_TRADING_DAY = 1.6
"""365 calendar days hold 252 trading days; the rest is a margin for holidays."""
SHORTEST_HISTORY_DAYS = 30

EARLIEST = date(1900, 1, 1)
"""No series is older: a day before it is a slip, and the broker would refuse it instrument by instrument."""

INSTRUMENTS_AT_ONCE = 10
"""So many are asked together, and written together at the end of each round of questions: what a kill can cost."""


@dataclass(frozen=True, slots=True)
class Need:
    """One instrument, and how many trading days of history are wanted where the request does not say."""

    spec: ContractSpec
    history_days: int


@dataclass(frozen=True, slots=True)
class DaysAsked:
    """Both included."""

    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Collected:
    """One instrument's part: `asked` is None where nothing was missing, `stored` counts the bars that were new,
    `recollected` and `error` are None or say why in words."""

    con_id: int
    local_symbol: str
    asked: DaysAsked | None
    stored: int
    rejected: tuple[Rejected, ...]
    recollected: str | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressLine(Collected):
    """One line of the answer in lines: an instrument is done, the `done`-th `of` so many."""

    done: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals(Result):
    """The last of the lines. `requested` and `failed` count instruments, `stored` and `rejected` bars."""

    requested: int
    stored: int
    rejected: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectMarketDataResult(Totals):
    """The answer in one document: the totals and each instrument's part."""

    instruments: tuple[Collected, ...]


@dataclass(slots=True)
class Progress:
    """One instrument on its way: what is still to be asked, and what came of it so far."""

    instrument: Instrument
    stored: StoredSeries
    to_ask: tuple[BarQuestion, ...]
    newest: NewestBar | None
    bars: int = 0
    asked: list[DaySpan] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    recollected: bool = False
    error: str | None = None

    def facts(self) -> Collected:
        spans = self.asked
        asked = DaysAsked(min(s.first for s in spans), max(s.last for s in spans)) if spans else None
        why = "the broker adjusts this series anew (a split or dividend): all of it was replaced"
        return Collected(
            con_id=self.instrument.con_id,
            local_symbol=self.instrument.local_symbol,
            asked=asked,
            stored=self.bars,
            rejected=tuple(self.rejected),
            recollected=why if self.recollected else None,
            error=self.error,
        )


@dataclass(frozen=True, slots=True)
class CollectMarketData:
    services: Services
    name: str = "collect-market-data"
    request_type: type[CollectMarketDataRequest] = CollectMarketDataRequest
    result_type: type[CollectMarketDataResult] = CollectMarketDataResult
    refusals: tuple[type[Refusal], ...] = READING_REFUSALS

    def answer(self, call: Call[CollectMarketDataRequest]) -> Answer:
        config = self.services.config.read()
        check(call.request)
        needs = self._needs(call.request, config)
        if call.lines:
            return Answer({}, lines=self._lines(call, config, needs))
        results = tuple(self._collected(call, config, needs))
        head = common(self.services, self.name, call.run_id)
        result = CollectMarketDataResult(**head, **_totals(results), instruments=results)
        return Answer.of(result, _fault(results))

    def _lines(
        self, call: Call[CollectMarketDataRequest], config: TradingConfig, needs: tuple[Need, ...]
    ) -> Iterator[Answer]:
        """One line an instrument as it is done, then one with the totals or with what stopped it."""
        results: list[Collected] = []
        try:
            for result in self._collected(call, config, needs):
                results.append(result)
                line = ProgressLine(**_fields(result), done=len(results), of=len(needs))
                yield Answer(members_of(line))
        except Refusal as error:
            # The status line has gone out already: the last line carries what it can no longer say.
            yield Answer(envelope(self.services, self.name, call.run_id), error)
            return
        totals = Totals(**common(self.services, self.name, call.run_id), **_totals(results))
        yield Answer.of(totals, _fault(results))

    def _collected(
        self, call: Call[CollectMarketDataRequest], config: TradingConfig, needs: tuple[Need, ...]
    ) -> Iterator[Collected]:
        request = call.request
        with self.services.gateway.session() as broker:
            at = self.services.business_time(broker)
            resolved = broker.instruments(need.spec for need in needs)
            ids = [instrument.con_id for instrument in resolved.values()]
            stored = self.services.warehouse.stored(ids, _series(request), request.bar_size)
            for first in range(0, len(needs), INSTRUMENTS_AT_ONCE):
                some = needs[first : first + INSTRUMENTS_AT_ONCE]
                group = [
                    _begin(need, resolved[need.spec], stored[resolved[need.spec].con_id], request, at)
                    for need in some
                ]
                self._ask_all(broker, group, at, config)
                for progress in group:
                    yield progress.facts()

    def _ask_all(
        self, broker: Broker, group: Sequence[Progress], at: datetime, config: TradingConfig
    ) -> None:
        """Rounds of one question an instrument, each stored at its end."""
        while asking := [progress for progress in group if progress.to_ask]:
            answers = broker.bars([progress.to_ask[0] for progress in asking], at)
            portions: list[tuple[Progress, Portion]] = []
            for progress, answer in zip(asking, answers, strict=True):
                if isinstance(answer, BrokerFault):
                    # The days after a gap that could not be filled can wait for the next run, which asks for both.
                    progress.error, progress.to_ask = answer.detail, ()
                else:
                    portions += [(progress, one) for one in _judge(progress, answer, at, config)]
            counts = self.services.warehouse.store([one for _, one in portions], self.services.clock.now())
            for (progress, _), count in zip(portions, counts, strict=True):
                progress.bars += count

    def _needs(self, request: CollectMarketDataRequest, config: TradingConfig) -> tuple[Need, ...]:
        if request.instruments is not None:
            return tuple(
                Need(ContractSpec(symbol), SHORTEST_HISTORY_DAYS)
                for symbol in dict.fromkeys(request.instruments)
            )
        days: dict[ContractSpec, int] = {}
        chosen = chosen_strategies(self.services.strategies, request.strategies, config)
        for declared in chosen.declarations.values():
            for spec in declared.specs:
                days[spec] = max(days.get(spec, SHORTEST_HISTORY_DAYS), declared.history_days)
        return tuple(Need(spec, days[spec]) for spec in sorted(days))


def _begin(
    need: Need, instrument: Instrument, stored: StoredSeries, request: CollectMarketDataRequest, at: datetime
) -> Progress:
    until = min(request.until or date.max, last_complete_day(instrument, at))
    since = request.since or until - timedelta(days=_calendar_days(need.history_days))
    series = Series(instrument.con_id, instrument.local_symbol, _series(request), request.bar_size)
    to_ask = questions(instrument, series, DaySpan(since, until), stored) if since <= until else ()
    return Progress(instrument, stored, to_ask, stored.newest)


def _judge(progress: Progress, bars: Sequence[Bar], at: datetime, config: TradingConfig) -> Sequence[Portion]:
    """What the answer to the first question adds; nothing if the series has to be asked for anew, which is then the
    next question."""
    question, *rest = progress.to_ask
    progress.asked.append(question.days)
    if not progress.recollected and readjusted(question, bars, progress.stored):
        progress.recollected = True
        whole = whole_series(question, progress.stored)
        if whole.days != question.days:
            progress.to_ask = (whole,)
            return ()
        question = whole
    taken, rejected = portion(
        question, bars, progress.newest, at, config.max_bar_jump_percent, replaces=progress.recollected
    )
    progress.rejected += rejected
    if taken.bars:
        progress.newest = NewestBar(taken.bars[-1].start, taken.bars[-1].close)
    progress.to_ask = tuple(rest)
    return (taken,)


def _series(request: CollectMarketDataRequest) -> str:
    return request.what_to_show or (HISTORY_SERIES if request.bar_size == DAILY else "TRADES")


def check(request: CollectMarketDataRequest) -> None:
    """RequestError for what the types cannot say."""
    if request.bar_size not in BAR_SIZES:
        message = f"{request.bar_size!r} is not collected; known: {', '.join(BAR_SIZES)}"
        raise RequestError(message, errors=(FieldError("barSize", message),))
    if _series(request) == ADJUSTED and request.bar_size != DAILY:
        message = (
            "the broker takes no end date for ADJUSTED_LAST, so that it is collected in days only; say TRADES"
        )
        raise RequestError(message, errors=(FieldError("whatToShow", message),))
    for name, day in (("since", request.since), ("until", request.until)):
        if day and day < EARLIEST:
            message = f"{day} is before every series; give a day from {EARLIEST} on"
            raise RequestError(message, errors=(FieldError(name, message),))
    if request.since and request.until and request.since > request.until:
        message = f"since {request.since} is after until {request.until}"
        raise RequestError(message, errors=(FieldError("since", message),))
    if request.instruments is not None and request.strategies is not None:
        message = "give instruments or strategies, not both"
        raise RequestError(message, errors=(FieldError("instruments", message),))


def _calendar_days(trading_days: int) -> int:
    return int(trading_days * CALENDAR_DAYS_A_TRADING_DAY) + 10


def _fault(results: Sequence[Collected]) -> BrokerFault | None:
    failed = [result.local_symbol for result in results if result.error]
    if not failed:
        return None
    others = len(results) - len(failed)
    return BrokerFault(
        f"the history of {', '.join(failed)} could not be collected; that of the other {others} is stored. Call again"
        " to ask for what is missing"
    )


def _fields(result: Collected) -> dict[str, Any]:
    return {member.name: getattr(result, member.name) for member in fields(result)}


def _totals(results: Sequence[Collected]) -> dict[str, int]:
    return {
        "requested": sum(result.asked is not None for result in results),
        "stored": sum(result.stored for result in results),
        "rejected": sum(len(result.rejected) for result in results),
        "failed": sum(result.error is not None for result in results),
    }
