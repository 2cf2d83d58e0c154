"""Exchange calendars: sessions in UTC, and their text in contract details."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ib_trading_simulator.market.sessions import FIRST_DAY, LAST_DAY, CalendarError, calendar, hours_text


def all_days() -> list[date]:
    return [FIRST_DAY + timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]


def test_the_table_agrees_with_the_calendar_library_on_every_day_from_1990_to_2030() -> None:
    """Opens and closes equal exchange_calendars' XNYS to the minute, and no day is missing or in excess."""
    exchange_calendars = pytest.importorskip("exchange_calendars")
    schedule = exchange_calendars.get_calendar("XNYS", start=str(FIRST_DAY), end=str(LAST_DAY)).schedule
    expected = {
        day.date(): (row["open"].to_pydatetime(), row["close"].to_pydatetime())
        for day, row in schedule.iterrows()
    }
    trading = calendar("XNYS")
    ours = {s.day: (s.open, s.close) for day in all_days() if (s := trading.session_on(day))}
    assert ours == expected


def test_the_opening_instant_follows_daylight_saving_time() -> None:
    """The US rule changed in 2007: on 12 March 2007 summer time had begun, on 13 March 2006 it had not."""
    trading = calendar("XNYS")
    summer, winter = trading.session_on(date(2007, 3, 12)), trading.session_on(date(2006, 3, 13))
    assert summer and summer.open == datetime(2007, 3, 12, 13, 30, tzinfo=UTC)
    assert winter and winter.open == datetime(2006, 3, 13, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "day",
    [
        pytest.param(date(2001, 9, 11), id="attacks of 11 September"),
        pytest.param(date(2004, 6, 11), id="funeral of President Reagan"),
        pytest.param(date(2012, 10, 29), id="hurricane Sandy"),
        pytest.param(date(2018, 12, 5), id="funeral of President Bush"),
        pytest.param(date(2022, 6, 20), id="Juneteenth"),
        pytest.param(date(2030, 12, 25), id="Christmas"),
        pytest.param(date(2019, 1, 5), id="a Saturday"),
    ],
)
def test_the_exchange_is_shut_on_holidays_weekends_and_days_of_mourning(day: date) -> None:
    assert calendar("XNYS").session_on(day) is None


def test_an_early_close_ends_the_session_at_one_o_clock() -> None:
    session = calendar("XNYS").session_on(date(2018, 12, 24))
    assert session and session.close == datetime(2018, 12, 24, 18, 0, tzinfo=UTC)
    assert session.minutes == 210


def test_hours_are_spelled_as_contract_details_spell_them() -> None:
    """A stock shows extended hours in tradingHours, a closed day in both, and the early close in both."""
    at = datetime(2018, 12, 24, 15, 0, tzinfo=UTC)
    trading_hours, liquid_hours = hours_text("XNYS", "US/Eastern", at, days=3)
    assert trading_hours == "20181224:0400-20181224:1700;20181225:CLOSED;20181226:0400-20181226:2000"
    assert liquid_hours == "20181224:0930-20181224:1300;20181225:CLOSED;20181226:0930-20181226:1600"


def test_hours_start_on_the_exchange_s_own_date() -> None:
    """At 02:00 UTC it is still the evening before in New York."""
    trading_hours, _ = hours_text("XNYS", "US/Eastern", datetime(2019, 1, 4, 2, 0, tzinfo=UTC), days=1)
    assert trading_hours.startswith("20190103:")


def test_an_index_has_no_extended_hours() -> None:
    trading_hours, liquid_hours = hours_text("XNYS-RTH", "US/Eastern", datetime(2019, 1, 3, 15, tzinfo=UTC))
    assert trading_hours == liquid_hours


@pytest.mark.parametrize("day", [date(1989, 12, 29), date(2031, 1, 2)])
def test_a_day_off_the_table_is_refused_rather_than_guessed(day: date) -> None:
    with pytest.raises(CalendarError, match="covers 1990-01-01 to 2030-12-31"):
        calendar("XNYS").session_on(day)


def test_a_calendar_that_is_not_built_is_refused_by_name() -> None:
    with pytest.raises(CalendarError, match='unknown calendar "FX"'):
        calendar("FX")
