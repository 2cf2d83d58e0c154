"""When markets trade: which day it is there, which session was the last, and what is known at all. Ten years of each,
against the library, are in tests/calendars."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.calendar import (
    holidays_known,
    last_complete_session,
    next_session,
    session_on,
    sessions,
    trade_date,
)
from ib_trading.core.calendar_table import CALENDARS
from ib_trading.core.timetable import FOREX

SINGAPORE = "24/5 Asia/Singapore"
MARKETS = [*CALENDARS, FOREX, SINGAPORE, "24/7 UTC"]

moments = st.datetimes(datetime(2000, 2, 1), datetime(2035, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001


def utc(day: int, hour: int, minute: int = 0, month: int = 6, year: int = 2024) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def days(market: str, first: date, last: date) -> list[int]:
    return [session.day.day for session in sessions(market, first, last)]


@given(st.sampled_from(MARKETS), moments)
def test_a_moment_lies_between_the_last_session_that_is_over_and_the_next(market: str, at: datetime) -> None:
    over, coming = last_complete_session(market, at), next_session(market, at)
    assert over.close <= at < coming.close
    assert over.day < coming.day
    assert sessions(market, over.day, coming.day) == (over, coming)
    assert trade_date(market, coming.open) == coming.day


@given(st.sampled_from(MARKETS), moments)
def test_a_session_is_open_around_its_breaks(market: str, at: datetime) -> None:
    session = next_session(market, at)
    edges = [session.open, *(edge for pause in session.breaks for edge in pause), session.close]
    assert edges == sorted(set(edges))
    assert session.open in session
    assert session.close not in session
    for begin, end in session.breaks:
        assert begin not in session
        assert end in session


def test_tokyo_and_hong_kong_pause_for_lunch() -> None:
    tokyo = session_on("XTKS", date(2024, 6, 3))
    assert tokyo is not None
    assert (tokyo.open, tokyo.close) == (utc(3, 0), utc(3, 6))
    assert tokyo.breaks == ((utc(3, 2, 30), utc(3, 3, 30)),)
    half_day = session_on("XHKG", date(2024, 12, 24))
    assert half_day is not None
    assert (half_day.close, half_day.breaks) == (utc(24, 4, month=12), ())


def test_tokyo_closes_half_an_hour_later_since_november_2024() -> None:
    before, after = session_on("XTKS", date(2024, 11, 1)), session_on("XTKS", date(2024, 11, 5))
    assert before is not None
    assert after is not None
    assert (before.close, after.close) == (utc(1, 6, month=11), utc(5, 6, 30, month=11))


def test_between_the_two_changes_of_clocks_new_york_is_four_hours_from_london() -> None:
    """America puts its clocks forward on 10 March 2024, Europe on the 31st."""
    opens = {
        (market, day): session.open.hour + session.open.minute / 60
        for market in ("XNYS", "XLON")
        for day in (8, 11, 28)
        if (session := session_on(market, date(2024, 3, day)))
    }
    assert opens == {
        ("XNYS", 8): 14.5,
        ("XNYS", 11): 13.5,
        ("XNYS", 28): 13.5,
        ("XLON", 8): 8,
        ("XLON", 11): 8,
        ("XLON", 28): 8,
    }


def test_globex_trades_from_the_evening_before_and_pauses_at_four() -> None:
    monday = session_on("CMES", date(2024, 6, 3))
    assert monday is not None
    assert (monday.open, monday.close) == (utc(2, 22), utc(3, 21))
    assert trade_date("CMES", utc(2, 23)) == date(2024, 6, 3)
    assert last_complete_session("CMES", utc(3, 21, 30)) == monday


def test_on_independence_day_new_york_is_closed_and_london_is_not() -> None:
    week = date(2024, 7, 1), date(2024, 7, 5)
    assert days("XNYS", *week) == [1, 2, 3, 5]
    assert days("XLON", *week) == [1, 2, 3, 4, 5]
    eve = session_on("XNYS", date(2024, 7, 3))
    assert eve is not None
    assert eve.close == utc(3, 17, month=7)


def test_golden_week_is_ten_days_without_a_session() -> None:
    assert days("XTKS", date(2019, 4, 26), date(2019, 5, 7)) == [26, 7]


def test_a_bar_of_forex_is_of_the_day_on_which_its_session_ends() -> None:
    """Sunday evening is Monday's; on Friday at five it is over, and nothing is open until Sunday at 17:15."""
    monday = session_on(FOREX, date(2024, 6, 3))
    assert monday is not None
    assert (monday.open, monday.close) == (utc(2, 21, 15), utc(3, 21))
    assert trade_date(FOREX, utc(2, 21, 15)) == date(2024, 6, 3)
    assert trade_date(FOREX, utc(3, 21, 5)) == date(2024, 6, 3), (
        "the break is nobody's, and Monday's by the clock"
    )
    assert trade_date(FOREX, utc(3, 21, 15)) == date(2024, 6, 4)
    assert next_session(FOREX, utc(7, 21)).open == utc(9, 21, 15)
    assert days(FOREX, date(2024, 12, 23), date(2025, 1, 2)) == [23, 24, 26, 27, 30, 31, 2]


@pytest.mark.parametrize(
    ("market", "day", "known"),
    [
        ("XTKS", date(2000, 1, 1), True),
        ("XTKS", date(1999, 12, 24), False),
        ("XTKS", date(2036, 1, 1), False),
        (FOREX, date(1990, 1, 1), True),
        (SINGAPORE, date(2024, 6, 3), False),
    ],
)
def test_where_no_holiday_is_known_weekdays_stand_in_and_it_says_so(
    market: str, day: date, known: bool
) -> None:
    assert holidays_known(market, day) is known
    week = sessions(market, day, day + timedelta(days=6))
    assert len(week) == 5 or known


def test_a_market_that_nobody_knows_trades_all_of_its_weekdays() -> None:
    day = session_on(SINGAPORE, date(2024, 6, 3))
    assert day is not None
    assert (day.open, day.close) == (utc(2, 16), utc(3, 16))
    assert session_on(SINGAPORE, date(2024, 6, 1)) is None
