"""Decides whether the stored bars that one strategy reads are whole: as many as it asks for, no session missing in
their middle, and all of one market up to the same day.

Where one is missing, an indicator computes something else from the rest as if nothing had happened: a return over a
gap, an average of five days instead of a hundred, a pair compared a day apart. So the strategy fails, by
`onStrategyError`, and is told the dates. Whether the newest bar is recent enough, staleness.py decides.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from ib_trading.core.bars import MINUTES, WEEKLY, BarColumns, complete_before, monday_of
from ib_trading.core.calendar import holidays_known, last_complete_session, next_session, sessions
from ib_trading.core.coverage import all_came
from ib_trading.core.instruments import Instrument
from ib_trading.core.markets import market_of
from ib_trading.core.staleness import REMEDY

AT_MOST = 3
"""Dates and series that a message names; of more it says how many there are."""


@dataclass(frozen=True, slots=True)
class ReadSeries:
    """What a strategy reads of one instrument. `days` are the trading days of its bars, one a bar, oldest first, of a
    week its Monday; of `wanted` bars there should be one more, for a day that is cut off. `empty` are days that are
    known to have no bar."""

    instrument: Instrument
    bar_size: str
    days: Sequence[date]
    wanted: int
    empty: Collection[date] = ()

    @property
    def group(self) -> tuple[str, str]:
        """Market and bar size: whose series end on the same day."""
        return market_of(self.instrument), self.bar_size


def read_series(
    instrument: Instrument, bar_size: str, columns: BarColumns, wanted: int, empty: Collection[date] = ()
) -> ReadSeries:
    """What stands in columns as the warehouse gives them."""
    days = [datetime.fromtimestamp(start, UTC).date() for start in columns.start]
    if bar_size in MINUTES and days:
        days = _trading_days(market_of(instrument), columns, days)
    return ReadSeries(instrument, bar_size, days, wanted, empty)


def _trading_days(market: str, columns: BarColumns, utc_days: Sequence[date]) -> list[date]:
    """Of bars shorter than a day, whose session may have begun on the evening before."""
    found = sessions(market, utc_days[0] - timedelta(days=7), utc_days[-1] + timedelta(days=1))
    opens, days = [one.open.timestamp() for one in found], [one.day for one in found]
    return [days[max(0, bisect_right(opens, start) - 1)] for start in columns.start]


def cut(series: ReadSeries, columns: BarColumns, ends: Mapping[tuple[str, str], date]) -> BarColumns:
    """The last bars that were wanted, of those up to the day on which the group of `series` ends."""
    count = bisect_right(series.days, ends.get(series.group, date.max))
    return columns.part(max(0, count - series.wanted), count)


def last_days(series: Iterable[ReadSeries], at: datetime) -> Mapping[tuple[str, str], date]:
    """Group → the day up to which all of its series are to be read, later bars cut off.

    The newest day that one of them has, but while history servers may still publish that day's bar, the one before it
    if some do not have it yet.
    """
    found: dict[tuple[str, str], date] = {}
    for group, some in _groups(series).items():
        ends = {one.days[-1] for one in some if one.days}
        if ends:
            newest, oldest = max(ends), min(ends)
            late = not all_came(_last_day(newest, group[1]), at, some[0].instrument.time_zone)
            found[group] = oldest if late and oldest == _day_before(newest, *group) else newest
    return found


def why_not_whole(series: Iterable[ReadSeries], at: datetime) -> str | None:
    """Why a strategy that reads these, each cut at its group's last day, cannot decide at `at`; None if it can."""
    ends = last_days(given := tuple(series), at)
    faults = [fault for one in given if (fault := _fault(one, ends.get(one.group), at))]
    if not faults:
        return None
    more = f"; and {len(faults) - AT_MOST} more" if len(faults) > AT_MOST else ""
    return f"{'; '.join(faults[:AT_MOST])}{more}; {REMEDY}"


def _fault(series: ReadSeries, end: date | None, at: datetime) -> str | None:
    symbol, size = series.instrument.local_symbol, series.bar_size
    days = [day for day in series.days if end is None or day <= end]
    if not days or end is None:
        return f"{symbol} has no stored bars of {size}"
    if days[-1] < end:
        return f"{symbol} ends on {days[-1]} where others end on {end} ({size})"
    expected = _day_that_began(series.group[0], size, at)
    if expected is not None and end < expected:
        return f"{symbol} ends on {end}, and {expected} has had bars of {size}"
    missing = _missing(series, days)
    if missing:
        more = f" and {len(missing) - AT_MOST} more" if len(missing) > AT_MOST else ""
        named = ", ".join(map(str, missing[:AT_MOST]))
        return f"{symbol} has no bar of {size} for {named}{more}, between {days[0]} and {end}"
    if len(days) < series.wanted:
        return f"{symbol} has {len(days)} of {series.wanted} bars of {size}, from {days[0]} to {end}"
    return None


def _missing(series: ReadSeries, days: Sequence[date]) -> list[date]:
    """Sessions between the first and the last bar without one. Where holidays are not known, none is missing."""
    market, there = series.group[0], {*days, *series.empty}
    wanted = (one.day for one in sessions(market, days[0], days[-1]) if holidays_known(market, one.day))
    if series.bar_size == WEEKLY:
        wanted = (day for day in dict.fromkeys(map(monday_of, wanted)) if day >= days[0])
    return [day for day in wanted if day not in there]


def _day_that_began(market: str, bar_size: str, at: datetime) -> date | None:
    """Of bars shorter than a day: the day of the session that has had two of them at `at`, else of the one before."""
    if bar_size not in MINUTES:
        return None
    running = next_session(market, at)
    begun = running.open + timedelta(minutes=2 * MINUTES[bar_size]) <= complete_before("1 min", market, at)
    return running.day if begun else last_complete_session(market, at).day


def _groups(series: Iterable[ReadSeries]) -> Mapping[tuple[str, str], list[ReadSeries]]:
    found: dict[tuple[str, str], list[ReadSeries]] = {}
    for one in series:
        found.setdefault(one.group, []).append(one)
    return found


def _last_day(day: date, bar_size: str) -> date:
    return day + timedelta(days=4) if bar_size == WEEKLY else day


def _day_before(day: date, market: str, bar_size: str) -> date | None:
    """The day of the bar before that of `day`; None for bars shorter than a day, which are published as they end."""
    if bar_size in MINUTES:
        return None
    if bar_size == WEEKLY:
        return day - timedelta(days=7)
    before = sessions(market, day - timedelta(days=14), day - timedelta(days=1))
    return before[-1].day if before else None
