"""Historical bars agree with the record, the quotes and one another; bad requests meet the broker's codes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_trading_simulator.market.history import HistoryError, bars, head_timestamp
from ib_trading_simulator.market.history_request import MINUTES
from ib_trading_simulator.market.market import Bar, Market

APPLE, SPX, SPY, EURO = 265598, 416904, 756733, 12087792
STOCKS = Market.load("us-stocks")
WORLD = Market.load("world")
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
        ("1 D", "1 secs", "TRADES", 162, "invalid step: 1"),
        ("2001 S", "1 secs", "TRADES", 162, "invalid step: 1"),
        ("2000 S", "1 secs", "TRADES", 162, "HMDS query returned no data: AAPL@SMART Trades"),
        ("69 Y", "1 day", "TRADES", 321, "requested duration is invalid"),
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


@pytest.mark.parametrize(
    ("size", "step"),
    [("1 min", "60"), ("5 mins", "300"), ("1 hour", "3600"), ("1 day", "1d"), ("1 week", "1w")],
)
def test_currencies_have_no_trades(size: str, step: str) -> None:
    """The words of two users' logs: "EUR/CASH@FXSUBPIP Last 1d" and "CHF/CASH@FXSUBPIP Last 300"."""
    with pytest.raises(HistoryError) as refusal:
        ask("5 D", size, con_id=EURO)
    assert refusal.value.code == 162
    assert refusal.value.text.endswith(f"No historical market data for EUR/CASH@FXSUBPIP Last {step}")


@pytest.mark.parametrize("size", sorted({*MINUTES, "1 day", "1 week", "1 month"}))
def test_currencies_have_midpoints_of_every_size(size: str) -> None:
    made = ask("2 W", size, EVENING, "MIDPOINT", EURO)
    assert all(bar.low <= bar.open <= bar.high and bar.low <= bar.close <= bar.high for bar in made)
    assert made == tuple(sorted(made, key=lambda bar: bar.start))


def test_a_day_of_a_currency_begins_on_the_evening_before() -> None:
    """Monday's bars begin on Sunday at 17:15 in New York, and are aligned to the full hour from then on."""
    hours = ask("1 D", "1 hour", datetime(2019, 6, 3, 20, tzinfo=UTC), "MIDPOINT", EURO)
    assert hours[0].start == datetime(2019, 6, 2, 21, 15, tzinfo=UTC)
    assert hours[1].start == datetime(2019, 6, 2, 22, 0, tzinfo=UTC)
    (day,) = ask("1 D", "1 day", datetime(2019, 6, 3, 21, tzinfo=UTC), "MIDPOINT", EURO)
    assert day.day == date(2019, 6, 3)


@pytest.mark.parametrize(
    ("size", "starts"),
    [
        ("30 mins", ["09:30", "10:00", "10:30"]),
        ("1 hour", ["09:30", "10:00", "11:00"]),
        ("2 hours", ["09:30", "10:00", "12:00"]),
        ("3 hours", ["09:30", "12:00", "15:00"]),
        ("4 hours", ["09:30", "12:00"]),
        ("8 hours", ["09:30"]),
    ],
)
def test_long_bars_of_us_stocks_begin_with_the_session(size: str, starts: list[str]) -> None:
    zone = ZoneInfo("America/New_York")
    made = ask("1 D", size)
    assert [f"{bar.start.astimezone(zone):%H:%M}" for bar in made][: len(starts)] == starts


def test_weeks_and_months_are_dated_by_their_last_session() -> None:
    """Memorial Day opens a week that ends on Friday; the week and the month that form end with the last session."""
    weeks = [bar.day for bar in ask("3 W", "1 week")]
    assert weeks == [date(2019, 5, 17), date(2019, 5, 24), date(2019, 5, 31), date(2019, 6, 5)]
    assert [bar.day for bar in ask("3 M", "1 month")][-2:] == [date(2019, 5, 31), date(2019, 6, 5)]
    good_friday = ask("1 W", "1 week", datetime(2019, 4, 22, 1, tzinfo=UTC))
    assert good_friday[-1].day == date(2019, 4, 18)


@given(size=st.sampled_from(["1 week", "1 month"]), end=st.sampled_from(DAYS[500:]))
@settings(max_examples=40, deadline=None)
def test_weeks_and_months_add_up_from_their_days(size: str, end: date) -> None:
    at = datetime.combine(end, datetime.min.time(), UTC) + timedelta(hours=23)
    longer, days = ask("60 D", size, at), ask("60 D", "1 day", at)
    assert (longer[0].open, longer[-1].close) == (days[0].open, days[-1].close)
    assert sum(bar.volume for bar in longer) == sum(bar.volume for bar in days)
    assert max(bar.high for bar in longer) == max(bar.high for bar in days)
    assert min(bar.low for bar in longer) == min(bar.low for bar in days)


# Distributions


def spy(duration: str, end: datetime, what: str, size: str = "1 day") -> tuple[Bar, ...]:
    return bars(WORLD, SPY, end=end, duration=duration, bar_size=size, use_rth=True, what=what)


def test_adjusted_bars_of_a_fund_are_lower_before_a_distribution_and_the_same_after_it() -> None:
    """SPY goes ex-dividend on 15 March 2019; a quarter of 1.8 % is taken out of every price before it."""
    end = datetime(2019, 3, 19, 23, tzinfo=UTC)
    raw = {bar.day: bar for bar in spy("5 D", end, "TRADES")}
    adjusted = {bar.day: bar for bar in spy("5 D", end, "ADJUSTED_LAST")}
    before, after = date(2019, 3, 14), date(2019, 3, 15)
    assert adjusted[after] == raw[after]
    assert adjusted[before].close == (raw[before].close * Decimal("0.9955")).quantize(Decimal("0.0001"))
    assert adjusted[before].volume == raw[before].volume


def test_an_adjusted_series_knows_nothing_of_distributions_to_come() -> None:
    """The evening before, it is what was traded; a day later the same days have other prices."""
    evening = datetime(2019, 3, 14, 23, tzinfo=UTC)
    assert spy("20 D", evening, "ADJUSTED_LAST")[-1] == spy("20 D", evening, "TRADES")[-1]
    (day_of_evening, *_), (the_same_day, *_) = (
        spy("20 D", evening, "ADJUSTED_LAST"),
        spy("21 D", evening + timedelta(days=1), "ADJUSTED_LAST"),
    )
    assert day_of_evening.day == the_same_day.day
    assert the_same_day.close < day_of_evening.close


def test_adjusted_bars_within_a_day_agree_with_the_adjusted_day() -> None:
    end = datetime(2019, 3, 20, 23, tzinfo=UTC)
    days = spy("6 D", end, "ADJUSTED_LAST")
    hours = spy("6 D", end, "ADJUSTED_LAST", "1 hour")
    for day in days:
        own = [bar for bar in hours if bar.start.date() == day.day]
        assert max(bar.high for bar in own) == day.high
        assert min(bar.low for bar in own) == day.low
