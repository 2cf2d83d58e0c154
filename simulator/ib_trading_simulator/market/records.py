"""What was recorded: one row of figures a contract and trading day, exactly as the source spells them.

Decides how recorded figures are stored and read, and refuses files that cannot be true. Constructs nothing:
what the source did not record is None here and made up, openly, in days.py.

A built-in market is one gzip file of columns (data/build.py writes it); a user's market is a folder with
contracts.csv and one SYMBOL.csv a contract, header `date,close` and any of `open,high,low,volume`
(data/README.md).
"""

from __future__ import annotations

import csv
import gzip
from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path

from ib_trading_simulator.market.contract_file import MarketFileError
from ib_trading_simulator.market.contracts import Contract, ContractBook
from ib_trading_simulator.market.sessions import CalendarError, calendar

FIELDS = ("open", "high", "low", "close", "volume")


class Record:
    """The recorded days of one contract, ascending.

    `columns` maps a field of FIELDS to its figures, either split or as one line of comma-separated text that
    is split when it is first read: a market is loaded whole, but mostly a few of its contracts are used. ""
    is "not recorded". `payout` is the fraction of its price that a fund pays each quarter (funds.py).
    """

    def __init__(
        self, days: Sequence[date], columns: Mapping[str, str | Sequence[str]], payout: Decimal = Decimal(0)
    ) -> None:
        self.days = days
        self.payout = payout
        self._columns: dict[str, str | Sequence[str]] = dict(columns)

    def index(self, day: date) -> int | None:
        """The position of `day`, or None if nothing was recorded on it."""
        found = self.latest(day)
        return found if found >= 0 and self.days[found] == day else None

    def latest(self, day: date) -> int:
        """The position of the last recorded day not after `day`; -1 if there is none."""
        return bisect_right(self.days, day) - 1

    def figure(self, field: str, index: int) -> Decimal | None:
        text = self._column(field)[index] if field in self._columns else ""
        return Decimal(text) if text else None

    def close(self, index: int) -> Decimal:
        return Decimal(self._column("close")[index])

    @cached_property
    def approximate_closes(self) -> array[float]:
        """The closes as binary floats, for measuring volatility only."""
        return array("d", map(float, self._column("close")))

    def _column(self, field: str) -> Sequence[str]:
        column = self._columns[field]
        if isinstance(column, str):
            column = self._columns[field] = tuple(column.split(","))
        return column


class BuiltInFile:
    """One gzip file of columns, unpacked when it is first asked for something."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def days(self) -> tuple[date, ...]:
        """The days that all its contracts share."""
        return self._unpacked[0]

    def columns(self, symbol: str) -> Mapping[str, str]:
        """Each recorded field as one line of comma-separated text."""
        return self._unpacked[1][symbol]

    def figures(self, symbol: str, field: str) -> Mapping[date, str]:
        """What was recorded, by day; days without a figure are left out."""
        texts = self.columns(symbol)[field].split(",")
        return {day: text for day, text in zip(self.days, texts, strict=True) if text}

    @cached_property
    def _unpacked(self) -> tuple[tuple[date, ...], Mapping[str, Mapping[str, str]]]:
        first, *lines = gzip.decompress(self._path.read_bytes()).decode("ascii").splitlines()
        days = tuple(map(date.fromisoformat, first.split(",")[2:]))
        columns: dict[str, dict[str, str]] = {}
        for line in lines:
            symbol, field, values = line.split(",", 2)
            columns.setdefault(symbol, {})[field] = values
        return days, columns


def read_built_in(path: Path, book: ContractBook) -> Mapping[int, Record]:
    """The columns of a built-in market by con_id."""
    file = BuiltInFile(path)
    return {contract.con_id: Record(file.days, file.columns(contract.symbol)) for contract in book.all()}


def read_folder(folder: Path, book: ContractBook) -> Mapping[int, Record]:
    """One SYMBOL.csv a contract, named by its local symbol. Raises MarketFileError on the first bad row."""
    return {c.con_id: _read_days(folder / f"{c.local_symbol}.csv", c) for c in book.all()}


def _read_days(path: Path, contract: Contract) -> Record:
    if not path.is_file():
        raise MarketFileError(
            path, 0, f"no such file, but contracts.csv lists {contract.local_symbol}; add it"
        )
    days: list[date] = []
    columns: dict[str, list[str]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        header = tuple(reader.fieldnames or ())
        if not {"date", "close"} <= set(header) <= {"date", *FIELDS}:
            raise MarketFileError(
                path, 1, f"header is {','.join(header)!r}; it needs date,close, may add open,high,low,volume"
            )
        for row in reader:
            if None in row or None in row.values():
                raise MarketFileError(path, reader.line_num, "has more or fewer cells than the header")
            figures = {name: text.strip() for name, text in row.items()}
            days.append(
                _day(path, reader.line_num, figures.pop("date"), contract, days[-1] if days else None)
            )
            _check_figures(path, reader.line_num, figures)
            for name, text in figures.items():
                columns.setdefault(name, []).append(text)
    if not days:
        raise MarketFileError(path, 1, "holds no day; add a row below the header")
    return Record(tuple(days), columns)


def _day(path: Path, line: int, text: str, contract: Contract, previous: date | None) -> date:
    try:
        day = date.fromisoformat(text)
        session = calendar(contract.calendar).session_on(day)
    except CalendarError as error:
        raise MarketFileError(path, line, f"{error}; leave the row out") from None
    except ValueError:
        raise MarketFileError(path, line, f"date {text!r} is not YYYY-MM-DD") from None
    if session is None:
        raise MarketFileError(
            path, line, f"{day} is no trading day of calendar {contract.calendar}; leave the row out"
        )
    if previous and day <= previous:
        raise MarketFileError(
            path, line, f"{day} does not follow {previous}; sort the rows by date, one a day"
        )
    return day


def _check_figures(path: Path, line: int, texts: Mapping[str, str]) -> None:
    figures: dict[str, Decimal] = {}
    for name, text in texts.items():
        if not text:
            continue
        try:
            figures[name] = Decimal(text)
        except InvalidOperation:
            raise MarketFileError(
                path, line, f"{name} {text!r} is not a number; leave the cell empty if unknown"
            ) from None
        if not figures[name].is_finite() or figures[name] < 0 or (figures[name] == 0 and name != "volume"):
            raise MarketFileError(
                path, line, f"{name} {text} must be positive; leave the cell empty if unknown"
            )
    if "close" not in figures:
        raise MarketFileError(path, line, "close is empty; leave the row out if the day has none")
    prices = [price for name, price in figures.items() if name != "volume"]
    if "high" in figures and figures["high"] < max(prices):
        raise MarketFileError(path, line, f"high {texts['high']} is below another price of the day")
    if "low" in figures and figures["low"] > min(prices):
        raise MarketFileError(path, line, f"low {texts['low']} is above another price of the day")
