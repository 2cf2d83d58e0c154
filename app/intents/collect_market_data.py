"""collect-market-data: asks the broker for the history that is missing and stores what stands up to inspection.

Reads per instrument the newest stored bar, asks only for later days whose bar no longer forms, and writes by key:
called again at once it asks for nothing and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Literal

from app.core.canonical import camel, canonical_json
from app.core.history import NewestBar, Rejected, Series, last_complete_day, missing_days, sift
from app.core.instruments import ContractSpec, Instrument
from app.errors import (
    BrokerFault,
    ConfigurationFault,
    GatewayNotReady,
    RequestError,
    StoreUnavailable,
    TradingError,
)
from app.intents.allocation import chosen_strategies
from app.intents.intent import Answer, Call, Request, Result, common, envelope, problem
from app.intents.read_snapshot import HISTORY_SERIES
from app.intents.services import Services
from app.ports.broker import Broker
from schema.strict import FieldError
from schema.tables import BAR_SIZES
from schema.trading_config import TradingConfig

CALENDAR_DAYS_A_TRADING_DAY = 1.6
"""365 calendar days hold 252 trading days; the rest is a margin for holidays."""
SHORTEST_HISTORY_DAYS = 30


class CollectMarketDataRequest(Request, frozen=True, kw_only=True):
    """`instruments` are US stocks by symbol; left out, everything that `strategies` (default: all with an exposure)
    need. `since` and `until` are days, both included."""

    instruments: tuple[str, ...] | None = None
    strategies: tuple[str, ...] | None = None
    bar_size: str = "1 day"
    since: date | None = None
    until: date | None = None
    what_to_show: Literal["ADJUSTED_LAST", "TRADES", "MIDPOINT", "BID", "ASK"] = HISTORY_SERIES


@dataclass(frozen=True, slots=True)
class Need:
    """One instrument, and from which day on its history is wanted (None: as the request says)."""

    spec: ContractSpec
    history_days: int


@dataclass(frozen=True, slots=True)
class DaysAsked:
    """Both included."""

    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Collected:
    """One instrument's part: `asked` is None where nothing was missing, `stored` counts the bars that were new."""

    con_id: int
    local_symbol: str
    asked: DaysAsked | None = None
    stored: int = 0
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectMarketDataResult(Result):
    """`requested` counts the instruments that were asked for, `stored` and `rejected` bars."""

    requested: int
    stored: int
    rejected: int
    instruments: tuple[Collected, ...]


@dataclass(frozen=True, slots=True)
class CollectMarketData:
    services: Services
    name: str = "collect-market-data"
    request_type: type[CollectMarketDataRequest] = CollectMarketDataRequest
    result_type: type[CollectMarketDataResult] = CollectMarketDataResult
    refusals: tuple[type[TradingError], ...] = (
        BrokerFault,
        GatewayNotReady,
        StoreUnavailable,
        ConfigurationFault,
    )

    def answer(self, call: Call[CollectMarketDataRequest]) -> Answer:
        config = self.services.config.read()
        needs = self._needs(call.request, config)
        if call.lines:
            return Answer(200, lines=self._lines(call, config, needs))
        results = tuple(self._collected(call, config, needs))
        head = common(self.services, self.name, call.run_id)
        return Answer.of(CollectMarketDataResult(**head, **_totals(results), instruments=results))

    def _lines(
        self, call: Call[CollectMarketDataRequest], config: TradingConfig, needs: tuple[Need, ...]
    ) -> Iterator[bytes]:
        """One line an instrument as it is done, then one with the totals or with what stopped it."""
        head = envelope(self.services, self.name, call.run_id)
        results: list[Collected] = []
        try:
            for result in self._collected(call, config, needs):
                results.append(result)
                progress = {camel(field.name): getattr(result, field.name) for field in fields(result)}
                yield canonical_json(progress | {"done": len(results), "of": len(needs)}) + b"\n"
        except TradingError as error:
            # The status line has gone out already: the last line carries what it can no longer say.
            yield canonical_json(head | problem(error, call.run_id)) + b"\n"
            return
        yield canonical_json(head | _totals(results)) + b"\n"

    def _collected(
        self, call: Call[CollectMarketDataRequest], config: TradingConfig, needs: tuple[Need, ...]
    ) -> Iterator[Collected]:
        with self.services.gateway.session() as broker:
            at = self.services.business_time(broker)
            resolved = broker.instruments(need.spec for need in needs)
            ids = [instrument.con_id for instrument in resolved.values()]
            newest = self.services.warehouse.newest(ids, call.request.what_to_show, call.request.bar_size)
            for need in needs:
                instrument = resolved[need.spec]
                until = min(call.request.until or date.max, last_complete_day(instrument, at))
                since = call.request.since or until - timedelta(days=_calendar_days(need.history_days))
                days = missing_days(newest.get(instrument.con_id), since, until)
                yield self._collect(
                    broker, instrument, call.request, config, days, newest.get(instrument.con_id)
                )

    def _collect(
        self,
        broker: Broker,
        instrument: Instrument,
        request: CollectMarketDataRequest,
        config: TradingConfig,
        days: tuple[date, date] | None,
        newest: NewestBar | None,
    ) -> Collected:
        """Asks for `days`, both included, and stores; the first bar is compared with `newest`, the last one stored."""
        if days is None:
            return Collected(instrument.con_id, instrument.local_symbol)
        first, last = days
        bars = [
            bar
            for bar in broker.daily_bars(instrument, first, last, request.what_to_show)
            if first <= bar.start.date() <= last
        ]
        good, bad = sift(bars, newest.close if newest else None, config.max_bar_jump_percent)
        series = Series(instrument.con_id, instrument.local_symbol, request.what_to_show, request.bar_size)
        stored = self.services.warehouse.store(series, good, self.services.clock.now())
        asked = DaysAsked(first, last)
        return Collected(instrument.con_id, instrument.local_symbol, asked, stored, tuple(bad))

    def _needs(self, request: CollectMarketDataRequest, config: TradingConfig) -> tuple[Need, ...]:
        if request.bar_size not in BAR_SIZES:
            message = f"{request.bar_size!r} is not collected; known: {', '.join(BAR_SIZES)}"
            raise RequestError(message, errors=(FieldError("barSize", message),))
        if request.since and request.until and request.since > request.until:
            message = f"since {request.since} is after until {request.until}"
            raise RequestError(message, errors=(FieldError("since", message),))
        if request.instruments is not None and request.strategies is not None:
            message = "give instruments or strategies, not both"
            raise RequestError(message, errors=(FieldError("instruments", message),))
        if request.instruments is not None:
            return tuple(
                Need(ContractSpec(symbol), SHORTEST_HISTORY_DAYS)
                for symbol in dict.fromkeys(request.instruments)
            )
        days: dict[ContractSpec, int] = {}
        for strategy in chosen_strategies(self.services.strategies, request.strategies, config).values():
            for spec in strategy.instruments:
                days[spec] = max(days.get(spec, SHORTEST_HISTORY_DAYS), strategy.history_days)
        return tuple(Need(spec, days[spec]) for spec in sorted(days))


def _calendar_days(trading_days: int) -> int:
    return int(trading_days * CALENDAR_DAYS_A_TRADING_DAY) + 10


def _totals(results: Sequence[Collected]) -> dict[str, int]:
    return {
        "requested": sum(result.asked is not None for result in results),
        "stored": sum(result.stored for result in results),
        "rejected": sum(len(result.rejected) for result in results),
    }
