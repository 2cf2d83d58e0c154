"""Bars as an author reads them: columns of numpy, or a frame of pandas where that is installed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy

from ib_trading.core.strategy import SeenBars

if TYPE_CHECKING:
    import pandas

Column = numpy.ndarray[Any, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Complete bars, oldest first, as read-only columns of equal length. `start` is datetime64[s] in UTC, prices are in
    the contract's quoted unit, `volume` is NaN where the series has none. A daily bar starts at midnight UTC of its
    trading day."""

    time_zone: str
    start: Column
    open: Column
    high: Column
    low: Column
    close: Column
    volume: Column

    def __len__(self) -> int:
        return len(self.start)

    def frame(self) -> pandas.DataFrame:
        """The same as a DataFrame, indexed by the exchange's time; of daily bars, by their day."""
        import pandas

        daily = not (self.start.astype("int64") % 86_400).any()
        index = pandas.DatetimeIndex(self.start.astype("datetime64[ns]"), name="start")
        if not daily:
            index = index.tz_localize("UTC").tz_convert(self.time_zone)
        columns = ("open", "high", "low", "close", "volume")
        return pandas.DataFrame({name: getattr(self, name) for name in columns}, index=index)


def bars_of(seen: SeenBars, time_zone: str) -> Bars:
    return Bars(
        time_zone,
        numpy.frombuffer(seen.start, "int64").view("datetime64[s]"),
        *(numpy.frombuffer(getattr(seen, name)) for name in ("open", "high", "low", "close", "volume")),
    )
