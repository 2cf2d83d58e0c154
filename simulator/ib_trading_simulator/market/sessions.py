"""Exchange calendars: on which days an exchange trades, from when to when, and how contractDetails says it.

Decides sessions in UTC from local opening times and a table of exceptions (data/calendars/*.csv). Leaves to
market.py whether there is a recorded price on such a day.

Calendar keys: "XNYS" for what trades on the US stock exchanges; "XNYS-RTH" for what has regular hours only
(indices); "IDEALPRO" for currency pairs: a trade date runs from 17:15 of the evening before to 17:00 New York,
Monday's from Sunday evening, and there is none on 25 December and 1 January. Futures calendars are not built;
asking for one raises CalendarError.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

TABLES = Path(__file__).parents[1] / "data" / "calendars"
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2030, 12, 31)


class CalendarError(ValueError):
    """A calendar that does not exist, or a day outside the years its table covers."""


@dataclass(frozen=True, slots=True)
class Session:
    """One regular trading session: `open` <= t < `close`, both UTC; `day` is the exchange's trade date."""

    day: date
    open: datetime
    close: datetime

    @property
    def minutes(self) -> int:
        return (self.close - self.open) // timedelta(minutes=1)


@dataclass(frozen=True)
class Calendar:
    """`early_closes` maps a shortened day to its local closing time; `closed` holds weekdays without trading.

    `pre_open` is the local start of extended hours, `after_close` how long they last past the session's
    close. Orders are matched in regular sessions only; extended hours exist in the text of tradingHours, as
    on a real gateway.
    """

    key: str
    zone: ZoneInfo
    opens: time
    closes: time
    pre_open: time
    after_close: timedelta
    closed: frozenset[date]
    early_closes: Mapping[date, time]
    # Trading begins on the evening before the trade date.
    opens_the_evening_before: bool = False

    def local_day(self, at: datetime) -> date:
        """The trade date of a moment: the exchange's local date, or the next one from an evening's open on."""
        local = at.astimezone(self.zone)
        evening = self.opens_the_evening_before and local.time() >= self.opens
        return local.date() + timedelta(days=evening)

    def trades_on(self, day: date) -> bool:
        if self.opens_the_evening_before and (day.month, day.day) in {(12, 25), (1, 1)}:
            return False
        return day.weekday() < 5 and day not in self.closed

    def session_on(self, day: date) -> Session | None:
        """The session with trade date `day`, or None when shut; CalendarError off the table."""
        return _session_on(self.key, day)

    def extended(self, session: Session) -> tuple[datetime, datetime]:
        """Local start and end of trading including extended hours."""
        if self.opens_the_evening_before:
            return session.open.astimezone(self.zone), session.close.astimezone(self.zone)
        start = datetime.combine(session.day, self.pre_open, self.zone)
        return start, session.close.astimezone(self.zone) + self.after_close


@cache
def calendar(key: str) -> Calendar:
    """The calendar named `key`; its table is read on first use."""
    if key == "IDEALPRO":
        return Calendar(
            key=key,
            zone=ZoneInfo("America/New_York"),
            opens=time(17, 15),
            closes=time(17, 0),
            pre_open=time(17, 15),
            after_close=timedelta(0),
            closed=frozenset(),
            early_closes={},
            opens_the_evening_before=True,
        )
    if key not in ("XNYS", "XNYS-RTH"):
        raise CalendarError(f'unknown calendar "{key}"; the simulator has "XNYS", "XNYS-RTH" and "IDEALPRO"')
    closed, early = _exceptions("XNYS")
    regular_only = key == "XNYS-RTH"
    return Calendar(
        key=key,
        zone=ZoneInfo("America/New_York"),
        opens=time(9, 30),
        closes=time(16, 0),
        pre_open=time(9, 30) if regular_only else time(4, 0),
        # Four hours past the close: 20:00, and 17:00 on the days that end at 13:00.
        after_close=timedelta(0) if regular_only else timedelta(hours=4),
        closed=closed,
        early_closes=early,
    )


@cache
def _exceptions(table: str) -> tuple[frozenset[date], Mapping[date, time]]:
    closed: set[date] = set()
    early: dict[date, time] = {}
    for line in (TABLES / f"{table}.csv").read_text().splitlines()[1:]:
        day, _, close = line.partition(",")
        if close:
            early[date.fromisoformat(day)] = time.fromisoformat(close)
        else:
            closed.add(date.fromisoformat(day))
    return frozenset(closed), early


@lru_cache(maxsize=4096)
def _session_on(key: str, day: date) -> Session | None:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise CalendarError(f"{day} is outside calendar {key}, which covers {FIRST_DAY} to {LAST_DAY}")
    trading = calendar(key)
    if not trading.trades_on(day):
        return None
    closes = trading.early_closes.get(day, trading.closes)
    opening_day = day - timedelta(days=trading.opens_the_evening_before)
    return Session(
        day,
        datetime.combine(opening_day, trading.opens, trading.zone).astimezone(UTC),
        datetime.combine(day, closes, trading.zone).astimezone(UTC),
    )


def hours_text(key: str, time_zone_id: str, at: datetime, days: int = 6) -> tuple[str, str]:
    """tradingHours and liquidHours for `days` calendar days from the local day of `at` on.

    Times are in `time_zone_id`: "20181224:0400-20181224:1700;20181225:CLOSED" and
    "20181224:0930-20181224:1300;20181225:CLOSED". The text stops early where the calendar's table ends.
    """
    trading = calendar(key)
    zone = ZoneInfo(time_zone_id)
    first = trading.local_day(at)
    trading_hours: list[str] = []
    liquid_hours: list[str] = []
    for day in (first + timedelta(days=n) for n in range(days)):
        if day > LAST_DAY:
            break
        session = trading.session_on(day)
        if session is None:
            trading_hours.append(f"{day:%Y%m%d}:CLOSED")
            liquid_hours.append(f"{day:%Y%m%d}:CLOSED")
        else:
            trading_hours.append(_span(zone, *trading.extended(session)))
            liquid_hours.append(_span(zone, session.open, session.close))
    return ";".join(trading_hours), ";".join(liquid_hours)


def _span(zone: ZoneInfo, start: datetime, end: datetime) -> str:
    return f"{start.astimezone(zone):%Y%m%d:%H%M}-{end.astimezone(zone):%Y%m%d:%H%M}"
