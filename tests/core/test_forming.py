"""Which question shows the bar that forms, and what of an answer a strategy sees."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from ib_trading.core.bars import forms
from ib_trading.core.collection import BarQuestion
from ib_trading.core.coverage import DaySpan
from ib_trading.core.forming import NOT_ASKED, TOO_EARLY, Told, seen_forming, with_forming
from ib_trading.core.history import Bar, NewestBar, Series, daily_start
from ib_trading.core.strategy import History
from tests.core.builders import STOCK

NYSE, TOKYO, FOREX = "XNYS", "XTKS", "forex"
MONDAY = date(2024, 6, 3)
NOON = datetime(2024, 6, 3, 16, 10, tzinfo=UTC)
EVENING = datetime(2024, 6, 3, 22, tzinfo=UTC)
ONE = Decimal(1)


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2024, 6, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("size", "market", "at", "forming"),
    [
        ("1 day", NYSE, utc(3, 13, 29), False),
        ("1 day", NYSE, utc(3, 13, 30), True),
        ("1 day", NYSE, utc(3, 20), False),
        ("30 mins", NYSE, utc(3, 20), False),
        ("30 mins", NYSE, utc(3, 19, 59), True),
        # A week goes on over night, and is over with its Friday; Friday is 7 June.
        ("1 week", NYSE, utc(3, 13, 29), False),
        ("1 week", NYSE, utc(4, 2), True),
        ("1 week", NYSE, utc(7, 19, 59), True),
        ("1 week", NYSE, utc(7, 20), False),
        ("1 week", NYSE, utc(9, 12), False),
        # In Tokyo's lunch break no minute passes, and the day is not over.
        ("1 min", TOKYO, utc(3, 3), False),
        ("1 day", TOKYO, utc(3, 3), True),
    ],
)
def test_a_bar_forms_while_it_is_begun_and_not_over(
    size: str, market: str, at: datetime, forming: bool
) -> None:
    assert forms(size, market, at) is forming


def series(bar_size: str, show: str = "TRADES") -> Series:
    return Series(1, "AAA", show, bar_size)


def asking(bar_size: str, first: date, last: date, show: str = "TRADES") -> BarQuestion:
    span = DaySpan(first, last)
    return BarQuestion(STOCK, series(bar_size, show), span, (span,))


FRIDAY = MONDAY - timedelta(days=3)
NEWEST = NewestBar(daily_start(FRIDAY), Decimal(100))


@pytest.mark.parametrize(
    ("size", "show", "first", "last", "longer"),
    [
        # What is asked for anyway reaches up to today, or can be made to.
        ("30 mins", "TRADES", MONDAY, MONDAY, MONDAY),
        ("30 mins", "TRADES", FRIDAY, FRIDAY, MONDAY),
        ("1 day", "ADJUSTED_LAST", FRIDAY, FRIDAY, MONDAY),
        ("1 day", "TRADES", date(2020, 1, 1), FRIDAY, MONDAY),
        ("1 week", "TRADES", date(2024, 5, 27), date(2024, 6, 2), date(2024, 6, 9)),
    ],
)
def test_what_is_asked_for_anyway_shows_it_without_another_question(
    size: str, show: str, first: date, last: date, longer: date
) -> None:
    before = asking(size, first, last, show)
    (found,) = with_forming((before,), STOCK, series(size, show), NEWEST, NOON)
    assert (found.days, found.fills) == (DaySpan(first, longer), before.fills)


def test_a_question_as_long_as_the_broker_serves_is_not_made_longer() -> None:
    """Of minutes it serves a day."""
    found = with_forming((asking("1 min", FRIDAY, FRIDAY),), STOCK, series("1 min"), NEWEST, NOON)
    assert [(one.days, bool(one.fills)) for one in found] == [
        (DaySpan(FRIDAY, FRIDAY), True),
        (DaySpan(MONDAY, MONDAY), False),
    ]


def test_where_nothing_is_missing_there_is_one_question_that_fills_nothing() -> None:
    """Of the adjusted series it reaches back to the newest stored bar, whose close tells of today's dividend."""
    (found,) = with_forming((), STOCK, series("30 mins"), NEWEST, NOON)
    assert (found.days, found.fills) == (DaySpan(MONDAY, MONDAY), ())
    (found,) = with_forming((), STOCK, series("1 day", "ADJUSTED_LAST"), NEWEST, NOON)
    assert (found.days, found.fills) == (DaySpan(FRIDAY, MONDAY), ())
    (found,) = with_forming((), STOCK, series("1 day", "ADJUSTED_LAST"), None, NOON)
    assert found.days == DaySpan(MONDAY, MONDAY)


def test_where_none_forms_nothing_more_is_asked() -> None:
    before = (asking("1 day", FRIDAY, FRIDAY),)
    assert with_forming(before, STOCK, series("1 day"), NEWEST, EVENING) == before
    assert with_forming((), STOCK, series("1 day"), NEWEST, EVENING) == ()


def bar(start: datetime, volume: str | None = "5", **changes: Decimal) -> Bar:
    figures = (
        dict(zip(("open", "high", "low", "close"), map(Decimal, (10, 12, 9, 11)), strict=True)) | changes
    )
    return Bar(start, **figures, volume=None if volume is None else Decimal(volume))


HALF_HOUR, DAY = History("30 mins", 3, forming=True), History("1 day", 3, forming=True)
NOW_FORMING = utc(3, 16)


def test_the_one_that_was_told_is_seen_with_the_instant_up_to_which_it_is_known() -> None:
    asked_at = NOON - timedelta(seconds=5)
    told = Told(asked_at, (bar(utc(3, 15, 30)), bar(NOW_FORMING, None)))
    found = seen_forming(2, HALF_HOUR, STOCK, told, NOON).bar
    assert found is not None
    assert (found.start, found.open, found.high, found.low, found.close) == (NOW_FORMING, 10, 12, 9, 11)
    assert (math.isnan(found.volume), found.as_of) == (True, asked_at)


def test_one_that_was_over_in_the_meantime_is_not_seen_as_one_that_forms() -> None:
    """Asked at 15:59:58, decided at 16:00:03."""
    told = Told(utc(3, 16) - timedelta(seconds=2), (bar(utc(3, 15, 30)),))
    found = seen_forming(0, HALF_HOUR, STOCK, told, utc(3, 16) + timedelta(seconds=3))
    assert (found.bar, found.refused) == (None, TOO_EARLY)
    opening = Told(utc(3, 13, 29), ())
    assert seen_forming(0, DAY, STOCK, opening, utc(3, 13, 31)).refused == TOO_EARLY


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (None, NOT_ASKED),
        (Told(NOON, refused="the broker did not answer"), "the broker did not answer"),
        (Told(NOON + timedelta(seconds=1), (bar(NOW_FORMING),)), "after the decision's instant"),
        (Told(NOON, (bar(NOW_FORMING, high=ONE),)), "open or close lies outside low and high"),
        (Told(NOON, (bar(NOW_FORMING, close=Decimal(-1)),)), "a price is not a number above zero"),
    ],
)
def test_what_nobody_knows_says_why(told: Told | None, why: str) -> None:
    found = seen_forming(0, HALF_HOUR, STOCK, told, NOON)
    assert found.bar is None
    assert why in found.refused


def test_before_the_first_trade_and_when_none_forms_there_is_none() -> None:
    none = seen_forming(0, HALF_HOUR, STOCK, Told(NOON, ()), NOON)
    closed = seen_forming(0, HALF_HOUR, STOCK, None, EVENING)
    assert (none.bar, none.refused, closed.bar, closed.refused) == (None, "", None, "")


def test_a_day_that_began_on_the_evening_before_is_the_one_that_forms() -> None:
    """A currency pair's Monday, dated by a midnight that is to come."""
    pair = replace(STOCK, sec_type="CASH", exchange="IDEALPRO", primary_exchange="")
    sunday = utc(2, 22)
    told = Told(sunday, (bar(daily_start(FRIDAY)), bar(daily_start(MONDAY))))
    found = seen_forming(0, DAY, pair, told, sunday).bar
    assert found is not None
    assert found.start == daily_start(MONDAY)
