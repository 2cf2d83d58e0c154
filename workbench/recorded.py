"""The recorded market, as a strategy would have seen it at a moment of the record.

Decides which recorded contract an instrument means, and which of its bars were complete: by the rules of the service
(core/bars.py, core/questions.py). Leaves the figures to the simulator, and what was held to trial.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from ib_trading.core.average_price import NOTHING, Paid
from ib_trading.core.bars import complete_before, trading_days
from ib_trading.core.calendar import Session, sessions, zone_of
from ib_trading.core.forming import Told, seen_forming
from ib_trading.core.instruments import ContractSpec, Instrument
from ib_trading.core.markets import market_of
from ib_trading.core.questions import session_seen
from ib_trading.core.strategy import (
    Declaration,
    History,
    Instance,
    Question,
    Seen,
    SeenBars,
    SeenForming,
    SeenPrice,
)
from ib_trading.schema.strict import nearest
from ib_trading_simulator.market.contracts import Contract, ContractQuery
from ib_trading_simulator.market.market import Market
from workbench.series import NotRecorded, Series, series_of

BASE_CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class Holdings:
    """A strategy's book at a moment: what it holds and has paid for it, its whole capital in base currency, and what it
    remembers."""

    paid: Mapping[ContractSpec, Paid]
    capital: Decimal
    memory: str | None = None

    @property
    def quantities(self) -> Mapping[ContractSpec, Decimal]:
        return {spec: one.quantity for spec, one in self.paid.items()}


class RecordedPrices:
    """The instruments of one declaration in one market. NotRecorded where it has not all of them."""

    def __init__(self, market: Market, declaration: Declaration) -> None:
        self._market = market
        self._declaration = declaration
        self._contracts = {spec: _resolved(market, spec) for spec in declaration.specs}
        self._instruments = {spec: _instrument(contract) for spec, contract in self._contracts.items()}
        self._series: dict[tuple[ContractSpec, History], tuple[int, Series]] = {}

    @property
    def contracts(self) -> Mapping[ContractSpec, Contract]:
        return self._contracts

    def moments(self, count: int, at: time) -> tuple[datetime, ...]:
        """The last `count` times that clocks of the first instrument's exchange show `at` in a session that all
        instruments have a record of, oldest first."""
        first = next(iter(self._instruments.values()))
        ids = [contract.con_id for contract in self._contracts.values()]
        last = min(self._market.last_day(con_id) for con_id in ids)
        market = market_of(first)
        zone = zone_of(market)
        since = max(self._market.first_day(con_id) for con_id in ids)
        found: list[Session] = []
        while len(found) < count and last >= since:
            earlier = max(since, last - timedelta(days=30))
            found = [*sessions(market, earlier, last), *found]
            last = earlier - timedelta(days=1)
        moments = (datetime.combine(session.day, at, zone).astimezone(UTC) for session in found)
        return tuple(moment for moment, session in zip(moments, found, strict=True) if moment in session)[
            -count:
        ]

    def available(self, history: History, at: datetime) -> Mapping[ContractSpec, tuple[int, datetime | None]]:
        """Instrument → how many of the bars that are needed at `at` there are, and when the oldest of them starts."""
        told = {}
        for spec in self._contracts:
            series = self._read(spec, history, at, history.bars)
            first, last = series.until(self._cut(spec, history, at), history.bars)
            oldest = datetime.fromtimestamp(series.start[first], UTC) if last > first else None
            told[spec] = last - first, oldest
        return told

    def read(self, moments: Sequence[datetime], times: int) -> None:
        """Makes the bars of all moments ready, with `times` as many in front as are declared."""
        for spec in self._contracts:
            for history in self._declaration.history:
                days = (moments[-1] - moments[0]).days / trading_days(history.bar_size)
                self._read(spec, history, moments[-1], times * history.bars + int(days) + 1)

    def question(self, instance: Instance, at: datetime, held: Holdings) -> Question:
        """What it is asked at `at`."""
        return Question(
            instance=instance,
            at=at,
            seed=int(at.timestamp()) // 86_400,
            base_currency=BASE_CURRENCY,
            capital=held.capital,
            instruments=tuple(self._seen(spec, at, held) for spec in self._contracts),
            bars=tuple(self._bars(at, 1)),
            forming=tuple(self._forming(at)),
            rates=self.rates(at),
            memory=held.memory,
        )

    def with_bars(self, question: Question, times: int) -> Question:
        """The same question with `times` as many bars as are declared, where there are so many."""
        return replace(question, bars=tuple(self._bars(question.at, times)))

    def price(self, spec: ContractSpec, at: datetime) -> float | None:
        quote = self._market.quote(self._contracts[spec].con_id, at)
        if quote.bid is not None and quote.ask is not None:
            return float(quote.bid + quote.ask) / 2
        return None if quote.last is None else float(quote.last)

    def unit_value(self, spec: ContractSpec, at: datetime) -> float | None:
        """What one contract is worth in base currency."""
        price, rate = self.price(spec, at), self.rates(at).get(spec.currency)
        return (
            None
            if price is None or rate is None
            else float(self._instruments[spec].value(Decimal(price))) * rate
        )

    def rates(self, at: datetime) -> dict[str, float]:
        """Currency → base currency, of those that the instruments are priced in and the record knows."""
        found = {BASE_CURRENCY: 1.0}
        for currency in {spec.currency for spec in self._contracts} - {BASE_CURRENCY}:
            for pair, inverse in (((currency, BASE_CURRENCY), False), ((BASE_CURRENCY, currency), True)):
                for contract in self._market.book.find(
                    ContractQuery(symbol=pair[0], sec_type="CASH", currency=pair[1])
                ):
                    last = self._market.quote(contract.con_id, at).last
                    if last:
                        found[currency] = 1 / float(last) if inverse else float(last)
        return found

    def _seen(self, spec: ContractSpec, at: datetime, held: Holdings) -> Seen:
        instrument = self._instruments[spec]
        paid, price = held.paid.get(spec, NOTHING), self.price(spec, at)
        each = self.unit_value(spec, at)
        value = 0.0 if not paid.quantity else None if each is None else float(paid.quantity) * each
        average = None if paid.price is None else float(paid.price)
        return Seen(
            spec=spec,
            local_symbol=instrument.local_symbol,
            currency=instrument.currency,
            time_zone=instrument.time_zone,
            price=SeenPrice(price, "recorded", at, "" if price else "nothing is recorded of it"),
            traded=spec in self._declaration.instruments,
            held=paid.quantity,
            value=value,
            average_price=average,
            profit=value if not value or not price or average is None else value * (1 - average / price),
            session=session_seen(market_of(instrument), at),
        )

    def _bars(self, at: datetime, times: int) -> Iterator[SeenBars]:
        for index, spec in enumerate(self._contracts):
            for history in self._declaration.history:
                series = self._read(spec, history, at, times * history.bars)
                first, last = series.until(self._cut(spec, history, at), times * history.bars)
                figures = (column[first:last].tobytes() for column in series.columns)
                yield SeenBars(index, history, series.start[first:last].tobytes(), *figures)

    def _forming(self, at: datetime) -> Iterator[SeenForming]:
        """Of the record the minutes that are over by then."""
        for index, (spec, instrument) in enumerate(self._instruments.items()):
            for history in (one for one in self._declaration.history if one.forming):
                series = series_of(self._market, self._contracts[spec], instrument, history, at, 1)
                yield seen_forming(index, history, instrument, Told(at, series.bars), at)

    def _cut(self, spec: ContractSpec, history: History, at: datetime) -> datetime:
        return complete_before(history.bar_size, market_of(self._instruments[spec]), at)

    def _read(self, spec: ContractSpec, history: History, at: datetime, count: int) -> Series:
        """At least `count` bars before `at`, where there are so many; what was read is kept."""
        size, known = self._series.get((spec, history), (0, None))
        if known is None or count > size:
            known = series_of(
                self._market, self._contracts[spec], self._instruments[spec], history, at, count
            )
            self._series[spec, history] = count, known
        return known


def _resolved(market: Market, spec: ContractSpec) -> Contract:
    """The one contract that it means, as the gateway's contract details would tell it."""
    query = ContractQuery(
        symbol=spec.symbol,
        sec_type=spec.sec_type,
        exchange=spec.exchange,
        primary_exchange=spec.primary_exchange,
        currency=spec.currency,
    )
    found = market.book.find(query)
    if len(found) == 1:
        return found[0]
    if found:
        listings = ", ".join(
            f"{one.local_symbol} on {one.primary_exchange} in {one.currency}" for one in found
        )
        raise NotRecorded(f"{spec} is listed several times ({listings}); name its primary_exchange")
    known = sorted({contract.symbol for contract in market.book.all() if contract.sec_type == spec.sec_type})
    raise NotRecorded(
        f"{spec} is not among the recorded contracts; {nearest(spec.symbol, tuple(known))}. Prices of your own:"
        " --market FOLDER (simulator/ib_trading_simulator/data/README.md says how)"
    )


def _instrument(contract: Contract) -> Instrument:
    return Instrument(
        con_id=contract.con_id,
        local_symbol=contract.local_symbol,
        symbol=contract.symbol,
        sec_type=contract.sec_type,
        exchange=contract.exchange,
        primary_exchange=contract.primary_exchange,
        currency=contract.currency,
        multiplier=Decimal(contract.multiplier or 1),
        price_magnifier=Decimal(contract.price_magnifier),
        size_increment=contract.size_increment,
        price_steps=(),
        order_types=frozenset(contract.order_types),
        liquid_hours=(),
        time_zone=contract.time_zone_id,
    )
