"""All that is recorded of one instrument's bars, as columns, the one that forms at the end among them."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from math import isnan

from ib_trading.core.bars import DAILY, WEEKLY, monday_of, trading_days
from ib_trading.core.collection import kind_of_price
from ib_trading.core.history import Bar
from ib_trading.core.instruments import Instrument
from ib_trading.core.strategy import History
from ib_trading_simulator.market.contracts import Contract
from ib_trading_simulator.market.history import HistoryError, bars
from ib_trading_simulator.market.market import Market

FIGURES = ("open", "high", "low", "close", "volume")


class NotRecorded(LookupError):
    """What the record has nothing of; the text says what, and what there is."""


@dataclass(frozen=True, slots=True)
class Series:
    """All recorded bars of one instrument that a trial may show, oldest first; `start` in seconds since the epoch."""

    start: array[int]
    columns: tuple[array[float], ...]

    def until(self, before: datetime, count: int) -> tuple[int, int]:
        """The positions of the last `count` bars that start before an instant."""
        last = bisect_left(self.start, int(before.timestamp()))
        return max(0, last - count), last

    @property
    def bars(self) -> tuple[Bar, ...]:
        rows = zip(self.start, *self.columns, strict=True)
        return tuple(
            Bar(
                datetime.fromtimestamp(start, UTC),
                *map(Decimal, prices),
                None if isnan(volume) else Decimal(volume),
            )
            for start, *prices, volume in rows
        )


def series_of(
    market: Market, contract: Contract, instrument: Instrument, history: History, at: datetime, count: int
) -> Series:
    """The `count` bars before `at`, and the one that forms then, where there are so many; NotRecorded for a series that
    there is not."""
    days = int(count * trading_days(history.bar_size)) + 3
    # The broker counts more than a year's days in years.
    duration = f"{days} D" if days <= 365 else f"{days // 250 + 1} Y"
    try:
        told = bars(
            market,
            contract.con_id,
            end=at,
            duration=duration,
            bar_size=history.bar_size,
            use_rth=True,
            what=kind_of_price(instrument.sec_type, history.bar_size, adjusted=history.adjusted),
        )
    except HistoryError as error:
        if error.code == 162:
            return Series(array("q"), tuple(array("d") for _ in FIGURES))
        raise NotRecorded(f"no bars of {history.bar_size!r} of {contract.local_symbol}: {error}") from error
    starts = array("q")
    for bar in told:
        day = bar.day or bar.start.date()
        if history.bar_size in {DAILY, WEEKLY}:
            day = monday_of(day) if history.bar_size == WEEKLY else day
            starts.append(int(datetime.combine(day, time(), UTC).timestamp()))
        else:
            starts.append(int(bar.start.timestamp()))
    columns = [array("d", (float(getattr(bar, name)) for bar in told)) for name in FIGURES]
    if told[0].volume < 0:
        columns[-1] = array("d", [float("nan")] * len(told))
    return Series(starts, tuple(columns))
