"""Exchange-traded funds: their recorded closes, and a construction where none were recorded.

Decides which days a fund has, what a day's close is, and what it pays out. Leaves to days.py and path.py how a
day runs to its close, as for a stock.

A recorded close is the record, digit for digit. Before and after the record, and for the funds of which there is
none, a close follows from its neighbour by
    return = drift + beta x the S&P 500's recorded return + noise x the day's draw,
on the cent. Beta, drift and noise are a row of data/us-etfs/construction.csv: least squares over the record
where there is one (data/build.py), else round numbers by hand, from an anchor of about the size of the true
price of early 2019. A draw is the sum of four figures in [0, 1), centred and scaled to variance one; it depends
on the contract and the day, not on the seed: closes are as good as recorded. What is left of one fund's moves
beside the S&P 500's has nothing to do with another's: bonds do not fall together here.

A fund pays a quarter of `yearly_payout` on the third Friday of March, June, September and December. That is in
ADJUSTED_LAST (history.py), and nowhere else: no account is paid anything.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from math import sqrt
from pathlib import Path
from typing import overload

from ib_trading_simulator.market.contracts import ContractBook
from ib_trading_simulator.market.draws import uniforms
from ib_trading_simulator.market.records import BuiltInFile, Record

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


def read_funds(folder: Path, book: ContractBook, index: Record) -> Mapping[int, Record]:
    """The funds of `book` by con_id; `index` is the S&P 500, whose days they share. Nothing is unpacked yet."""
    constructions = _constructions(folder / "construction.csv")
    recorded = BuiltInFile(folder / "days.csv.gz")
    records = {}
    for contract in book.all():
        construction = constructions[contract.symbol]
        days = index.days[index.latest(construction.since) :]
        closes = Closes(contract.con_id, contract.symbol, construction, recorded, index, days)
        records[contract.con_id] = Record(days, {"close": closes}, construction.yearly_payout / 4)
    return records


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


class Closes(Sequence[str]):
    """A fund's closes, spelled like a record's; all are made when the first is asked for."""

    def __init__(
        self,
        con_id: int,
        symbol: str,
        construction: Construction,
        recorded: BuiltInFile,
        index: Record,
        days: Sequence[date],
    ) -> None:
        self._con_id = con_id
        self._symbol = symbol
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
        factors = self._factors()
        closes = [known.get(n, "") for n in range(len(self._days))]
        price = float(known[last])
        for n in range(last + 1, len(closes)):
            price *= factors[n]
            closes[n] = f"{price:.2f}"
        price = float(known[first])
        for n in range(first - 1, -1, -1):
            price /= factors[n + 1]
            closes[n] = f"{price:.2f}"
        return tuple(closes)

    def _known(self) -> Mapping[int, str]:
        """The recorded closes, or the anchor, by position among the fund's days."""
        anchor_day = self._construction.anchor_day
        known = (
            {anchor_day: self._construction.anchor}
            if anchor_day
            else self._recorded.figures(self._symbol, "close")
        )
        return {n: known[day] for n, day in enumerate(self._days) if day in known}

    def _factors(self) -> Sequence[float]:
        """What each day multiplies the close before it by; the first day's is never used."""
        skipped = len(self._index.days) - len(self._days)
        levels = self._index.approximate_closes
        draws = uniforms(f"{self._con_id}/returns", 4 * len(levels))
        made = self._construction
        factors = [1.0]
        for n in range(skipped + 1, len(levels)):
            a, b, c, d = draws[4 * n : 4 * n + 4]
            drawn = (a + b + c + d - 2.0) * sqrt(3.0)
            moved = levels[n] / levels[n - 1] - 1.0
            factors.append(max(LEAST_FACTOR, 1.0 + made.drift + made.beta * moved + made.noise * drawn))
        return factors
