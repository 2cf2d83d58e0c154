"""Closes that were not recorded: of funds after their record, of others altogether.

Decides which days such a contract has, what a day's close is, and what it pays out. Leaves to days.py and path.py how a
day runs to its close, as for a stock.

A recorded close is the record, digit for digit. Before and after the record, and where there is none, a close
follows from its neighbour by
    return = drift + beta x the S&P 500's recorded return + noise x the day's draw,
on the contract's tick. Beta, drift and noise are a row of construction.csv in the market's folder: least squares
over the record where there is one (data/build.py), else round numbers by hand, from an anchor of about the size of
the true price of early 2019. A draw is the sum of four figures in [0, 1), centred and scaled to variance one; it
depends on the contract and the day, not on the seed: closes are as good as recorded. What is left of one contract's
moves beside the S&P 500's has nothing to do with another's: bonds do not fall together here.

Abroad the days are those of the exchange's calendar, until the S&P 500's record ends, and the return that is
followed is New York's between the evenings before: Tokyo has closed when New York opens.

A fund pays a quarter of `yearly_payout` on the third Friday of March, June, September and December, which is when
SPY goes ex-dividend. That is in ADJUSTED_LAST (history.py), and nowhere else: no account is paid anything.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, cached_property, partial
from math import sqrt
from pathlib import Path
from typing import overload

from ib_trading_simulator.market.contracts import Contract, ContractBook
from ib_trading_simulator.market.days import to_ticks
from ib_trading_simulator.market.draws import uniforms
from ib_trading_simulator.market.records import BuiltInFile, Record
from ib_trading_simulator.market.sessions import calendar

NEW_YORK = "XNYS"
FRIDAY = 4
PAYING_MONTHS = (3, 6, 9, 12)
# The least that a day leaves of a price, whatever is drawn.
LEAST_FACTOR = 0.5


@dataclass(frozen=True, slots=True)
class Construction:
    """A row of construction.csv. `beta`, `drift` and `noise` are of daily returns, `anchor` is a close."""

    since: date
    anchor_day: date | None
    anchor: str
    beta: float
    drift: float
    noise: float
    yearly_payout: Decimal


def constructed(
    folder: Path, book: ContractBook, index: Callable[[], Record]
) -> Mapping[int, Callable[[], Record]]:
    """How to make each record of `book`, by con_id; `index` gives the S&P 500."""
    constructions = _constructions(folder / "construction.csv")
    recorded = BuiltInFile(folder / "days.csv.gz")

    def record(contract: Contract) -> Record:
        construction = constructions[contract.symbol]
        days = _days(contract.calendar, construction.since, index())
        closes = Closes(contract, construction, recorded, index(), days)
        return ConstructedRecord(days, closes, construction.yearly_payout / 4)

    return {contract.con_id: partial(record, contract) for contract in book.all()}


def _days(key: str, since: date, index: Record) -> Sequence[date]:
    if key == NEW_YORK:
        return index.days[index.latest(since) :]
    return _days_abroad(key, since, index.days[-1])


@cache
def _days_abroad(key: str, first: date, last: date) -> tuple[date, ...]:
    trading = calendar(key)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return tuple(day for day in days if trading.trades_on(day))


def _constructions(path: Path) -> Mapping[str, Construction]:
    with path.open(newline="", encoding="ascii") as file:
        return {
            row["symbol"]: Construction(
                since=date.fromisoformat(row["since"]),
                anchor_day=date.fromisoformat(row["anchor_day"]) if row["anchor_day"] else None,
                anchor=row["anchor"],
                beta=float(row["beta"] or 0),
                drift=float(row["drift"] or 0),
                noise=float(row["noise"] or 0),
                yearly_payout=Decimal(row["yearly_payout"]),
            )
            for row in csv.DictReader(file)
        }


class ConstructedRecord(Record):
    """The days of a contract that pays the fraction `payout` of its price each quarter."""

    def __init__(self, days: Sequence[date], closes: Closes, payout: Decimal) -> None:
        super().__init__(days, {"close": closes})
        self._payout = payout

    def adjustment(self, day: date, until: date) -> Decimal:
        quarters = (
            date(year, month, 1) for year in range(day.year, until.year + 1) for month in PAYING_MONTHS
        )
        paid = sum(day < third_friday(quarter) <= until for quarter in quarters)
        return (1 - self._payout) ** paid


def third_friday(first: date) -> date:
    """Of the month that begins on `first`."""
    return first.replace(day=15 + (FRIDAY - first.weekday()) % 7)


class Closes(Sequence[str]):
    """Closes spelled like a record's; all of a contract's are made when the first is asked for."""

    def __init__(
        self,
        contract: Contract,
        construction: Construction,
        recorded: BuiltInFile,
        index: Record,
        days: Sequence[date],
    ) -> None:
        self._contract = contract
        self._construction = construction
        self._recorded = recorded
        self._index = index
        self._days = days

    def __len__(self) -> int:
        return len(self._days)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return self._all[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    @cached_property
    def _all(self) -> tuple[str, ...]:
        known = self._known()
        first, last = min(known), max(known)
        factors, tick = self._factors(), self._contract.min_tick
        closes = [known.get(n, "") for n in range(len(self._days))]
        price = float(known[last])
        for n in range(last + 1, len(closes)):
            price *= factors[n]
            closes[n] = str(to_ticks(Decimal(price), tick) * tick)
        price = float(known[first])
        for n in range(first - 1, -1, -1):
            price /= factors[n + 1]
            closes[n] = str(to_ticks(Decimal(price), tick) * tick)
        return tuple(closes)

    def _known(self) -> Mapping[int, str]:
        """The recorded closes, or the anchor, by position among the fund's days."""
        anchor_day = self._construction.anchor_day
        known = (
            {anchor_day: self._construction.anchor}
            if anchor_day
            else self._recorded.figures(self._contract.symbol, "close")
        )
        return {n: known[day] for n, day in enumerate(self._days) if day in known}

    def _factors(self) -> Sequence[float]:
        """What each day multiplies the close before it by; the first day's is never used."""
        skipped, levels = self._index.latest(self._days[0]), self._levels()
        draws = uniforms(f"{self._contract.con_id}/returns", 4 * (skipped + len(levels)))
        made = self._construction
        factors = [1.0]
        for n in range(1, len(levels)):
            a, b, c, d = draws[4 * (skipped + n) : 4 * (skipped + n + 1)]
            drawn = (a + b + c + d - 2.0) * sqrt(3.0)
            moved = levels[n] / levels[n - 1] - 1.0
            factors.append(max(LEAST_FACTOR, 1.0 + made.drift + made.beta * moved + made.noise * drawn))
        return factors

    def _levels(self) -> Sequence[float]:
        """What is followed, day by day: the S&P 500's close of the day, or abroad of the last day before."""
        levels, index = self._index.approximate_closes, self._index
        if self._contract.calendar == NEW_YORK:
            return levels[index.latest(self._days[0]) :]
        return [levels[index.latest(day - timedelta(days=1))] for day in self._days]
