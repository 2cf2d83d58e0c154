"""Historical bars: what reqHistoricalData and reqHeadTimeStamp answer.

Decides which stretch of time a duration means and how minutes and days become bars. Leaves the refusals to
history_request.py and to the wire: an end date with ADJUSTED_LAST, an end after the present, date formats and
pacing.

Durations, as on a real gateway: seconds count trading time, days count sessions, weeks, months and years are
calendar time. Bars are aligned to the exchange's clock (hours: 09:30, 10:00, 11:00 ...). A bar that is
forming at `end` covers the minutes completed by then. Extended hours are not recorded: useRTH makes no
difference. A bar of a week or a month is dated by its last session, and the one that forms by the last there
was (github.com/nautechsystems/nautilus_trader/pull/2380, github.com/stoqey/ibkr/issues/149: NVDA's of the week
in which Friday was a holiday is dated Thursday).

Series: TRADES is the record; a daily bar's close is the recorded figure, minute bars lie on the tick.
ADJUSTED_LAST is the same, reduced by the distributions (constructed.py) between the bar and the end, as if each were
taken out of all prices before it: with every distribution the whole series changes, and before its day nobody
can tell. Most built-in records are adjusted already and show no difference. BID and ASK are those prices less or
plus the day's displayed spread, MIDPOINT is halfway between. wap and count are constructed: the mean of open, high, low
and close weighted by volume, and one trade for 150 shares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby

from ib_trading_simulator.market.contracts import Contract
from ib_trading_simulator.market.days import to_ticks
from ib_trading_simulator.market.history_request import (
    DAYS,
    MINUTES,
    SECONDS,
    SERIES,
    HistoryError,
    check_bar_size,
    check_series,
    check_step,
    invalid,
    no_data,
    parse_duration,
)
from ib_trading_simulator.market.market import MINUTE, Bar, Market, MarketError
from ib_trading_simulator.market.path import Spread
from ib_trading_simulator.market.sessions import Session, calendar

__all__ = ["HistoryError", "bars", "head_timestamp"]

SHARES_A_TRADE = 150
WAP_STEP = ADJUSTED_STEP = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Minutes `first` (included) to `last` (excluded) of one session."""

    session: Session
    first: int
    last: int


def bars(
    market: Market,
    con_id: int,
    *,
    end: datetime,
    duration: str,
    bar_size: str,
    use_rth: bool,  # noqa: ARG001  the record has regular hours only: both answers are the same
    what: str,
) -> tuple[Bar, ...]:
    """Ascending bars of the `duration` before `end` (UTC); see the module's docstring.

    Raises HistoryError: 321 for a size, duration or series that is invalid, 162 where there are no data.
    """
    contract = _contract(market, con_id)
    amount, unit = parse_duration(duration)
    check_bar_size(bar_size)
    check_series(contract, what, bar_size)
    check_step(amount, unit, bar_size)
    if what == "ADJUSTED_LAST" and DAYS.get(bar_size) in ("W", "M"):
        raise invalid("Multi day bar size not supported with adjusted last")
    made: tuple[Bar, ...] = ()
    if bar_size not in SECONDS:  # the path has one price a minute, so there is nothing shorter
        stretches = _stretches(market, contract, end, amount, unit)
        if bar_size in DAYS:
            made = _daily(market, contract, stretches, DAYS[bar_size], what)
        else:
            made = tuple(_intraday(market, contract, stretches, MINUTES[bar_size], what))
    if not made:
        raise no_data(f"HMDS query returned no data: {contract.symbol}@{contract.exchange} {SERIES[what]}")
    if what == "ADJUSTED_LAST":
        return tuple(_adjusted(market, contract, bar, end) for bar in made)
    return made


def head_timestamp(market: Market, con_id: int, what: str) -> datetime:
    """The open of the first recorded session (UTC). Raises HistoryError like `bars`."""
    contract = _contract(market, con_id)
    check_series(contract, what, "1 day")
    session = market.session_on(con_id, market.first_day(con_id))
    assert session is not None, "records hold trading days only"
    return session.open


def _contract(market: Market, con_id: int) -> Contract:
    contract = market.book.by_id(con_id)
    if contract is None:
        raise MarketError(f"no contract with conId {con_id}")
    return contract


def _stretches(
    market: Market, contract: Contract, end: datetime, amount: int, unit: str
) -> tuple[Stretch, ...]:
    """What the duration before `end` covers, session by session, ascending; at least a minute of each."""
    day = calendar(contract.calendar).local_day(end)
    earliest = _earliest(day, amount, unit)
    wanted = -(-amount // 60) if unit == "S" else amount
    found: list[Stretch] = []
    for session in _sessions_back(market, contract.con_id, day):
        last = int(session.seconds_traded(end) // 60) if end > session.open else 0
        if last <= 0:
            continue
        if session.day <= earliest or wanted <= 0:
            break
        first = 0
        if unit == "S":
            first = max(0, last - wanted)
            wanted -= last - first
        elif unit == "D":
            wanted -= 1
        found.append(Stretch(session, first, last))
    return tuple(reversed(found))


def _sessions_back(market: Market, con_id: int, day: date) -> Iterator[Session]:
    """Recorded sessions from `day` backwards."""
    for recorded in market.days_back(con_id, day):
        session = market.session_on(con_id, recorded)
        if session is not None:
            yield session


def _earliest(day: date, amount: int, unit: str) -> date:
    """The day before the first one that a calendar duration ending on `day` covers."""
    if unit == "W":
        return day - timedelta(weeks=amount)
    if unit in ("M", "Y"):
        months = day.year * 12 + day.month - 1 - (amount if unit == "M" else 12 * amount)
        year, month = divmod(months, 12)
        if year < 1:
            return date.min
        following = date(year + month // 11, (month + 1) % 12 + 1, 1)
        return date(year, month + 1, min(day.day, (following - timedelta(days=1)).day))
    return date.min


def _intraday(
    market: Market, contract: Contract, stretches: Sequence[Stretch], size: int, what: str
) -> Iterator[Bar]:
    zone = calendar(contract.calendar).zone
    for stretch in stretches:
        session = stretch.session
        local = session.open.astimezone(zone)
        opening = local.hour * 60 + local.minute

        def bucket(minute: int, session: Session = session, opening: int = opening) -> int:
            on_the_clock = (session.moment(minute) - session.open) // MINUTE if session.lunch else minute
            return (opening + on_the_clock) // size

        for _, group in groupby(range(stretch.first, stretch.last), key=bucket):
            minutes = tuple(group)
            yield _of_minutes(market, contract, Stretch(stretch.session, minutes[0], minutes[-1] + 1), what)


def _daily(
    market: Market, contract: Contract, stretches: Sequence[Stretch], unit: str, what: str
) -> tuple[Bar, ...]:
    """A day asked for in seconds is still a whole day's bar; weeks begin on Monday, months on the first."""
    keys: dict[str, Callable[[Stretch], object]] = {
        "D": lambda stretch: stretch.session.day,
        "W": lambda stretch: stretch.session.day.isocalendar()[:2],
        "M": lambda stretch: (stretch.session.day.year, stretch.session.day.month),
    }
    return tuple(
        _merged(tuple(_of_day(market, contract, stretch, what) for stretch in group))
        for _, group in groupby(stretches, key=keys[unit])
    )


def _of_day(market: Market, contract: Contract, stretch: Stretch, what: str) -> Bar:
    session = stretch.session
    if stretch.last < session.minutes:
        return _of_minutes(market, contract, Stretch(session, 0, stretch.last), what, day=session.day)
    figures = market.figures(contract.con_id, session.day)
    prices = (figures.open, figures.high, figures.low, figures.close)
    if SERIES[what] != "Trades":
        ticks = [to_ticks(price, contract.min_tick) for price in prices]
        return _quoted(
            session, session.open, ticks, contract, market.spread(contract.con_id, session.day), what, True
        )
    wap = (sum(prices, Decimal(0)) / 4).quantize(WAP_STEP)
    return Bar(session.open, session.day, *prices, figures.volume, wap, _trades(figures.volume))


def _of_minutes(
    market: Market, contract: Contract, stretch: Stretch, what: str, day: date | None = None
) -> Bar:
    path, tick = market.path(contract.con_id, stretch.session.day), contract.min_tick
    first, last = stretch.first, stretch.last
    start = stretch.session.moment(first)
    ticks = (
        path.prices[first],
        max(path.highs[first:last]),
        min(path.lows[first:last]),
        path.closes[last - 1],
    )
    if SERIES[what] != "Trades":
        return _quoted(stretch.session, start, ticks, contract, path.spread, what, day is not None)
    weighed = traded = 0
    for k in range(first, last):
        volume = path.volume_before[k + 1] - path.volume_before[k]
        weighed += volume * (path.prices[k] + path.highs[k] + path.lows[k] + path.closes[k])
        traded += volume
    mean = Decimal(weighed) / (4 * traded) if traded else Decimal(sum(ticks)) / 4
    opening, high, low, close = (n * tick for n in ticks)
    volume = Decimal(traded)
    return Bar(
        start, day, opening, high, low, close, volume, (mean * tick).quantize(WAP_STEP), _trades(volume)
    )


def _quoted(
    session: Session,
    start: datetime,
    ticks: Sequence[int],
    contract: Contract,
    spread: Spread,
    what: str,
    daily: bool,
) -> Bar:
    """A bar of bids, asks or midpoints around the prices in `ticks` (open, high, low, close)."""
    if what == "MIDPOINT":
        prices = [(spread.bid(n) + spread.ask(n)) * contract.min_tick / 2 for n in ticks]
    else:
        side = spread.bid if what == "BID" else spread.ask
        prices = [side(n) * contract.min_tick for n in ticks]
    opening, high, low, close = prices
    nothing = Decimal(-1)
    return Bar(start, session.day if daily else None, opening, high, low, close, nothing, nothing, -1)


def _adjusted(market: Market, contract: Contract, bar: Bar, end: datetime) -> Bar:
    """The bar less what was paid out between it and the end."""
    trading = calendar(contract.calendar)
    day = bar.day or trading.local_day(bar.start)
    factor = market.adjustment(contract.con_id, day, trading.local_day(end))
    if factor == 1:
        return bar
    prices = (bar.open, bar.high, bar.low, bar.close, bar.wap)
    opening, high, low, close, wap = ((price * factor).quantize(ADJUSTED_STEP) for price in prices)
    return replace(bar, open=opening, high=high, low=low, close=close, wap=wap)


def _trades(volume: Decimal) -> int:
    return -(-int(volume) // SHARES_A_TRADE)


def _merged(days: Sequence[Bar]) -> Bar:
    """One bar of consecutive daily bars."""
    if len(days) == 1:
        return days[0]
    first, last = days[0], days[-1]
    high, low = max(bar.high for bar in days), min(bar.low for bar in days)
    if first.count < 0:
        return Bar(
            first.start, last.day, first.open, high, low, last.close, first.volume, first.wap, first.count
        )
    volume = sum((bar.volume for bar in days), Decimal(0))
    weighed = sum((bar.wap * bar.volume for bar in days), Decimal(0))
    wap = (weighed / volume).quantize(WAP_STEP) if volume else last.wap
    count = sum(bar.count for bar in days)
    return Bar(first.start, last.day, first.open, high, low, last.close, volume, wap, count)
