"""What a strategy sees: everything that was known at `at`, and nothing that came later."""

from __future__ import annotations

import json
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from ib_trading.core.instruments import ContractSpec
from ib_trading.core.strategy import DAILY, Question, Seen, SeenBars, SeenForming, SeenSession

if TYPE_CHECKING:
    from ib_trading.authoring.bars import Bars


class NotSeen(LookupError):
    """The strategy asked for what it has not declared, or what nobody knows now; the text says which."""


@dataclass(frozen=True, slots=True)
class PriceSeen:
    """What one contract would be sized with, in its currency, and where that comes from."""

    value: float
    source: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Holding:
    """The strategy's own. `quantity` is signed; `value` is in base currency, `weight` its fraction of the capital.

    `average_price` is what was paid for each, in the unit of the price: the mean of the strategy's own purchases, of
    what is held short that of its sales. `profit` is what the price has gained since, in base currency at today's rate
    and without commissions; what was sold before is not in it. Each is None where nobody knows it: without a price or a
    rate, and `average_price` and `profit` after a change that no fill explains, such as a split. Of what is not held
    `average_price` is None, the others 0.
    """

    quantity: Decimal
    value: float | None
    weight: float | None
    average_price: float | None
    profit: float | None


@dataclass(frozen=True, slots=True)
class FormingBar:
    """A bar that is not complete, as far as it had come at `as_of`: prices in the contract's quoted unit, `volume` NaN
    where the series has none. `start` is in UTC; of a day midnight of its date, of a week that of its Monday, as with
    complete bars."""

    start: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float
    as_of: datetime


@dataclass(frozen=True, slots=True)
class SessionSeen:
    """Today's trading session, in the exchange's own time."""

    open: datetime
    close: datetime
    minutes_to_close: float
    last_of_week: bool
    last_of_month: bool


class StrategyView:
    """Made of a question. It hands out what is in it, and cannot be changed."""

    def __init__(self, question: Question, parameters: Any = None) -> None:
        self._question = question
        self._parameters = parameters
        self._seen = {seen.spec: seen for seen in question.instruments}
        self._closes = MappingProxyType(_daily_closes(question))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StrategyView) and self._question == other._question

    def __hash__(self) -> int:
        return hash((self._question.instance.name, self._question.at))

    @property
    def at(self) -> datetime:
        """The instant of the decision, in UTC."""
        return self._question.at

    @property
    def seed(self) -> int:
        """The only chance a strategy has: the same within a broker's day, another tomorrow."""
        return self._question.seed

    @property
    def capital(self) -> Decimal:
        """The strategy's own, in base currency."""
        return self._question.capital

    @property
    def base_currency(self) -> str:
        return self._question.base_currency

    @property
    def parameters(self) -> Any:
        return self._parameters

    @property
    def memory(self) -> Any:
        """The JSON value that it returned with its last decision that was carried out; None for none."""
        return None if self._question.memory is None else json.loads(self._question.memory)

    @property
    def rates(self) -> Mapping[str, float]:
        """Currency → what one unit of it is worth in base currency."""
        return MappingProxyType(dict(self._question.rates))

    @property
    def holdings(self) -> Mapping[ContractSpec, Decimal]:
        """Instrument → the strategy's own signed quantity."""
        return MappingProxyType({seen.spec: seen.held for seen in self._question.instruments if seen.traded})

    @property
    def closes(self) -> Mapping[ContractSpec, tuple[float, ...]]:
        """Instrument or input → its daily closes, oldest first; `bars` has all the rest."""
        return self._closes

    def local(self, spec: ContractSpec) -> datetime:
        """`at` on the clock of the instrument's exchange."""
        return self.at.astimezone(ZoneInfo(self._one(spec).time_zone))

    def bars(self, spec: ContractSpec, bar_size: str = DAILY, *, adjusted: bool | None = None) -> Bars:
        """The complete bars that were declared for it; NotSeen for a size that was not. `adjusted` tells two series of
        one size apart."""
        from ib_trading.authoring.bars import bars_of

        seen = self._one(spec)
        return bars_of(self._columns(seen, bar_size, adjusted), seen.time_zone)

    def forming(
        self, spec: ContractSpec, bar_size: str = DAILY, *, adjusted: bool | None = None
    ) -> FormingBar | None:
        """The bar that still forms; None while none does, and before the first trade in it. NotSeen where the history
        does not declare it with `forming=True`, and, with the reason, where the broker did not tell it."""
        seen = self._one(spec)
        index = self._question.instruments.index(seen)
        found = _declared(
            [one for one in self._question.forming if one.index == index],
            bar_size,
            adjusted,
            " with forming=True",
        )
        if found.refused:
            raise NotSeen(f"nobody knows the bar of {bar_size!r} of {spec} that forms: {found.refused}")
        bar = found.bar
        return (
            None
            if bar is None
            else FormingBar(bar.start, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.as_of)
        )

    def price(self, spec: ContractSpec) -> PriceSeen:
        """The price that it would be sized with; NotSeen, with the reason, where there is none."""
        price = self._one(spec).price
        if price.value is None or price.as_of is None:
            raise NotSeen(f"{spec} has no price: {price.refused or 'nobody quoted it'}")
        return PriceSeen(price.value, price.source, price.as_of)

    def holding(self, spec: ContractSpec) -> Holding:
        seen = self._one(spec)
        weight = None if seen.value is None or not self.capital else seen.value / float(self.capital)
        return Holding(seen.held, seen.value, weight, seen.average_price, seen.profit)

    def session(self, spec: ContractSpec) -> SessionSeen | None:
        """Today's session of the instrument's exchange; None on a day without one."""
        seen = self._one(spec)
        return None if seen.session is None else self._session(seen.session, ZoneInfo(seen.time_zone))

    def _session(self, session: SeenSession, zone: ZoneInfo) -> SessionSeen:
        return SessionSeen(
            session.open.astimezone(zone),
            session.close.astimezone(zone),
            (session.close - self.at).total_seconds() / 60,
            session.last_of_week,
            session.last_of_month,
        )

    def _one(self, spec: ContractSpec) -> Seen:
        if spec not in self._seen:
            raise NotSeen(f"{spec} is neither among the strategy's instruments nor its inputs")
        return self._seen[spec]

    def _columns(self, seen: Seen, bar_size: str, adjusted: bool | None) -> SeenBars:
        index = self._question.instruments.index(seen)
        return _declared(
            [bars for bars in self._question.bars if bars.index == index], bar_size, adjusted, ""
        )


Of = TypeVar("Of", SeenBars, SeenForming)


def _declared(of_it: Sequence[Of], bar_size: str, adjusted: bool | None, how: str) -> Of:
    """The first of that size; NotSeen says which there are."""
    for one in of_it:
        if one.history.bar_size == bar_size and adjusted in {None, one.history.adjusted}:
            return one
    declared = ", ".join(sorted({one.history.bar_size for one in of_it})) or "no bars at all"
    raise NotSeen(f"bars of {bar_size!r} are not in the strategy's history{how}, which declares {declared}")


def _daily_closes(question: Question) -> dict[ContractSpec, tuple[float, ...]]:
    found: dict[ContractSpec, tuple[float, ...]] = {seen.spec: () for seen in question.instruments}
    for bars in question.bars:
        if bars.history.bar_size == DAILY:
            column = array("d")
            column.frombytes(bars.close)
            found[question.instruments[bars.index].spec] = tuple(column)
    return found
