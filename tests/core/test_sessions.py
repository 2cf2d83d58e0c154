"""The broker's contract details are believed for the days that they tell; the calendar knows the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from ib_trading.core.instruments import TradingHours
from ib_trading.core.sessions import (
    contradictions,
    last_complete_session,
    session_of,
    sessions_missed,
)
from tests.core.builders import HOURS, MONDAY, NOW, STOCK, stock

TUESDAY, FRIDAY = date(2024, 6, 4), date(2024, 5, 31)


def utc(day: int, hour: int, minute: int = 0, month: int = 6) -> datetime:
    return datetime(2024, month, day, hour, minute, tzinfo=UTC)


TOKYO = stock(
    7,
    "7203",
    primary_exchange="TSEJ",
    time_zone="Asia/Tokyo",
    liquid_hours=(
        TradingHours(utc(3, 0), utc(3, 2, 30)),
        TradingHours(utc(3, 3, 30), utc(3, 6)),
    ),
)


def test_two_openings_of_a_day_are_one_session_with_a_break() -> None:
    told = session_of(TOKYO, MONDAY)
    assert told is not None
    assert (told.open, told.breaks, told.close) == (utc(3, 0), ((utc(3, 2, 30), utc(3, 3, 30)),), utc(3, 6))
    assert list(contradictions(TOKYO)) == []


def test_a_half_day_that_only_the_broker_knows_of_is_one_and_is_said() -> None:
    early = replace(STOCK, liquid_hours=(replace(HOURS, close=utc(3, 17)),))
    told = session_of(early, MONDAY)
    assert told is not None
    assert told.close == utc(3, 17)
    assert last_complete_session(early, utc(3, 17)).day == MONDAY
    assert list(contradictions(early)) == [
        "AAA closes at 17:00 UTC on 2024-06-03 by its contract details; XNYS at 20:00"
    ]


def test_a_day_of_mourning_that_only_the_broker_knows_of_is_closed_and_is_said() -> None:
    closed = replace(STOCK, liquid_hours=(), closed_days=frozenset({MONDAY}))
    assert session_of(closed, MONDAY) is None
    assert last_complete_session(closed, utc(4, 12)).day == FRIDAY
    assert list(contradictions(closed)) == [
        "AAA does not trade on 2024-06-03 by its contract details; XNYS does"
    ]


def test_a_session_on_a_holiday_of_the_calendar_is_one_and_is_said() -> None:
    hours = TradingHours(utc(4, 13, 30, month=7), utc(4, 20, month=7))
    holiday = replace(STOCK, liquid_hours=(hours,))
    assert session_of(holiday, date(2024, 7, 4)) is not None
    assert list(contradictions(holiday)) == [
        "AAA trades on 2024-07-04 by its contract details; XNYS does not"
    ]


def test_what_ends_with_a_closing_auction_contradicts_nobody() -> None:
    """Zurich's continuous trading ends ten minutes before its auction."""
    swiss = replace(
        STOCK,
        primary_exchange="EBS",
        time_zone="Europe/Zurich",
        liquid_hours=(TradingHours(utc(3, 7), utc(3, 15, 20)),),
    )
    assert list(contradictions(swiss)) == []


def test_a_future_s_liquid_hours_are_a_part_of_its_session() -> None:
    chicago = replace(
        STOCK,
        sec_type="FUT",
        exchange="CME",
        primary_exchange="",
        time_zone="America/Chicago",
        liquid_hours=(TradingHours(utc(3, 13, 30), utc(3, 20)),),
    )
    assert list(contradictions(chicago)) == []


def test_an_evening_that_is_called_closed_says_nothing_of_its_trade_date() -> None:
    """Details of pairs call Saturday closed and begin again on Sunday evening: of Christmas Day it is the evening."""
    pair = replace(
        STOCK,
        sec_type="CASH",
        exchange="IDEALPRO",
        primary_exchange="",
        liquid_hours=(),
        closed_days=frozenset({MONDAY}),
    )
    assert session_of(pair, MONDAY) is not None
    assert list(contradictions(pair)) == []


def test_an_exchange_that_no_calendar_knows_cannot_be_contradicted() -> None:
    stranger = replace(STOCK, primary_exchange="SGX", closed_days=frozenset({TUESDAY}))
    assert session_of(stranger, TUESDAY) is None
    assert list(contradictions(stranger)) == []


def test_sessions_are_missed_once_they_are_over() -> None:
    assert sessions_missed(STOCK, FRIDAY, NOW) == 0
    assert sessions_missed(STOCK, FRIDAY, utc(3, 20)) == 1
    assert sessions_missed(STOCK, MONDAY, utc(3, 20)) == 0
    assert sessions_missed(STOCK, date(2024, 6, 10), NOW) == 0
