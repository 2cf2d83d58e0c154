"""collect-market-data: asks the broker for the history that is missing and stores what stands up to inspection.

Decides which days of which series are wanted, and tells what came of each; how they are asked for, ask_for_bars.py
decides. Days that still trade are not asked for. Some instruments at a time, so that a run that was killed is continued
by the next one.

An instrument that the broker refuses is reported and stops no other; the whole is then the broker's fault, so that a
scheduler tries again, and asks for what is missing only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from ib_trading.core.bars import DAILY
from ib_trading.core.collection import ADJUSTED, kind_of_price, whole_days
from ib_trading.core.coverage import DaySpan
from ib_trading.core.history import Rejected, Series, last_complete_day
from ib_trading.core.instruments import ContractSpec, Instrument
from ib_trading.core.refusals import BrokerFault, Refusal, RequestError
from ib_trading.intents.ask_for_bars import Progress, ask_all, begin
from ib_trading.intents.chosen_strategies import chosen_strategies
from ib_trading.intents.intent import READING_REFUSALS, Answer, Call, Result, common, envelope, members_of
from ib_trading.intents.services import Services
from ib_trading.schema.requests import CollectMarketDataRequest
from ib_trading.schema.strict import FieldError
from ib_trading.schema.tables import BAR_SIZES
from ib_trading.schema.trading_config import TradingConfig

SHORTEST_HISTORY_DAYS = 30

EARLIEST = date(1900, 1, 1)
"""No series is older: a day before it is a slip, and the broker would refuse it instrument by instrument."""

INSTRUMENTS_AT_ONCE = 10
"""So many are asked together, and written together at the end of each round of questions: what a kill can cost."""


@dataclass(frozen=True, slots=True)
class Wanted:
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
        self, call: Call[CollectMarketDataRequest], config: TradingConfig, needs: tuple[Wanted, ...]
    ) -> Iterator[Collected]:
        request = call.request
        with self.services.gateway.session() as broker:
            at = self.services.business_time(broker)
            resolved = broker.instruments(need.spec for need in needs)
            series = [_wanted(need, resolved[need.spec], request, at) for need in needs]
            progress = begin(self.services.warehouse, series, at, anew=request.since is not None)
            for first in range(0, len(needs), INSTRUMENTS_AT_ONCE):
                group = progress[first : first + INSTRUMENTS_AT_ONCE]
                ask_all(self.services, broker, group, at, config)
                for one in group:
                    yield _facts(one)

    def _needs(self, request: CollectMarketDataRequest, config: TradingConfig) -> tuple[Wanted, ...]:
        if request.instruments is not None:
            return tuple(
                Wanted(ContractSpec(symbol), SHORTEST_HISTORY_DAYS)
                for symbol in dict.fromkeys(request.instruments)
            )
        days: dict[ContractSpec, int] = {}
        chosen = chosen_strategies(self.services.strategies, request.strategies, config)
        for declared in chosen.declarations.values():
            for spec in declared.specs:
                days[spec] = max(days.get(spec, SHORTEST_HISTORY_DAYS), declared.history_days)
        return tuple(Wanted(spec, days[spec]) for spec in sorted(days))


def _wanted(
    need: Wanted, instrument: Instrument, request: CollectMarketDataRequest, at: datetime
) -> tuple[Instrument, Series, DaySpan | None]:
    what = request.what_to_show or kind_of_price(instrument.sec_type, request.bar_size)
    series = Series(instrument.con_id, instrument.local_symbol, what, request.bar_size)
    until = min(request.until or date.max, last_complete_day(instrument, at))
    since = request.since or whole_days(until, need.history_days).first
    return instrument, series, DaySpan(since, until) if since <= until else None


def _facts(progress: Progress) -> Collected:
    spans = progress.asked
    asked = DaysAsked(min(s.first for s in spans), max(s.last for s in spans)) if spans else None
    why = "the broker adjusts this series anew (a split or dividend): all of it was replaced"
    return Collected(
        con_id=progress.instrument.con_id,
        local_symbol=progress.instrument.local_symbol,
        asked=asked,
        stored=progress.bars,
        rejected=tuple(progress.rejected),
        recollected=why if progress.recollected else None,
        error=progress.error,
    )


def check(request: CollectMarketDataRequest) -> None:
    """RequestError for what the types cannot say."""
    if request.bar_size not in BAR_SIZES:
        message = f"{request.bar_size!r} is not collected; known: {', '.join(BAR_SIZES)}"
        raise RequestError(message, errors=(FieldError("barSize", message),))
    if request.what_to_show == ADJUSTED and request.bar_size != DAILY:
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
