"""collect-market-data: asks the broker for the history that is missing and stores what stands up to inspection.

Decides which days of which series are wanted, and tells what came of each; how they are asked for, ask_for_bars.py
decides. Days that still trade are not asked for. Some series at a time, so that a run that was killed is continued by
the next one.

A series that the broker refuses is reported and stops no other; the whole is then the broker's fault, so that a
scheduler tries again, and asks for what is missing only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from ib_trading.core.bars import DAILY
from ib_trading.core.collection import ADJUSTED, Need, kind_of_price, whole_days, whole_days_of
from ib_trading.core.coverage import DaySpan
from ib_trading.core.history import Rejected, Series, last_complete_day
from ib_trading.core.instruments import ContractSpec, Instrument
from ib_trading.core.refusals import BrokerFault, Refusal, RequestError
from ib_trading.core.strategy import Declaration, History
from ib_trading.intents.ask_for_bars import Progress, ask_all, begin
from ib_trading.intents.chosen_strategies import chosen_strategies
from ib_trading.intents.intent import READING_REFUSALS, Answer, Call, Result, common, envelope, members_of
from ib_trading.intents.services import Services
from ib_trading.intents.top_up import needs_of
from ib_trading.schema.requests import CollectMarketDataRequest
from ib_trading.schema.strict import FieldError
from ib_trading.schema.tables import BAR_SIZES
from ib_trading.schema.trading_config import TradingConfig

SHORTEST_HISTORY_DAYS = 30

EARLIEST = date(1900, 1, 1)
"""No series is older: a day before it is a slip, and the broker would refuse it instrument by instrument."""

SERIES_AT_ONCE = 10
"""So many are asked together, and written together at the end of each round of questions: what a kill can cost."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One series, and what of it is wanted where the request does not say: as many trading days as `history_days`, or
    as many bars as it counts, where a strategy has declared them."""

    need: Need
    history_days: int | None = None


@dataclass(frozen=True, slots=True)
class DaysAsked:
    """Both included."""

    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Collected:
    """One series' part: `asked` is None where nothing was missing, `stored` counts the bars that were new,
    `recollected` and `error` are None or say why in words."""

    con_id: int
    local_symbol: str
    bar_size: str
    what_to_show: str
    asked: DaysAsked | None
    stored: int
    rejected: tuple[Rejected, ...]
    recollected: str | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressLine(Collected):
    """One line of the answer in lines: a series is done, the `done`-th `of` so many."""

    done: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals(Result):
    """The last of the lines. `requested` counts the series of which something was missing, `failed` those of which not
    all of it came, `stored` and `rejected` bars."""

    requested: int
    stored: int
    rejected: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectMarketDataResult(Totals):
    """The answer in one document: the totals and each series' part, an instrument's one after the other."""

    instruments: tuple[Collected, ...]


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
        self, call: Call[CollectMarketDataRequest], config: TradingConfig, needs: tuple[Wanted, ...]
    ) -> Iterator[Answer]:
        """One line a series as it is done, then one with the totals or with what stopped it."""
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
        self, call: Call[CollectMarketDataRequest], config: TradingConfig, needs: tuple[Wanted, ...]
    ) -> Iterator[Collected]:
        request = call.request
        with self.services.gateway.session() as broker:
            at = self.services.business_time(broker)
            resolved = broker.instruments(wanted.need.spec for wanted in needs)
            series = [_wanted(wanted, resolved[wanted.need.spec], request, at) for wanted in needs]
            progress = begin(self.services.warehouse, series, at, anew=request.since is not None)
            for first in range(0, len(needs), SERIES_AT_ONCE):
                group = progress[first : first + SERIES_AT_ONCE]
                ask_all(self.services, broker, group, at, config)
                for one in group:
                    yield _facts(one)

    def _needs(self, request: CollectMarketDataRequest, config: TradingConfig) -> tuple[Wanted, ...]:
        if request.instruments is not None:
            specs = map(ContractSpec, dict.fromkeys(request.instruments))
            return tuple(_named(spec, SHORTEST_HISTORY_DAYS, request) for spec in specs)
        chosen = chosen_strategies(self.services.strategies, request.strategies, config).declarations
        if request.bar_size is None and request.what_to_show is None:
            return tuple(map(Wanted, _declared(chosen)))
        days: dict[ContractSpec, int] = {}
        for declared in chosen.values():
            for spec in declared.specs:
                days[spec] = max(days.get(spec, SHORTEST_HISTORY_DAYS), declared.history_days)
        return tuple(_named(spec, days[spec], request) for spec in sorted(days))


def _named(spec: ContractSpec, history_days: int, request: CollectMarketDataRequest) -> Wanted:
    """The series that the request names."""
    bar_size = request.bar_size or DAILY
    what = request.what_to_show or kind_of_price(spec.sec_type, bar_size)
    return Wanted(Need(spec, bar_size, what, 0), history_days)


def _declared(strategies: Mapping[str, Declaration]) -> Sequence[Need]:
    """Every series that these strategies declare, and the newest daily closes of whatever they trade or read, which
    `limits.maxPriceMovePercent` compares prices with."""
    closes = History(DAILY, SHORTEST_HISTORY_DAYS)
    return sorted(
        needs_of({name: replace(one, history=(*one.history, closes)) for name, one in strategies.items()})
    )


def _wanted(
    wanted: Wanted, instrument: Instrument, request: CollectMarketDataRequest, at: datetime
) -> tuple[Instrument, Series, DaySpan | None]:
    need = wanted.need
    series = Series(instrument.con_id, instrument.local_symbol, need.what_to_show, need.bar_size)
    until = min(request.until or date.max, last_complete_day(instrument, at))
    if request.since is not None:
        since = request.since
    elif wanted.history_days is None:
        since = whole_days_of(need, instrument, at, until).first
    else:
        since = whole_days(until, wanted.history_days).first
    return instrument, series, DaySpan(since, until) if since <= until else None


def _facts(progress: Progress) -> Collected:
    spans = progress.asked
    asked = DaysAsked(min(s.first for s in spans), max(s.last for s in spans)) if spans else None
    why = "the broker adjusts this series anew (a split or dividend): all of it was replaced"
    return Collected(
        con_id=progress.instrument.con_id,
        local_symbol=progress.instrument.local_symbol,
        bar_size=progress.series.bar_size,
        what_to_show=progress.series.what_to_show,
        asked=asked,
        stored=progress.bars,
        rejected=tuple(progress.rejected),
        recollected=why if progress.recollected else None,
        error=progress.error,
    )


def check(request: CollectMarketDataRequest) -> None:
    """RequestError for what the types cannot say."""
    if request.bar_size is not None and request.bar_size not in BAR_SIZES:
        message = f"{request.bar_size!r} is not collected; known: {', '.join(BAR_SIZES)}"
        raise RequestError(message, errors=(FieldError("barSize", message),))
    if request.what_to_show == ADJUSTED and request.bar_size not in {None, DAILY}:
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


def _fault(results: Sequence[Collected]) -> BrokerFault | None:
    failed = [result for result in results if result.error]
    if not failed:
        return None
    others = len(results) - len(failed)
    series_of = Counter(result.local_symbol for result in results)
    names = (
        one.local_symbol + f" ({one.bar_size} {one.what_to_show})" * (series_of[one.local_symbol] > 1)
        for one in failed
    )
    return BrokerFault(
        f"the history of {', '.join(names)} could not be collected; that of the other {others} is stored. Call again"
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
