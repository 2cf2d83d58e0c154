"""Exchange calendars: on which days an exchange trades, from when to when, and how contractDetails says it.

Decides sessions in UTC from local opening times and a table of exceptions (data/calendars/*.csv). Leaves to
market.py whether there is a recorded price on such a day.

Calendar keys: "XNYS" for what trades on the US stock exchanges; "XNYS-RTH" for what has regular hours only
(indices); "XLON", "XETR", "XSWX", "XTKS" and "XHKG" for London, Frankfurt, Zurich, Tokyo and Hong Kong, the last
two with a lunch break, but for half days; "IDEALPRO" for currency pairs: a trade date runs from 17:15 of the
evening before to 17:00 New York, Monday's from Sunday evening, and there is none on 25 December and 1 January.
Futures calendars are not built; asking for one raises CalendarError.

Abroad there are regular hours only: tradingHours equals liquidHours. Hours of a day with a break are two spans,
20190104:0900-20190104:1130;20190104:1230-20190104:1500, as IBKR's documentation of tradingHours has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

TABLES = Path(__file__).parents[1] / "data" / "calendars"
MINUTE = timedelta(minutes=1)
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2030, 12, 31)
FIRST_DAY_ABROAD = date(2012, 1, 1)


class CalendarError(ValueError):
    """A calendar that does not exist, or a day outside the years its table covers."""


@dataclass(frozen=True, slots=True)
class Session:
    """One regular trading session: `open` <= t < `close`, both UTC; `day` is the exchange's trade date.

    Nothing trades in the `lunch` break. A session's minutes are minutes of trading, counted across it.
    """

    day: date
    open: datetime
    close: datetime
    lunch: tuple[datetime, datetime] | None = None

    @property
    def minutes(self) -> int:
        return (self.close - self.open - self._pause) // MINUTE

    @property
    def _pause(self) -> timedelta:
        return self.lunch[1] - self.lunch[0] if self.lunch else timedelta(0)

    def trades_at(self, at: datetime) -> bool:
        in_lunch = self.lunch is not None and self.lunch[0] <= at < self.lunch[1]
        return self.open <= at < self.close and not in_lunch

    def trading_from(self, at: datetime) -> datetime:
        """The first moment of trading not before `at`, which is before the close."""
        if self.lunch and self.lunch[0] <= at < self.lunch[1]:
            return self.lunch[1]
        return max(at, self.open)

    def seconds_traded(self, at: datetime) -> float:
        """How long had been traded by `at`, which is not before the open; all of it after the close."""
        paused = min(max(at - self.lunch[0], timedelta(0)), self._pause) if self.lunch else timedelta(0)
        return (min(at, self.close) - self.open - paused).total_seconds()

    def moment(self, minute: int) -> datetime:
        """When trading minute `minute` begins; the close for the one after the last."""
        at = self.open + minute * MINUTE
        return at + self._pause if self.lunch and at >= self.lunch[0] else at


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
    lunch: tuple[time, time] | None = None
    # Other hours until a day (excluded): opens and closes.
    formerly: tuple[date, time, time] | None = None

    def hours_on(self, day: date) -> tuple[time, time]:
        """When it opens and when it closes, by local time."""
        opens, closes = self.opens, self.closes
        if self.formerly and day < self.formerly[0]:
            _, opens, closes = self.formerly
        return opens, self.early_closes.get(day, closes)

    def lunch_on(self, day: date, closes: time) -> tuple[datetime, datetime] | None:
        """The break of `day` in UTC; none if it ends before."""
        if self.lunch is None or closes <= self.lunch[1]:
            return None
        begins, ends = (datetime.combine(day, at, self.zone).astimezone(UTC) for at in self.lunch)
        return begins, ends

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
    if key in _ABROAD:
        return _abroad(key, _ABROAD[key])
    if key not in ("XNYS", "XNYS-RTH"):
        names = ", ".join(f'"{name}"' for name in ("XNYS", "XNYS-RTH", *_ABROAD))
        raise CalendarError(f'unknown calendar "{key}"; the simulator has {names} and "IDEALPRO"')
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


@dataclass(frozen=True, slots=True)
class _Abroad:
    """Regular hours by local time, those until a day if they were others, and the lunch break."""

    zone: str
    opens: time
    closes: time
    lunch: tuple[time, time] | None = None
    formerly: tuple[date, time, time] | None = None


# As exchange_calendars has them from FIRST_DAY_ABROAD on, which the tests check.
_ABROAD: Mapping[str, _Abroad] = {
    "XLON": _Abroad("Europe/London", time(8), time(16, 30)),
    "XETR": _Abroad("Europe/Berlin", time(9), time(17, 30)),
    "XSWX": _Abroad("Europe/Zurich", time(9), time(17, 30)),
    "XTKS": _Abroad(
        "Asia/Tokyo",
        time(9),
        time(15, 30),
        lunch=(time(11, 30), time(12, 30)),
        formerly=(date(2024, 11, 5), time(9), time(15)),
    ),
    "XHKG": _Abroad("Asia/Hong_Kong", time(9, 30), time(16), lunch=(time(12), time(13))),
}


def _abroad(key: str, hours: _Abroad) -> Calendar:
    closed, early = _exceptions(key)
    return Calendar(
        key=key,
        zone=ZoneInfo(hours.zone),
        opens=hours.opens,
        closes=hours.closes,
        pre_open=hours.opens,
        after_close=timedelta(0),
        closed=closed,
        early_closes=early,
        lunch=hours.lunch,
        formerly=hours.formerly,
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
    first_day = FIRST_DAY_ABROAD if key in _ABROAD else FIRST_DAY
    if not first_day <= day <= LAST_DAY:
        raise CalendarError(f"{day} is outside calendar {key}, which covers {first_day} to {LAST_DAY}")
    trading = calendar(key)
    if not trading.trades_on(day):
        return None
    opens, closes = trading.hours_on(day)
    opening_day = day - timedelta(days=trading.opens_the_evening_before)
    return Session(
        day,
        datetime.combine(opening_day, opens, trading.zone).astimezone(UTC),
        datetime.combine(day, closes, trading.zone).astimezone(UTC),
        trading.lunch_on(day, closes),
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
        try:
            session = trading.session_on(day)
        except CalendarError:
            break
        if session is None:
            trading_hours.append(f"{day:%Y%m%d}:CLOSED")
            liquid_hours.append(f"{day:%Y%m%d}:CLOSED")
        else:
            liquid = _spans(zone, session)
            trading_hours.append(liquid if session.lunch else _span(zone, *trading.extended(session)))
            liquid_hours.append(liquid)
    return ";".join(trading_hours), ";".join(liquid_hours)


def _spans(zone: ZoneInfo, session: Session) -> str:
    """The session, or what lies before its break and what after it."""
    if session.lunch is None:
        return _span(zone, session.open, session.close)
    begins, ends = session.lunch
    return f"{_span(zone, session.open, begins)};{_span(zone, ends, session.close)}"


def _span(zone: ZoneInfo, start: datetime, end: datetime) -> str:
    return f"{start.astimezone(zone):%Y%m%d:%H%M}-{end.astimezone(zone):%Y%m%d:%H%M}"
