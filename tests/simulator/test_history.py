"""Historical bars agree with the record, the quotes and one another; bad requests meet the broker's codes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_trading_simulator.market.history import HistoryError, bars, head_timestamp
from ib_trading_simulator.market.history_request import MINUTES
from ib_trading_simulator.market.market import Bar, Market

APPLE, SPX = 265598, 416904
STOCKS = Market.load("us-stocks")
DAYS = STOCKS.days(APPLE)
EVENING = datetime(2019, 6, 5, 23, 0, tzinfo=UTC)


def ask(
    duration: str, bar_size: str, end: datetime = EVENING, what: str = "TRADES", con_id: int = APPLE
) -> tuple[Bar, ...]:
    return bars(STOCKS, con_id, end=end, duration=duration, bar_size=bar_size, use_rth=True, what=what)


def test_daily_bars_close_on_the_record_digit_for_digit() -> None:
    year = ask("1 Y", "1 day", what="ADJUSTED_LAST")
    assert [(bar.day, bar.close) for bar in year] == [
        (day, STOCKS.recorded_close(APPLE, day)) for day in DAYS if date(2018, 6, 5) < day <= date(2019, 6, 5)
    ]


@pytest.mark.parametrize("what", ["TRADES", "BID", "ASK", "MIDPOINT"])
@pytest.mark.parametrize("size", ["1 min", "30 mins", "1 hour", "1 day", "1 week", "1 month"])
def test_a_bar_s_high_and_low_enclose_its_open_and_close(size: str, what: str) -> None:
    for bar in ask("2 M" if "min" not in size else "3 D", size, what=what):
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high


@given(day=st.sampled_from(DAYS), size=st.sampled_from(sorted(MINUTES)))
@settings(max_examples=100, deadline=None)
def test_intraday_bars_add_up_to_the_day(day: date, size: str) -> None:
    """Any size: open, high, low and volume are the day's, and the last close is the record's on the tick."""
    session = STOCKS.session_on(APPLE, day)
    assert session
    parts, figures = ask("1 D", size, session.close), STOCKS.figures(APPLE, day)
    assert parts[0].start == session.open and parts[0].open == figures.open
    assert max(bar.high for bar in parts) == figures.high
    assert min(bar.low for bar in parts) == figures.low
    assert sum(bar.volume for bar in parts) == figures.volume
    assert parts[-1].close == STOCKS.quote(APPLE, session.close).last


def test_quotes_lie_within_the_minute_bar_of_their_series() -> None:
    """Bids within the bid bar, asks within the ask bar, last prices within the trades bar."""
    session = STOCKS.session_on(APPLE, date(2019, 6, 5))
    assert session
    series = {what: ask("1 D", "1 min", session.close, what) for what in ("TRADES", "BID", "ASK", "MIDPOINT")}
    for k in range(session.minutes):
        quote = STOCKS.quote(APPLE, session.open + timedelta(minutes=k, seconds=30))
        assert quote.last and quote.bid and quote.ask
        assert series["TRADES"][k].low <= quote.last <= series["TRADES"][k].high
        assert series["BID"][k].open == quote.bid
        assert series["ASK"][k].open == quote.ask
        assert series["MIDPOINT"][k].open == (quote.bid + quote.ask) / 2


def test_hours_are_aligned_to_the_exchange_s_clock() -> None:
    starts = [f"{bar.start:%H:%M}" for bar in ask("1 D", "1 hour")]
    assert starts == ["13:30", "14:00", "15:00", "16:00", "17:00", "18:00", "19:00"]


def test_seconds_count_trading_time_across_the_night() -> None:
    """Ten minutes after the open, an hour reaches back into the day before."""
    hour = ask("3600 S", "1 min", datetime(2019, 6, 5, 13, 40, tzinfo=UTC))
    assert len(hour) == 60
    assert hour[0].start == datetime(2019, 6, 4, 19, 10, tzinfo=UTC)
    assert hour[-1].start == datetime(2019, 6, 5, 13, 39, tzinfo=UTC)


def test_days_count_sessions() -> None:
    days = [bar.day for bar in ask("3 D", "1 day", datetime(2019, 5, 28, 23, tzinfo=UTC))]
    assert days == [date(2019, 5, 23), date(2019, 5, 24), date(2019, 5, 28)]


def test_a_month_is_a_calendar_month_even_from_its_31st() -> None:
    days = [bar.day for bar in ask("1 M", "1 day", datetime(2019, 3, 31, 12, tzinfo=UTC))]
    assert (days[0], days[-1]) == (date(2019, 3, 1), date(2019, 3, 29))


def test_a_forming_bar_covers_the_minutes_completed_so_far() -> None:
    """A request in mid-session answers nothing of what is still to come."""
    end = datetime(2019, 6, 5, 15, 0, 30, tzinfo=UTC)
    today = ask("1 D", "1 day", end)[-1]
    quote = STOCKS.quote(APPLE, end)
    assert (today.day, today.close, today.volume) == (date(2019, 6, 5), quote.last, quote.volume)
    assert (today.open, today.high, today.low) == (quote.open, quote.high, quote.low)
    assert ask("1 D", "5 mins", end)[-1].start == datetime(2019, 6, 5, 14, 55, tzinfo=UTC)


def test_a_week_is_the_sum_of_its_days() -> None:
    (week,) = ask("3 D", "1 week")
    days = ask("3 D", "1 day")
    assert (week.open, week.close, week.day) == (days[0].open, days[-1].close, days[-1].day)
    assert (week.high, week.low) == (max(bar.high for bar in days), min(bar.low for bar in days))
    assert week.volume == sum(bar.volume for bar in days)


def test_bars_of_quotes_have_no_volume() -> None:
    for what in ("BID", "ASK", "MIDPOINT"):
        for size in ("1 min", "1 day", "1 week"):
            bar = ask("5 D", size, what=what)[-1]
            assert (bar.volume, bar.wap, bar.count) == (-1, -1, -1)


def test_a_price_set_on_the_control_port_shows_in_the_bars() -> None:
    market = Market.load("us-stocks")
    session = market.session_on(APPLE, date(2019, 6, 5))
    assert session
    market.set_price(APPLE, session.open + timedelta(minutes=30), Decimal(20))
    asked = {"end": session.close, "use_rth": True, "what": "TRADES"}
    minutes = bars(market, APPLE, duration="1 D", bar_size="1 min", **asked)
    (day,) = bars(market, APPLE, duration="1 D", bar_size="1 day", **asked)
    assert minutes[30].open == minutes[100].close == 20
    assert minutes[29].close != 20
    assert day.low == 20 and day.close == STOCKS.recorded_close(APPLE, session.day)


@pytest.mark.parametrize(
    ("duration", "size", "what", "code", "text"),
    [
        ("1 D", "1 sec", "TRADES", 321, "bar size setting is invalid. Legal ones are: 1 secs, 5 secs"),
        ("1D", "1 day", "TRADES", 321, "integer{SPACE}unit"),
        ("0 D", "1 day", "TRADES", 321, "requested duration is invalid"),
        ("10 S", "1 min", "TRADES", 321, "requested duration is invalid"),
        ("90000 S", "1 min", "TRADES", 321, "greater than 86400 seconds"),
        ("366 D", "1 day", "TRADES", 321, "longer than 365 days must be made in years"),
        ("13 M", "1 day", "TRADES", 321, "longer than 12 months must be made in years"),
        ("1 D", "1 day", "PRICES", 321, "What to show field is missing or incorrect"),
        ("1 Y", "1W", "ADJUSTED_LAST", 321, "Multi day bar size not supported with adjusted last"),
        ("1 D", "1 day", "BID_ASK", 162, "No historical market data for AAPL/STK@SMART"),
        ("1 D", "5 secs", "TRADES", 162, "HMDS query returned no data: AAPL@SMART Trades"),
    ],
)
def test_a_bad_request_is_refused_with_the_broker_s_code(
    duration: str, size: str, what: str, code: int, text: str
) -> None:
    with pytest.raises(HistoryError) as refusal:
        ask(duration, size, what=what)
    assert refusal.value.code == code
    assert text in refusal.value.text


def test_before_the_record_there_are_no_data() -> None:
    with pytest.raises(HistoryError) as refusal:
        ask("5 D", "1 day", datetime(1989, 12, 1, tzinfo=UTC))
    assert refusal.value.code == 162


def test_an_index_has_trades_only() -> None:
    assert ask("5 D", "1 day", con_id=SPX)[-1].day == date(2019, 6, 5)
    with pytest.raises(HistoryError, match="No historical market data for SPX/IND@CBOE MidPoint"):
        ask("5 D", "1 day", what="MIDPOINT", con_id=SPX)


def test_the_head_timestamp_is_the_first_recorded_open() -> None:
    assert head_timestamp(STOCKS, APPLE, "TRADES") == datetime(1990, 1, 2, 14, 30, tzinfo=UTC)
