"""Nobody sees what has not happened: of a warehouse that has the future too, no member of the view shows anything, in
no bar size, on no market's clock, adjusted or not.

Each bar's figures are the instant at which it is over, so that what is shown says itself whether it could be known.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_trading.authoring.view import FormingBar, NotSeen
from ib_trading.core.bars import ALIGNED_MINUTES, DAILY, MINUTES, WEEKLY, BarColumns, monday_of
from ib_trading.core.calendar import Session, next_session, session_on, sessions
from ib_trading.core.collection import kind_of_price
from ib_trading.core.forming import Told
from ib_trading.core.history import Bar, StoredSeries, daily_start
from ib_trading.core.instruments import ContractSpec, Instrument
from ib_trading.core.market import DailyClose, Quote, QuoteType
from ib_trading.core.markets import market_of
from ib_trading.core.questions import question
from ib_trading.core.snapshot import BarKey
from ib_trading.core.strategy import Declaration, History, Instance, Question
from ib_trading.intents.read_bars import read_bars
from ib_trading.intents.read_closes import daily_closes
from ib_trading.ports.warehouse import Warehouse
from ib_trading.schema.tables import BAR_SIZES
from ib_trading.strategies import StrategyView
from tests.core.builders import STOCK, snapshot

ABROAD: dict[str, Any] = {"exchange": "SMART", "liquid_hours": ()}
NAMED = {
    ContractSpec("SPY"): replace(STOCK, con_id=1, local_symbol="SPY", liquid_hours=()),
    ContractSpec("VOD", "STK", "LSE", "GBP"): replace(
        STOCK, con_id=2, local_symbol="VOD", primary_exchange="LSE", time_zone="Europe/London", **ABROAD
    ),
    ContractSpec("7203", "STK", "TSEJ", "JPY"): replace(
        STOCK, con_id=3, local_symbol="7203", primary_exchange="TSEJ", time_zone="Asia/Tokyo", **ABROAD
    ),
    ContractSpec("EUR", "CASH", "IDEALPRO", "USD"): replace(
        STOCK,
        con_id=4,
        local_symbol="EUR.USD",
        sec_type="CASH",
        exchange="IDEALPRO",
        primary_exchange="",
        liquid_hours=(),
    ),
}
INSTRUMENTS = {one.con_id: one for one in NAMED.values()}
MARKETS = {market_of(one) for one in INSTRUMENTS.values()}
BARS = 3
DECLARED = Declaration(
    "Sees all there is.",
    tuple(NAMED)[:2],
    tuple(NAMED)[2:],
    tuple(History(size, BARS, adjusted, forming=True) for size in BAR_SIZES for adjusted in (True, False)),
)
TRIED = {
    *("at", "bars", "base_currency", "capital", "closes", "forming", "holding", "holdings", "local"),
    *("memory", "parameters", "price", "rates", "seed", "session"),
}
"""Members of the view. A new one is to be tried here."""

SERIES = {"ADJUSTED_LAST": 0.25, "TRADES": 0.5, "MIDPOINT": 0.75}
"""What stands behind the point says which series a figure is of."""

STARTS_OF_LONG_BARS = ("the session's opening", "midnight")


@dataclass(frozen=True, slots=True)
class Planted:
    """A warehouse that has weeks before and after `at`. Where bars of more than an hour begin, the broker does not
    say."""

    at: datetime
    long_bars: str

    def bars(
        self, con_ids: Iterable[int], what_to_show: str, bar_size: str, *, before: datetime, count: int
    ) -> Mapping[int, BarColumns]:
        found = {}
        for con_id in con_ids:
            all_bars = self.planted(con_id, bar_size)
            shown = [(start, end) for start, end in all_bars if start < before][-count:]
            figures = array("d", (end.timestamp() + SERIES[what_to_show] for _, end in shown))
            starts = array("q", (int(start.timestamp()) for start, _ in shown))
            found[con_id] = BarColumns(starts, *[figures] * 5)
        return found

    def daily_closes(
        self, con_ids: Iterable[int], what_to_show: str, before: datetime, count: int
    ) -> Mapping[int, tuple[DailyClose, ...]]:
        stored = self.bars(con_ids, what_to_show, DAILY, before=before, count=count)
        return {
            con_id: tuple(
                DailyClose(datetime.fromtimestamp(start, UTC).date(), Decimal(close))
                for start, close in zip(columns.start, columns.close, strict=True)
            )
            for con_id, columns in stored.items()
        }

    def stored(self, con_ids: Iterable[int], *_: object) -> Mapping[int, StoredSeries]:
        return dict.fromkeys(con_ids, StoredSeries())

    @lru_cache(maxsize=100)  # noqa: B019  of a test's few
    def planted(self, con_id: int, bar_size: str) -> list[tuple[datetime, datetime]]:
        """Start and end of each, oldest first. What is over with its session is over at its close."""
        instrument = INSTRUMENTS[con_id]
        all_days = _sessions_around(market_of(instrument), self.at.date())
        if bar_size == DAILY:
            return [(daily_start(one.day), one.close) for one in all_days]
        if bar_size == WEEKLY:
            ends = {monday_of(one.day): one.close for one in all_days}
            return [(daily_start(monday), close) for monday, close in ends.items()]
        begun = [one for one in all_days if one.open <= self.at]
        some = (*begun[-4:], *all_days[len(begun) : len(begun) + 3])
        zone = ZoneInfo(instrument.time_zone)
        return [bar for one in some for bar in self._within(one, MINUTES[bar_size], zone)]

    def _within(self, session: Session, minutes: int, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
        step = timedelta(minutes=minutes)
        start = session.open
        if minutes <= ALIGNED_MINUTES or self.long_bars == "midnight":
            midnight = datetime.combine(start.astimezone(zone).date(), time(), zone).astimezone(UTC)
            start = midnight + (start - midnight) // step * step
        while start < session.close:
            begin, end = max(start, session.open), min(start + step, session.close)
            if not any(closed <= begin and end <= again for closed, again in session.breaks):
                yield begin, end
            start += step


@lru_cache(maxsize=100)
def _sessions_around(market: str, day: date) -> tuple[Session, ...]:
    return sessions(market, day - timedelta(days=49), day + timedelta(days=21))


def told_of_forming(warehouse: Planted, at: datetime, asked_at: datetime) -> dict[BarKey, Told]:
    """All that a broker could tell that was asked at `asked_at` and has tomorrow's prices: nothing is cut off, and only
    of the bar that forms then the figures are those of that instant."""
    found = {}
    for con_id, instrument in INSTRUMENTS.items():
        for history in DECLARED.history:
            show = kind_of_price(instrument.sec_type, history.bar_size, adjusted=history.adjusted)
            bars = []
            planted = warehouse.planted(con_id, history.bar_size)
            now = bisect_right(planted, (asked_at, asked_at))
            for start, end in planted[max(0, now - 4) : now + 4]:
                known = asked_at if forms_at(instrument, history.bar_size, start, end, asked_at) else end
                figure = Decimal(int(known.timestamp())) + Decimal(str(SERIES[show]))
                bars.append(Bar(start, *[figure] * 5))
            found[con_id, show, history.bar_size] = Told(asked_at, tuple(bars))
    return found


def forms_at(instrument: Instrument, bar_size: str, start: datetime, end: datetime, at: datetime) -> bool:
    """Whether the bar has begun, be it dated by a midnight after that, and is not over."""
    market = market_of(instrument)
    day = session_on(market, start.date()) if bar_size == DAILY else None
    if bar_size == WEEKLY:
        day = sessions(market, start.date(), start.date() + timedelta(days=6))[0]
    return (start if day is None else day.open) <= at < end


def asked(at: datetime, long_bars: str = "midnight", seconds_before: int = 0) -> Question:
    """What a strategy is asked that declares all there is, for whom the broker was asked so long before."""
    planted = Planted(at, long_bars)
    warehouse = cast("Warehouse", planted)
    named = {spec: one.con_id for spec, one in NAMED.items()}
    read = read_bars(warehouse, {"alpha": DECLARED}, named, INSTRUMENTS, at)
    price = Decimal(int(at.timestamp()))
    state = replace(
        snapshot(*INSTRUMENTS.values(), at=at),
        wanted={"alpha": {spec: named[spec] for spec in DECLARED.instruments}},
        inputs={"alpha": {spec: named[spec] for spec in DECLARED.inputs}},
        bars=read.columns,
        no_bars=read.none,
        forming=told_of_forming(planted, at, at - timedelta(seconds=seconds_before)),
        closes=daily_closes(warehouse, INSTRUMENTS, at, BARS),
        quotes=dict.fromkeys(INSTRUMENTS, Quote(at, QuoteType.LIVE, bid=price, ask=price)),
    )
    latest = max(close.close for closes in state.closes.values() for close in closes)
    assert latest <= at.timestamp() + 1
    return question(state, Instance("alpha", "alpha"), DECLARED)


def moments() -> st.SearchStrategy[datetime]:
    """Any minute of ten years, and the instants around which something is over: openings, closings and full hours, a
    second more or less; half days, weeks of changing clocks and Golden Week among them."""
    anyhow = st.integers(0, 10 * 365 * 24 * 60).map(
        lambda minutes: datetime(2014, 3, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    )
    special = st.sampled_from(
        [date(2019, 7, 3), date(2019, 11, 29), date(2019, 4, 27), date(2019, 5, 7), date(2020, 12, 24)]
        + [date(2019, 3, 8), date(2019, 3, 11), date(2019, 3, 29), date(2019, 11, 1), date(2024, 1, 1)]
    )
    days = st.one_of(special, st.dates(date(2014, 3, 1), date(2024, 3, 1)))
    edges = st.tuples(st.sampled_from(sorted(MARKETS)), days, st.booleans()).map(_edge)
    off = st.sampled_from([timedelta(seconds=n) for n in (-1, 0, 1)] + [timedelta(minutes=30)])
    hours = anyhow.map(lambda at: at.replace(minute=0))
    around = st.tuples(st.one_of(edges, hours), off).map(lambda pair: pair[0] + pair[1])
    return st.one_of(anyhow, around)


def _edge(chosen: tuple[str, date, bool]) -> datetime:
    """The opening or closing of a market's first session from a day on."""
    market, day, opening = chosen
    session = sessions(market, day, day + timedelta(days=14))[0]
    return session.open if opening else session.close


def test_every_member_of_the_view_is_tried() -> None:
    assert {name for name in dir(StrategyView) if not name.startswith("_")} == TRIED


@settings(max_examples=80)
@given(at=moments(), long_bars=st.sampled_from(STARTS_OF_LONG_BARS))
def test_nothing_that_any_member_shows_was_over_later(at: datetime, long_bars: str) -> None:
    view = StrategyView(asked(at, long_bars))
    assert view.at == at
    for spec, instrument in NAMED.items():
        assert view.local(spec) == at
        assert view.price(spec).value <= at.timestamp()
        assert view.price(spec).as_of <= at
        assert view.closes[spec]
        assert max(view.closes[spec]) < at.timestamp() + 1
        for history in DECLARED.history:
            bars = view.bars(spec, history.bar_size, adjusted=history.adjusted)
            shown = kind_of_price(instrument.sec_type, history.bar_size, adjusted=history.adjusted)
            assert len(bars) == BARS
            assert (bars.start.astype("int64") <= at.timestamp()).all()
            for column in (bars.open, bars.high, bars.low, bars.close, bars.volume):
                assert (column <= at.timestamp() + SERIES[shown]).all(), (spec, history, at)
                assert (column % 1 == SERIES[shown]).all(), "a figure of another series"


ASKED_TOO_EARLY = "it began after the broker had been asked"


def known(view: StrategyView, spec: ContractSpec, history: History) -> FormingBar | str | None:
    """The bar that forms, or why nobody knows it."""
    try:
        return view.forming(spec, history.bar_size, adjusted=history.adjusted)
    except NotSeen as unknown:
        return str(unknown).rpartition(": ")[2]


@settings(max_examples=40)
@given(at=moments(), long_bars=st.sampled_from(STARTS_OF_LONG_BARS), seconds=st.sampled_from([0, 1, 40]))
def test_of_the_bar_that_forms_nothing_is_shown_that_came_later(
    at: datetime, long_bars: str, seconds: int
) -> None:
    """Whatever the broker was told when: it begins before `at`, is not among the complete ones, and is as far as it had
    come when the broker was asked."""
    view = StrategyView(asked(at, long_bars, seconds))
    for spec, instrument in NAMED.items():
        for history in DECLARED.history:
            size, adjusted = history.bar_size, history.adjusted
            bar = known(view, spec, history)
            if bar == ASKED_TOO_EARLY:
                assert seconds
                continue
            assert not isinstance(bar, str), bar
            running = next_session(market_of(instrument), at)
            if size != WEEKLY and not running.open <= at:
                assert bar is None
            if bar is None:
                continue
            shown = SERIES[kind_of_price(instrument.sec_type, size, adjusted=adjusted)]
            assert bar.as_of <= at
            assert bar.start > datetime.fromtimestamp(
                int(view.bars(spec, size, adjusted=adjusted).start.astype("int64")[-1]), UTC
            )
            assert {bar.open, bar.high, bar.low, bar.close, bar.volume} == {bar.close}
            if MINUTES.get(size, 0) > ALIGNED_MINUTES:
                assert bar.close <= at.timestamp() + shown, (spec, size, at)
            else:
                assert bar.close == bar.as_of.timestamp() + shown, (spec, size, at)


@settings(max_examples=15)
@given(at=moments())
def test_while_a_session_goes_on_a_day_and_every_size_of_an_hour_at_most_form(at: datetime) -> None:
    view = StrategyView(asked(at))
    for spec, instrument in NAMED.items():
        in_session = at in next_session(market_of(instrument), at)
        for size in MINUTES:
            if MINUTES[size] <= ALIGNED_MINUTES:
                assert (view.forming(spec, size) is not None) is in_session, (spec, size, at)
        begun = next_session(market_of(instrument), at).open <= at
        assert (view.forming(spec) is not None) is begun


@settings(max_examples=10)
@given(at=moments())
def test_nothing_of_the_future_travels_to_the_strategies_process(at: datetime) -> None:
    """Whoever takes a view apart finds no more in it."""
    for bars in asked(at).bars:
        for column in (bars.open, bars.high, bars.low, bars.close, bars.volume):
            figures = array("d")
            figures.frombytes(column)
            assert max(figures) < at.timestamp() + 1
    for one in asked(at).forming:
        assert one.bar is None or one.bar.close < at.timestamp() + 1


@settings(max_examples=30)
@given(at=moments())
def test_all_that_was_over_is_shown_up_to_an_hour_and_from_a_day_on(at: datetime) -> None:
    """So that nothing is hidden by another market's clock: Tokyo's Monday is seen on Monday morning in New York."""
    view, planted = StrategyView(asked(at)), Planted(at, "midnight")
    for spec, instrument in NAMED.items():
        for size in BAR_SIZES:
            if MINUTES.get(size, 0) <= ALIGNED_MINUTES:
                over = [end for _, end in planted.planted(instrument.con_id, size) if end <= at]
                newest = view.bars(spec, size).close[-1]
                assert math.floor(newest) == over[-1].timestamp(), (spec, size, at)


@settings(max_examples=25)
@given(at=moments(), long_bars=st.sampled_from(STARTS_OF_LONG_BARS))
def test_longer_bars_are_shown_at_the_latest_when_their_whole_length_has_passed(
    at: datetime, long_bars: str
) -> None:
    view, planted = StrategyView(asked(at, long_bars)), Planted(at, long_bars)
    for spec, instrument in NAMED.items():
        for size, minutes in MINUTES.items():
            if minutes > ALIGNED_MINUTES:
                whole = timedelta(minutes=minutes)
                passed = [
                    end for start, end in planted.planted(instrument.con_id, size) if start + whole <= at
                ]
                assert view.bars(spec, size).close[-1] >= passed[-1].timestamp(), (spec, size, at)


@settings(max_examples=15)
@given(at=moments())
def test_a_frame_shows_what_the_columns_show(at: datetime) -> None:
    pytest.importorskip("pandas")
    view = StrategyView(asked(at))
    for spec in NAMED:
        for size in BAR_SIZES:
            frame = view.bars(spec, size).frame()
            assert frame.to_numpy().max() < at.timestamp() + 1
            assert frame.index[-1].timestamp() <= at.timestamp()


@settings(max_examples=15)
@given(at=moments())
def test_todays_session_is_what_the_calendar_says_beforehand(at: datetime) -> None:
    """The one thing to come that a view may know: it was announced."""
    view = StrategyView(asked(at))
    for spec, instrument in NAMED.items():
        seen = view.session(spec)
        if seen is not None:
            around = sessions(
                market_of(instrument), at.date() - timedelta(days=2), at.date() + timedelta(days=2)
            )
            assert (seen.open, seen.close) in {(one.open, one.close) for one in around}
            assert seen.minutes_to_close == (seen.close - at).total_seconds() / 60
