"""Prices at an instant: what a market shows for a contract, when it changes and when it is open.

Decides quotes. They are a pure function of (market, seed, contract, instant) and of the prices set through
the control port. Leaves recorded figures to records.py, a day's constructed figures to days.py, the path
within a day to path.py, bars to history.py, and fills to the wire side.

A contract has a session only on days that its record holds. A quote shows
    in a session       bid < ask, last, open/high/low/volume so far
    after the close    no bid, no ask; last is the closing print, open/high/low/volume are the day's
    before the open    no bid, no ask; last is the previous closing print; no open/high/low, volume 0
    before the record  nothing; after it: as after a close, for ever
`previous_close` is the recorded close of the last day before the exchange's local date, digit for digit; all
other prices lie on the contract's tick. An index never has a bid or an ask. The close of a session belongs to
it: at that instant the quote is the closing print, yet is_open is false and session() is None.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from ib_trading_simulator.market.built_in import BUILT_IN, DATA, built_in, with_forex
from ib_trading_simulator.market.contract_file import read_contracts
from ib_trading_simulator.market.contracts import Contract, ContractBook
from ib_trading_simulator.market.days import DayFigures, figures_of, to_ticks
from ib_trading_simulator.market.path import DayPath, Mark, Spread, day_path, day_spread
from ib_trading_simulator.market.quote import Quote, closed_quote, session_quote
from ib_trading_simulator.market.records import Record, read_folder
from ib_trading_simulator.market.sessions import Session, calendar

__all__ = ["BUILT_IN", "DATA", "Bar", "Market", "MarketError"]

MINUTE = timedelta(minutes=1)
# A path is about 30 kB: the present day of every contract in use, and some history.
PATHS_KEPT = 256


class MarketError(LookupError):
    """A market, contract or time of which there is no record."""


@dataclass(frozen=True, slots=True)
class Bar:
    """`start` is UTC; for daily and longer bars it is the first session's open, `day` the last session's day.

    `volume`, `wap` and `count` are -1 where the series has none (bid, ask and midpoint bars), as on the wire.
    """

    start: datetime
    day: date | None
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    wap: Decimal
    count: int


class Market:
    """A book of contracts and their prices; see the module's docstring."""

    def __init__(self, book: ContractBook, records: Mapping[int, Record], seed: int = 0) -> None:
        self.book = book
        self.seed = seed
        self._records = records
        self._marks: dict[tuple[int, date], tuple[Mark, ...]] = {}
        # By contract: the quote of the moment that was asked for last, however many ask for it.
        self._quotes: dict[int, Quote] = {}
        self._path = lru_cache(maxsize=PATHS_KEPT)(self._construct_path)

    @classmethod
    def load(cls, source: str | Path, seed: int = 0) -> Market:
        """A built-in market by name (BUILT_IN), or a folder of CSV files (header: data/README.md).

        Raises MarketFileError, naming file, line and remedy, for a folder that cannot be used.
        """
        if source in BUILT_IN:
            book, records = built_in(str(source))
        else:
            folder = Path(source)
            if not folder.is_dir():
                raise MarketError(
                    f"no market {str(source)!r}: neither a folder nor one of {', '.join(BUILT_IN)}"
                )
            book = read_contracts(folder / "contracts.csv")
            records = read_folder(folder, book)
        return cls(*with_forex(book, records, seed), seed)

    def quote(self, con_id: int, at: datetime) -> Quote:
        known = self._quotes.get(con_id)
        if known is None or known.at != at:
            known = self._quotes[con_id] = self._quote(con_id, at)
        return known

    def _quote(self, con_id: int, at: datetime) -> Quote:
        contract, record = self._contract(con_id), self._record(con_id)
        today = _local_day(contract, at)
        index = record.latest(today)
        session = self._session_on(contract, record, today)
        before = index if session is None else index - 1
        previous_close = record.close(before) if before >= 0 else None
        if session is None or at < session.open:
            last = previous_close and to_ticks(previous_close, contract.min_tick) * contract.min_tick
            return closed_quote(at, last, previous_close)
        path = self.path(con_id, today)
        return session_quote(contract, session, path, at, previous_close)

    def frozen(self, con_id: int, at: datetime) -> Quote:
        """The last two-sided quote not after `at`: what market data type 2 (frozen) shows after hours."""
        if self.is_open(con_id, at):
            return self.quote(con_id, at)
        contract, record = self._contract(con_id), self._record(con_id)
        index = record.latest(_local_day(contract, at))
        for day in reversed(record.days[max(0, index - 1) : index + 1]):
            session = self._session_on(contract, record, day)
            if session and session.close <= at:
                shown = self.quote(con_id, session.close - MINUTE)
                now = self.quote(con_id, at)
                return replace(
                    now, bid=shown.bid, ask=shown.ask, bid_size=shown.bid_size, ask_size=shown.ask_size
                )
        return self.quote(con_id, at)

    def moves(self, con_id: int, after: datetime, until: datetime) -> Iterator[datetime]:
        """Ascending instants in (after, until] at which the quote changes.

        In a session: its open, each full minute, its close, and where a price was set before this was called.
        """
        contract, record = self._contract(con_id), self._record(con_id)
        first = max(0, record.latest(_local_day(contract, after)))
        for index in range(first, len(record.days)):
            session = self._session_on(contract, record, record.days[index])
            if session is None or session.close <= after:
                continue
            if session.open > until:
                return
            for at in self._instants(con_id, session, after):
                if at > until:
                    return
                yield at

    def is_open(self, con_id: int, at: datetime) -> bool:
        return self.session(con_id, at) is not None

    def session(self, con_id: int, at: datetime) -> Session | None:
        """The recorded session with open <= at < close, if any."""
        contract = self._contract(con_id)
        session = self._session_on(contract, self._record(con_id), _local_day(contract, at))
        return session if session and session.open <= at < session.close else None

    def next_session(self, con_id: int, after: datetime) -> Session:
        """The first recorded session that opens strictly after `after`; MarketError if there is none."""
        contract, record = self._contract(con_id), self._record(con_id)
        start = max(0, record.latest(_local_day(contract, after)))
        for index in range(start, len(record.days)):
            session = self._session_on(contract, record, record.days[index])
            if session and session.open > after:
                return session
        raise MarketError(
            f"the record of {contract.symbol} ends on {record.days[-1]}; start the clock earlier"
        )

    def first_day(self, con_id: int) -> date:
        return self._record(con_id).days[0]

    def last_day(self, con_id: int) -> date:
        return self._record(con_id).days[-1]

    def days(self, con_id: int) -> tuple[date, ...]:
        """Every recorded trading day, ascending."""
        return tuple(self._record(con_id).days)

    def days_back(self, con_id: int, day: date) -> Iterator[date]:
        """Recorded trading days from `day` on backwards."""
        record = self._record(con_id)
        return (record.days[index] for index in range(record.latest(day), -1, -1))

    def session_on(self, con_id: int, day: date) -> Session | None:
        """The session with trade date `day`, or None if nothing was recorded then."""
        return self._session_on(self._contract(con_id), self._record(con_id), day)

    def recorded_close(self, con_id: int, day: date) -> Decimal | None:
        """The close in the record, digit for digit; None on a day without one."""
        index = self._record(con_id).index(day)
        return None if index is None else self._record(con_id).close(index)

    def set_price(self, con_id: int, at: datetime, price: Decimal) -> None:
        """From `at` until its session's close quotes centre on `price`, rounded to the tick.

        The closing print, and so the daily bar's close, stays the record's. Raises MarketError when the
        market is closed at `at`, ValueError for a price that is not positive.
        """
        contract, session = self._contract(con_id), self.session(con_id, at)
        if not (price.is_finite() and price > 0):
            raise ValueError(f"price {price} must be positive")
        if session is None:
            raise MarketError(
                f"{contract.symbol} does not trade at {at:%Y-%m-%d %H:%M:%S %Z}; set a price in a session"
            )
        mark = Mark((at - session.open).total_seconds(), to_ticks(price, contract.min_tick))
        key = (con_id, session.day)
        # A price set later replaces one set at the same second; else each stands from its own instant on.
        kept = (m for m in self._marks.get(key, ()) if m.second != mark.second)
        self._marks[key] = tuple(sorted((*kept, mark), key=lambda m: m.second))
        self._quotes.pop(con_id, None)

    def figures(self, con_id: int, day: date) -> DayFigures:
        """The day's open, high, low, close and volume; MarketError on a day without a session.

        Where a price was set that day, high and low are those of the path with it.
        """
        contract, record = self._contract(con_id), self._record(con_id)
        index = record.index(day)
        if index is None:
            raise MarketError(f"nothing recorded for {contract.symbol} on {day}")
        figures = figures_of(record, index, contract, self.seed)
        if (con_id, day) not in self._marks:
            return figures
        path, tick = self.path(con_id, day), contract.min_tick
        high = max(max(path.highs) * tick, figures.open, figures.close)
        low = min(min(path.lows) * tick, figures.open, figures.close)
        return replace(figures, high=high, low=low)

    def path(self, con_id: int, day: date) -> DayPath:
        """The minutes of a recorded day; MarketError on a day without a session."""
        return self._path(con_id, day, self._marks.get((con_id, day), ()))

    def spread(self, con_id: int, day: date) -> Spread:
        """The day's spread without its path, for daily bid and ask bars."""
        opening = self.figures(con_id, day).open
        tick = self._contract(con_id).min_tick
        return day_spread(to_ticks(opening, tick), self._key(con_id, day))

    def _key(self, con_id: int, day: date) -> str:
        return f"{self.seed}/{con_id}/{day}"

    def _construct_path(self, con_id: int, day: date, marks: tuple[Mark, ...]) -> DayPath:
        contract, record = self._contract(con_id), self._record(con_id)
        index, session = record.index(day), self.session_on(con_id, day)
        if index is None or session is None:
            raise MarketError(f"nothing recorded for {contract.symbol} on {day}")
        figures = figures_of(record, index, contract, self.seed)
        path = day_path(figures, session.minutes, contract.min_tick, self._key(con_id, day))
        for mark in marks:
            path = path.marked(mark)
        return path

    def _instants(self, con_id: int, session: Session, after: datetime) -> Iterator[datetime]:
        """The instants of one session that lie after `after`."""
        first = max(0, (after - session.open) // MINUTE + 1)
        minutes = (session.open + k * MINUTE for k in range(first, session.minutes + 1))
        marks = self._marks.get((con_id, session.day))
        if not marks:
            return minutes
        set_at = (session.open + timedelta(seconds=mark.second) for mark in marks)
        return iter(sorted({*minutes, *(at for at in set_at if at > after)}))

    def _contract(self, con_id: int) -> Contract:
        contract = self.book.by_id(con_id)
        if contract is None:
            raise MarketError(f"no contract with conId {con_id}")
        return contract

    def _record(self, con_id: int) -> Record:
        return self._records[con_id]

    @staticmethod
    def _session_on(contract: Contract, record: Record, day: date) -> Session | None:
        return calendar(contract.calendar).session_on(day) if record.index(day) is not None else None


def _local_day(contract: Contract, at: datetime) -> date:
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone; the market counts in UTC")
    return calendar(contract.calendar).local_day(at)
