"""Prices: the record is served exactly, the construction keeps its promises, and all is reproducible."""

from __future__ import annotations

import csv
import gzip
import hashlib
import os
import subprocess
import sys
import tracemalloc
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_trading_simulator.market import forex
from ib_trading_simulator.market.contract_file import MarketFileError
from ib_trading_simulator.market.market import DATA, PATHS_KEPT, Market, MarketError
from ib_trading_simulator.market.sessions import FIRST_DAY, LAST_DAY, Session, calendar

ROOT = Path(__file__).parents[2]
APPLE, SPX = 265598, 416904
MINUTE = timedelta(minutes=1)
STOCKS = Market.load("us-stocks")
INDICES = Market.load("us-indices")
DAYS = STOCKS.days(APPLE)

stock_ids = st.sampled_from([c.con_id for c in STOCKS.book.all() if c.sec_type == "STK"])
trading_days = st.sampled_from(DAYS)


def session_of(market: Market, con_id: int, day: date) -> Session:
    session = market.session_on(con_id, day)
    assert session is not None
    return session


# The record


@pytest.mark.parametrize(
    ("market", "days", "first", "last"),
    [
        ("us-stocks", 8313, date(1990, 1, 2), date(2022, 12, 28)),
        ("us-indices", 5031, date(1999, 1, 4), date(2018, 12, 31)),
    ],
)
def test_the_recorded_days_are_exactly_the_exchange_s_sessions(
    market: str, days: int, first: date, last: date
) -> None:
    span = [FIRST_DAY + timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]
    sessions = [day for day in span if first <= day <= last and calendar("XNYS").session_on(day)]
    loaded = Market.load(market)
    assert all(list(loaded.days(c.con_id)) == sessions for c in loaded.book.all() if not c.is_cash)
    assert len(sessions) == days


# SHA-256 of the sorted columns symbol|field|value|..., made from the sources with pandas, not with build.py.
RECORDS = {
    "us-stocks": "8b4d59a3e65bfcad239b95cc2ee28368b569d0e8cf8f023102a49b807d78c929",
    "us-indices": "4a4e9ab3c8f90ed4a7d6545b22b4d51f68534f971dcca8b9424dcc37fc0c9633",
}


@pytest.mark.parametrize("market", RECORDS)
def test_the_figures_are_those_of_the_source_digit_for_digit(market: str) -> None:
    lines = gzip.decompress((DATA / market / "days.csv.gz").read_bytes()).decode().splitlines()
    rows = sorted(csv.reader(lines[1:]))
    digest = hashlib.sha256("\n".join("|".join(row) for row in rows).encode()).hexdigest()
    assert digest == RECORDS[market]


def test_known_closes_are_served() -> None:
    """Spot checks against the published figures of both sources."""
    assert STOCKS.recorded_close(APPLE, date(1990, 1, 2)) == Decimal("0.264")
    assert STOCKS.recorded_close(APPLE, date(2022, 12, 28)) == Decimal("125.674")
    assert STOCKS.recorded_close(SPX, date(1990, 1, 2)) == Decimal("359.69")
    figures = INDICES.figures(SPX, date(1999, 1, 4))
    assert (figures.open, figures.high, figures.low, figures.close, figures.volume) == (
        Decimal("1229.22998"),
        Decimal("1248.810059"),
        Decimal("1219.099976"),
        Decimal("1228.099976"),
        Decimal(877000000),
    )


@given(con_id=stock_ids, day=trading_days)
@settings(max_examples=150, deadline=None)
def test_every_day_ends_on_its_recorded_close(con_id: int, day: date) -> None:
    """The closing print is the record on the tick; the next day's previous close is the record itself."""
    recorded = STOCKS.recorded_close(con_id, day)
    assert recorded is not None
    session = session_of(STOCKS, con_id, day)
    last = STOCKS.quote(con_id, session.close).last
    assert last is not None
    assert abs(last - recorded) <= Decimal("0.005") and last % Decimal("0.01") == 0
    assert STOCKS.figures(con_id, day).close == recorded
    if day != DAYS[-1]:
        tomorrow = STOCKS.next_session(con_id, session.close)
        assert STOCKS.quote(con_id, tomorrow.open).previous_close == recorded


# The construction


@given(con_id=stock_ids, day=trading_days, second=st.integers(min_value=0, max_value=24 * 3600))
@settings(max_examples=300, deadline=None)
def test_a_quote_in_a_session_has_a_bid_below_its_ask_both_on_the_tick(
    con_id: int, day: date, second: int
) -> None:
    session = session_of(STOCKS, con_id, day)
    at = session.open + timedelta(seconds=second % int((session.close - session.open).total_seconds()))
    quote = STOCKS.quote(con_id, at)
    prices = (quote.bid, quote.ask, quote.last, quote.open, quote.high, quote.low)
    assert all(price is not None and price > 0 and price % Decimal("0.01") == 0 for price in prices)
    assert quote.bid and quote.ask and quote.last and quote.high and quote.low and quote.open
    assert quote.bid < quote.ask and quote.low <= quote.last <= quote.high
    assert quote.ask - quote.bid <= max(Decimal("0.01"), quote.open * Decimal("0.0002") + Decimal("0.005"))
    assert quote.bid_size % 100 == 0 and 100 <= quote.bid_size <= 2000
    assert quote.ask_size % 100 == 0 and 100 <= quote.ask_size <= 2000


@given(con_id=stock_ids, day=trading_days)
@settings(max_examples=150, deadline=None)
def test_the_path_stays_within_the_day_s_figures_and_touches_them(con_id: int, day: date) -> None:
    figures, path = STOCKS.figures(con_id, day), STOCKS.path(con_id, day)
    tick = Decimal("0.01")
    assert figures.low <= min(figures.open, figures.close) <= max(figures.open, figures.close) <= figures.high
    assert path.prices[0] * tick == figures.open
    assert max(path.highs) * tick == figures.high and min(path.lows) * tick == figures.low
    for k in range(path.minutes):
        assert path.lows[k] <= min(path.prices[k], path.closes[k])
        assert path.highs[k] >= max(path.prices[k], path.closes[k])
    assert path.volume_before[-1] == figures.volume
    assert all(before <= after for before, after in pairwise(path.volume_before))


@given(day=st.sampled_from(INDICES.days(SPX)))
@settings(max_examples=100, deadline=None)
def test_an_index_shows_its_recorded_range_and_no_bid_or_ask(day: date) -> None:
    session, figures = session_of(INDICES, SPX, day), INDICES.figures(SPX, day)
    quote = INDICES.quote(SPX, session.close)
    half_a_tick = Decimal("0.005")
    assert quote.high and quote.low and quote.open
    assert abs(quote.high - figures.high) <= half_a_tick
    assert abs(quote.low - figures.low) <= half_a_tick
    assert abs(quote.open - figures.open) <= half_a_tick
    assert quote.volume == figures.volume
    noon = INDICES.quote(SPX, session.open + timedelta(hours=1))
    assert noon.bid is None and noon.ask is None and noon.last is not None


def test_a_day_s_volatility_is_of_the_size_of_the_recorded_one() -> None:
    """Over a year the constructed daily range is between one and three times the average recorded move."""
    year = [day for day in DAYS if day.year == 2019]
    figures = [STOCKS.figures(APPLE, day) for day in year]
    ranges = sum(float((f.high - f.low) / f.close) for f in figures) / len(figures)
    moves = sum(abs(float(b.close / a.close) - 1) for a, b in pairwise(figures)) / len(figures)
    assert moves < ranges < 3 * moves


# Time


def test_outside_a_session_there_is_a_last_price_but_no_bid_or_ask() -> None:
    """Before the record nothing; before an open the last close; after the close that day's figures."""
    first = session_of(STOCKS, APPLE, DAYS[0])
    assert STOCKS.quote(APPLE, first.open - MINUTE).last is None
    session = session_of(STOCKS, APPLE, date(2019, 1, 3))
    before, after = STOCKS.quote(APPLE, session.open - MINUTE), STOCKS.quote(APPLE, session.close + MINUTE)
    assert before.bid is before.ask is before.open is None
    assert before.last == Decimal("37.99") and before.previous_close == Decimal("37.994")
    assert after.bid is after.ask is None
    assert after.high is not None and after.previous_close == Decimal("37.994")
    weekend = STOCKS.quote(APPLE, datetime(2019, 1, 5, 15, tzinfo=UTC))
    assert weekend.previous_close == STOCKS.recorded_close(APPLE, date(2019, 1, 4))


def test_a_frozen_quote_is_the_last_two_sided_one() -> None:
    session = session_of(STOCKS, APPLE, date(2019, 1, 4))
    shown = STOCKS.quote(APPLE, session.close - MINUTE)
    for later in (session.close, datetime(2019, 1, 6, 12, tzinfo=UTC)):
        frozen = STOCKS.frozen(APPLE, later)
        assert (frozen.bid, frozen.ask) == (shown.bid, shown.ask)
        assert frozen.last == STOCKS.quote(APPLE, later).last


def test_a_session_includes_its_open_and_not_its_close() -> None:
    session = session_of(STOCKS, APPLE, date(2019, 1, 3))
    assert STOCKS.session(APPLE, session.open) == session
    assert STOCKS.is_open(APPLE, session.close - timedelta(microseconds=1))
    assert not STOCKS.is_open(APPLE, session.close) and not STOCKS.is_open(APPLE, session.open - MINUTE)


def test_the_next_session_opens_strictly_later_and_skips_the_weekend() -> None:
    friday = session_of(STOCKS, APPLE, date(2019, 1, 4))
    assert STOCKS.next_session(APPLE, friday.open - MINUTE) == friday
    assert STOCKS.next_session(APPLE, friday.open).day == date(2019, 1, 7)


def test_after_the_record_there_is_no_next_session_but_the_last_price_stays() -> None:
    last = session_of(STOCKS, APPLE, DAYS[-1])
    with pytest.raises(MarketError, match="the record of AAPL ends on 2022-12-28"):
        STOCKS.next_session(APPLE, last.open)
    quote = STOCKS.quote(APPLE, datetime(2023, 6, 1, 15, tzinfo=UTC))
    assert (quote.bid, quote.last) == (None, Decimal("125.67"))


def test_quotes_move_once_a_minute_from_the_open_to_the_close() -> None:
    session = session_of(STOCKS, APPLE, date(2018, 12, 24))
    moves = list(STOCKS.moves(APPLE, session.open - MINUTE, session.close + timedelta(hours=5)))
    assert moves == [session.open + k * MINUTE for k in range(211)]
    assert list(STOCKS.moves(APPLE, session.open, session.open + MINUTE)) == [session.open + MINUTE]


@given(day=trading_days, seconds=st.lists(st.integers(0, 4 * 24 * 3600), min_size=2, max_size=4))
@settings(max_examples=60, deadline=None)
def test_moves_of_a_stretch_are_those_of_its_parts(day: date, seconds: list[int]) -> None:
    """No instant is lost or doubled where one request ends and the next begins."""
    start = session_of(STOCKS, APPLE, day).open - timedelta(hours=1)
    cuts = [start + timedelta(seconds=s) for s in sorted(seconds)]
    parts = [at for first, last in pairwise(cuts) for at in STOCKS.moves(APPLE, first, last)]
    assert parts == list(STOCKS.moves(APPLE, cuts[0], cuts[-1]))


def test_between_two_moves_the_quote_stands_still() -> None:
    session = session_of(STOCKS, APPLE, date(2019, 1, 3))
    a, b = (STOCKS.quote(APPLE, session.open + timedelta(seconds=s)) for s in (60, 119))
    assert (a.bid, a.ask, a.last, a.bid_size) == (b.bid, b.ask, b.last, b.bid_size)


def test_an_instant_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        STOCKS.quote(APPLE, datetime(2019, 1, 3, 15))  # noqa: DTZ001  it is what is refused


# The control port's prices


def test_a_set_price_holds_until_the_close_which_stays_the_record_s() -> None:
    market = Market.load("us-stocks")
    session = session_of(market, APPLE, date(2019, 1, 3))
    at = session.open + timedelta(minutes=10, seconds=20)
    earlier = market.quote(APPLE, at - timedelta(seconds=1))
    close = market.quote(APPLE, session.close).last
    market.set_price(APPLE, at, Decimal("20.004"))
    assert market.quote(APPLE, at - timedelta(seconds=1)) == earlier
    for instant in (at, at + timedelta(seconds=10), at + timedelta(hours=2), session.close - MINUTE):
        quote = market.quote(APPLE, instant)
        assert quote.bid and quote.ask and quote.low and quote.last
        assert quote.last == Decimal("20.00")
        assert quote.bid <= quote.last <= quote.ask and quote.bid < quote.ask
        assert quote.low <= quote.last
    assert market.quote(APPLE, session.close).last == close
    assert market.figures(APPLE, session.day).low == Decimal("20.00")
    tomorrow = market.next_session(APPLE, session.open)
    assert market.quote(APPLE, tomorrow.open) == STOCKS.quote(APPLE, tomorrow.open)
    assert at in set(market.moves(APPLE, session.open, session.close))


def test_a_price_can_be_set_only_in_a_session_and_only_above_zero() -> None:
    session = session_of(STOCKS, APPLE, date(2019, 1, 3))
    with pytest.raises(MarketError, match="does not trade at"):
        STOCKS.set_price(APPLE, session.close, Decimal(20))
    with pytest.raises(ValueError, match="must be positive"):
        STOCKS.set_price(APPLE, session.open, Decimal(0))


# Reproducibility and cost

FINGERPRINT = """
import hashlib
from datetime import timedelta
from ib_trading_simulator.market.market import Market
market = Market.load("us-stocks", seed=7)
digest = hashlib.sha256()
for contract in market.book.all():
    if contract.is_cash:
        continue
    for day in market.days(contract.con_id)[5::1500]:
        digest.update(repr(market.figures(contract.con_id, day)).encode())
        session = market.session_on(contract.con_id, day)
        for minutes in (0, 1, 59, 120, 390):
            at = session.open + timedelta(minutes=minutes)
            digest.update(repr(market.quote(contract.con_id, at)).encode())
print(digest.hexdigest())
"""
# Also what Python 3.12 and 3.13 print. A change here changes every simulated price: say so in the change log.
PRICES_OF_SEED_7 = "e334de92baa91b6ba6cb1081f9e6d7c0105418c694f0c5ff630bb459a082b291"


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_prices_are_the_same_in_every_process_whatever_its_hash_seed(hash_seed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FINGERPRINT],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == PRICES_OF_SEED_7


def test_currencies_are_constructed_the_same_in_every_process() -> None:
    """Constants, and not a record: EUR.USD around 1.14 and USD.JPY around 108.70, each day within half a percent."""
    euro, yen = (STOCKS.book.by_id(forex.PAIRS[pair]) for pair in ("EUR.USD", "USD.JPY"))
    assert euro is not None
    assert yen is not None
    days = STOCKS.days(euro.con_id)[-200:]
    closes = [STOCKS.recorded_close(euro.con_id, day) for day in days]
    assert all(Decimal("1.1343") <= close <= Decimal("1.1457") for close in closes if close)
    assert len(set(closes)) > 100
    assert STOCKS.recorded_close(euro.con_id, date(2019, 1, 2)) == Decimal("1.14270")
    assert STOCKS.recorded_close(yen.con_id, date(2019, 1, 2)) == Decimal("109.040")


def test_the_order_of_questions_changes_no_answer() -> None:
    forwards, backwards = Market.load("us-stocks"), Market.load("us-stocks")
    instants = [session_of(STOCKS, APPLE, day).open + 7 * MINUTE for day in DAYS[4000:4040]]
    asked_backwards = [backwards.quote(APPLE, at) for at in reversed(instants)]
    assert [forwards.quote(APPLE, at) for at in instants] == asked_backwards[::-1]


def test_another_seed_gives_another_path_to_the_same_close() -> None:
    other = Market.load("us-stocks", seed=1)
    session = session_of(STOCKS, APPLE, date(2019, 1, 3))
    assert other.path(APPLE, session.day).prices != STOCKS.path(APPLE, session.day).prices
    assert other.quote(APPLE, session.close).last == STOCKS.quote(APPLE, session.close).last


def test_the_twenty_stocks_take_less_than_150_megabytes_in_use() -> None:
    """Every column read and the path cache full, reckoned from a few of its paths."""
    tracemalloc.start()
    market = Market.load("us-stocks")
    for contract in market.book.all():
        market.figures(contract.con_id, DAYS[-1])
    loaded, _ = tracemalloc.get_traced_memory()
    for day in DAYS[-8:]:
        market.path(APPLE, day)
    with_paths, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert loaded + (with_paths - loaded) * PATHS_KEPT / 8 < 150e6


# Own data


def own_market(folder: Path, days: str) -> Market:
    (folder / "contracts.csv").write_text("con_id,symbol,sec_type\n1,ABC,STK\n")
    (folder / "ABC.csv").write_text(days)
    return Market.load(folder)


def test_a_folder_of_csv_files_is_a_market(tmp_path: Path) -> None:
    """Recorded columns are served, a missing one is constructed within them."""
    market = own_market(
        tmp_path,
        "date,close,high,low,volume\n2024-07-01,10.005,10.20,9.90,12345\n2024-07-02,11,,,\n2024-07-03,10.5,,,\n",
    )
    figures = market.figures(1, date(2024, 7, 1))
    assert (figures.high, figures.low, figures.close, figures.volume) == (
        Decimal("10.20"),
        Decimal("9.90"),
        Decimal("10.005"),
        Decimal(12345),
    )
    assert figures.low <= figures.open <= figures.high
    assert market.figures(1, date(2024, 7, 2)).high >= 11
    assert session_of(market, 1, date(2024, 7, 3)).minutes == 210


def test_a_trading_day_without_a_row_has_no_session(tmp_path: Path) -> None:
    market = own_market(tmp_path, "date,close\n2024-07-01,10\n2024-07-03,11\n")
    assert not market.is_open(1, datetime(2024, 7, 2, 15, tzinfo=UTC))
    assert market.next_session(1, datetime(2024, 7, 1, 15, tzinfo=UTC)).day == date(2024, 7, 3)


@pytest.mark.parametrize(
    ("days", "line", "trouble"),
    [
        ("day,close\n2024-07-01,10\n", 1, "it needs date,close"),
        ("date,close\n01/07/2024,10\n", 2, "is not YYYY-MM-DD"),
        ("date,close\n2024-07-04,10\n", 2, "no trading day of calendar XNYS"),
        ("date,close\n2024-07-02,10\n2024-07-01,10\n", 3, "sort the rows by date"),
        ("date,close\n2024-07-02,10\n2024-07-02,10\n", 3, "does not follow 2024-07-02"),
        ("date,close\n2024-07-02,ten\n", 2, "close 'ten' is not a number"),
        ("date,close\n2024-07-02,NaN\n", 2, "must be positive"),
        ("date,close\n2024-07-02,-1\n", 2, "must be positive"),
        ("date,close\n2024-07-02,\n", 2, "close is empty"),
        ("date,close\n2024-07-02\n", 2, "more or fewer cells"),
        ("date,close,high\n2024-07-02,10,9\n", 2, "high 9 is below another price"),
        ("date,close,low\n2024-07-02,10,11\n", 2, "low 11 is above another price"),
        ("date,close\n2031-07-02,10\n", 2, "covers 1990-01-01 to 2030-12-31"),
        ("date,close\n", 1, "holds no day"),
    ],
)
def test_a_bad_price_file_is_refused_with_its_line(
    tmp_path: Path, days: str, line: int, trouble: str
) -> None:
    with pytest.raises(MarketFileError) as refusal:
        own_market(tmp_path, days)
    assert str(refusal.value).startswith(f"{tmp_path / 'ABC.csv'}:{line}: ")
    assert trouble in str(refusal.value)


def test_a_contract_without_a_price_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "contracts.csv").write_text("con_id,symbol,sec_type\n1,ABC,STK\n")
    with pytest.raises(MarketFileError, match=r"contracts\.csv lists ABC; add it"):
        Market.load(tmp_path)


def test_an_unknown_market_is_refused_with_the_names_of_the_known() -> None:
    with pytest.raises(MarketError, match="us-stocks, us-indices"):
        Market.load("moon-stocks")
