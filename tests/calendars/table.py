"""The text of app/ib_trading/core/calendar_table.py, from the library exchange_calendars.

Decides which markets the service has a calendar of, for which years, and how a session is spelled. What the table
means is core/calendar.py's.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from textwrap import wrap
from typing import Any
from zoneinfo import ZoneInfo

TABLE = Path(__file__).resolve().parents[2] / "app" / "ib_trading" / "core" / "calendar_table.py"

# By the library's names, which are market identifier codes (ISO 10383) but for Chicago's and ICE's. Markets of which it
# knows no holidays beyond this year (Singapore, Shanghai, Bombay) are left out: so the service knows that it does not
# know them.
MARKETS = (
    "XNYS CMES XCBF IEPA XTSE XMEX XLON XETR XEUR XSWX XPAR XAMS XBRU XLIS XMIL XMAD XSTO XCSE XHEL XOSL XWBO XWAR "
    "XTKS XHKG XKRX XASX"
).split()

FIRST = date(2000, 1, 1)
EARLIER = {"XNYS": date(1990, 1, 1)}
"""New York reaches as far back as the prices that tests and demonstrations trade on."""
LAST = date(2035, 12, 31)

GLOBEX_PAUSES = {"CMES": (date(2015, 9, 21), time(16))}
"""Where the library has no break at all, Globex has one from 16:00 to 17:00: since 21 September 2015 its products trade
from 17:00 of the evening before to 16:00 Chicago. (CME Group, trading hours; the broker's contract details say the
same, and so does pandas_market_calendars.)"""

Spans = tuple[tuple[datetime, datetime], ...]


@cache
def spans(market: str) -> Mapping[date, Spans]:
    """Trade date → what is open on it, on the exchange's clock: one span, or two around a lunch break."""
    from pandas import isna

    calendar = library(market)
    zone = ZoneInfo(str(calendar.tz))
    days = {}
    for stamp_of_day, *edges_of_day in calendar.schedule.itertuples():
        cut = [_local(stamp, zone) for stamp in edges_of_day if not isna(stamp)]
        opens, *breaks, closes = sorted(cut)
        begins, pause = GLOBEX_PAUSES.get(market, (date.max, time.max))
        day = stamp_of_day.date()
        if day >= begins:
            closes = min(closes, datetime.combine(day, pause, zone))
        edges = [opens, *breaks, closes]
        days[day] = tuple(zip(edges[::2], edges[1::2], strict=True))
    return days


@cache
def library(market: str) -> Any:
    """Its calendar of the market. It uses a numpy and a pandas newer than itself, which say so."""
    import exchange_calendars  # slow to import

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return exchange_calendars.get_calendar(market, start=str(EARLIER.get(market, FIRST)), end=str(LAST))


def _local(stamp: Any, zone: ZoneInfo) -> datetime:
    return stamp.to_pydatetime().astimezone(zone)


def spelled(day: date, open_spans: Spans) -> str:
    """`0900-1130+1230-1530`; `<1700-1600` opens on the evening before."""
    return "+".join(f"{_spelled(day, opens)}-{_spelled(day, closes)}" for opens, closes in open_spans)


def _spelled(day: date, at: datetime) -> str:
    before = {timedelta(0): "", timedelta(days=-1): "<"}[at.date() - day]
    assert at.second == 0
    return f"{before}{at:%H%M}"


def regular_hours(market: str) -> dict[date, str]:
    """First day → what a session of the time from then on is, unless the day says otherwise.

    The hours change where most of the next sixty sessions have others: a quarter is longer than any row of half days.
    """
    days = {day: spelled(day, open_spans) for day, open_spans in spans(market).items()}
    regular: dict[date, str] = {}
    now = ""
    dates = list(days)
    for index, day in enumerate(dates):
        if days[day] == now:
            continue
        ahead = [days[other] for other in dates[index : index + 60]]
        if len(ahead) > 20 and ahead.count(days[day]) * 2 > len(ahead):
            now = days[day]
            regular[day] = now
    return regular


def exceptions(market: str, regular: Mapping[date, str]) -> Iterator[tuple[date, str]]:
    """Each day that is not as the weekdays of its time are, with its hours; without any where it is closed."""
    days = spans(market)
    starts = [*regular, date.max]
    day = EARLIER.get(market, FIRST)
    while day <= LAST:
        is_open = day in days
        if not is_open and day.weekday() < 5:
            yield day, ""
        elif is_open:
            hours = spelled(day, days[day])
            usual = next((regular[start] for start, end in pairwise(starts) if start <= day < end), "")
            if day.weekday() >= 5 or hours != usual:
                yield day, hours
        day += timedelta(days=1)


def years(market: str) -> dict[int, str]:
    """Year → `0101 ... 0930-1300: 0703 ...`: its closed weekdays, then those with other hours, after these."""
    regular = regular_hours(market)
    first = EARLIER.get(market, FIRST).year
    days: dict[int, dict[str, list[str]]] = {year: defaultdict(list) for year in range(first, LAST.year + 1)}
    for day, hours in exceptions(market, regular):
        days[day.year][hours].append(f"{day:%m%d}")
    return {year: " ".join(_words(by_hours)) for year, by_hours in days.items()}


def _words(by_hours: Mapping[str, list[str]]) -> Iterator[str]:
    for hours, days in sorted(by_hours.items()):
        yield from ([f"{hours}:"] if hours else [])
        yield from days


def table() -> str:
    import exchange_calendars

    lines = [HEAD.format(version=exchange_calendars.__version__)]
    for market in MARKETS:
        lines += [f'    "{market}": (', f'        "{library(market).tz}",', "        {"]
        lines += [f'            "{day}": "{hours}",' for day, hours in regular_hours(market).items()]
        lines += ["        },", "        {"]
        for year, text in years(market).items():
            lines += _entry(year, text)
        lines += ["        },", "    ),"]
    return "\n".join([*lines, "}", ""])


def _entry(year: int, text: str) -> list[str]:
    """As the formatter would have it: in parentheses where one line is too short."""
    if len(line := f'            {year}: "{text}",') <= 110:
        return [line]
    *parts, last = [text] if len(text) <= 92 else wrap(text, 91, break_on_hyphens=False)
    return [
        f"            {year}: (",
        *(f'                "{part} "' for part in parts),
        f'                "{last}"',
        "            ),",
    ]


HEAD = '''\
"""When each market trades: figures, and no rule.

Written by `./nox -s calendars` from exchange_calendars {version}. Market → its time zone; its regular hours, each from
a day on; per year the weekdays without trading, then the days with other hours, after these. `<1700` is 17:00 of the
evening before, `+` a break. What follows from it, timetable.py decides.
"""

from __future__ import annotations

from typing import Final

CALENDARS: Final[dict[str, tuple[str, dict[str, str], dict[int, str]]]] = {{'''
