"""Which questions fill the gaps of a series, and what an answer adds to what is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from ib_trading.core.collection import BarQuestion, portion, questions, readjusted, whole_series
from ib_trading.core.coverage import DaySpan
from ib_trading.core.history import Bar, NewestBar, Portion, Series, StoredSeries
from tests.core.builders import STOCK

AT = datetime(2024, 6, 20, tzinfo=UTC)
RAW = Series(1, "AAA", "TRADES", "1 day")
ADJUSTED = Series(1, "AAA", "ADJUSTED_LAST", "1 day")
MINUTES = Series(1, "AAA", "TRADES", "1 min")
LIMIT = Decimal(80)


def span(first: int, last: int) -> DaySpan:
    return DaySpan(date(2024, 6, first), date(2024, 6, last))


def bar(day: int, close: str = "100", hour: int = 0) -> Bar:
    figure = Decimal(close)
    return Bar(datetime(2024, 6, day, hour, tzinfo=UTC), figure, figure, figure, figure)


def stored(day: int, close: str, *asked: DaySpan) -> StoredSeries:
    return StoredSeries(NewestBar(bar(day).start, Decimal(close)), asked)


EMPTY = StoredSeries()


def ask(series: Series, wanted: DaySpan, known: StoredSeries = EMPTY) -> tuple[BarQuestion, ...]:
    return questions(STOCK, series, wanted, known)


def test_each_gap_of_a_raw_series_is_a_question() -> None:
    asked = ask(RAW, span(3, 14), stored(6, "100", span(5, 6)))
    assert [question.days for question in asked] == [span(3, 4), span(7, 14)]


def test_minutes_are_asked_for_a_day_at_a_time_and_never_on_weekends() -> None:
    assert [question.days for question in ask(MINUTES, span(6, 10))] == [span(6, 6), span(7, 7), span(10, 10)]


def test_an_adjusted_series_is_asked_for_once_from_its_newest_stored_day() -> None:
    """The broker serves it up to now whatever is asked; the stored day shows whether it is still the same series."""
    [question] = ask(ADJUSTED, span(3, 14), stored(6, "100", span(5, 6)))
    assert (question.days, question.fills) == (span(3, 14), (span(3, 4), span(7, 14)))
    [question] = ask(ADJUSTED, span(5, 14), stored(6, "100", span(5, 6)))
    assert (question.days, question.fills) == (span(6, 14), (span(7, 14),))


def test_nothing_is_asked_where_everything_was() -> None:
    assert ask(ADJUSTED, span(3, 7), stored(7, "100", span(3, 7))) == ()
    assert ask(RAW, span(3, 9), stored(7, "100", span(3, 7))) == ()


def test_the_stored_day_is_not_stored_again() -> None:
    known = stored(6, "100", span(3, 6))
    [question] = ask(ADJUSTED, span(3, 7), known)
    taken, bad = portion(question, [bar(6), bar(7, "101")], known.newest, AT, LIMIT)
    assert (taken, bad) == (Portion(ADJUSTED, [bar(7, "101")], (span(7, 7),)), [])


def test_a_split_or_dividend_shows_in_the_newest_stored_close() -> None:
    known = stored(6, "100", span(3, 6))
    [question] = ask(ADJUSTED, span(3, 7), known)
    assert readjusted(question, [bar(6, "99.5"), bar(7, "99.5")], known)
    assert not readjusted(question, [bar(6, "100.0000"), bar(7, "99.5")], known)
    assert not readjusted(question, [bar(7, "99.5")], known)


def test_a_raw_series_is_never_replaced() -> None:
    known = stored(6, "100", span(3, 6))
    [question] = ask(RAW, span(3, 7), known)
    assert not readjusted(question, [bar(6, "50"), bar(7, "50")], known)


def test_a_series_adjusted_anew_is_asked_for_from_its_first_day_and_replaces_all() -> None:
    known = stored(6, "100", span(3, 6))
    [question] = ask(ADJUSTED, span(5, 7), known)
    whole = whole_series(question, known)
    assert (whole.days, whole.fills) == (span(3, 7), (span(3, 7),))
    bars = [bar(day, "5") for day in (3, 4, 5, 6, 7)]
    taken, bad = portion(whole, bars, known.newest, AT, LIMIT, replaces=True)
    assert (taken, bad) == (Portion(ADJUSTED, bars, (span(3, 7),), replaces=True), [])


def test_a_minute_belongs_to_the_exchanges_day_and_not_to_greenwichs() -> None:
    """22:00 UTC on the 6th is the 7th in Tokyo; what the answer holds beyond its gap is not stored."""
    tokyo = replace(STOCK, time_zone="Asia/Tokyo")
    question = BarQuestion(tokyo, MINUTES, span(7, 7), (span(7, 7),))
    taken, _ = portion(question, [bar(6, hour=5), bar(6, hour=22), bar(7, hour=5)], None, AT, LIMIT)
    assert [one.start.hour for one in taken.bars] == [22, 5]


def test_a_jump_on_the_last_day_is_judged_again_when_the_next_bar_is_there() -> None:
    known = stored(5, "100", span(3, 5))
    [question] = ask(RAW, span(3, 7), known)
    taken, bad = portion(question, [bar(6), bar(7, "10")], known.newest, AT, LIMIT)
    assert (taken.bars, taken.asked, len(bad)) == ([bar(6)], (span(6, 6),), 1)
    [again] = ask(RAW, span(3, 10), StoredSeries(NewestBar(bar(6).start, Decimal(100)), (span(3, 6),)))
    taken, bad = portion(
        again, [bar(7, "10"), bar(10, "10.5")], NewestBar(bar(6).start, Decimal(100)), AT, LIMIT
    )
    assert (len(taken.bars), bad) == (2, [])


def test_what_was_answered_is_known_up_to_its_newest_bar() -> None:
    """On the evening of the 6th nothing is late yet: the days up to the newest bar count, and none after it."""
    question = BarQuestion(STOCK, RAW, span(3, 7), (span(3, 7),))
    evening = datetime(2024, 6, 6, 22, tzinfo=UTC)
    taken, _ = portion(question, [bar(3), bar(4), bar(5), bar(6)], None, evening, LIMIT)
    assert taken.asked == (span(3, 6),)


def test_an_answer_that_fills_two_gaps_is_stored_for_both() -> None:
    [question] = ask(ADJUSTED, span(3, 14), stored(6, "100", span(5, 6)))
    taken, _ = portion(question, [bar(day) for day in (3, 4, 5, 6, 7, 10)], None, AT, LIMIT)
    assert [one.start.day for one in taken.bars] == [3, 4, 7, 10]


def test_an_adjusted_series_that_never_had_a_bar_is_asked_for_from_its_first_gap() -> None:
    [question] = ask(ADJUSTED, span(3, 14), StoredSeries(None, (span(5, 6),)))
    assert (question.days, question.fills) == (span(3, 14), (span(3, 4), span(7, 14)))


def test_what_is_stored_already_measures_what_comes_after_it_and_not_what_comes_before() -> None:
    """Backfilled, an old price stands beside a new one that is years away."""
    known = NewestBar(bar(6).start, Decimal(100))
    after = BarQuestion(STOCK, RAW, span(7, 10), (span(7, 10),))
    taken, bad = portion(after, [bar(7, "10"), bar(10)], known, AT, LIMIT)
    assert ([one.start.day for one in taken.bars], len(bad)) == ([10], 1)
    before = BarQuestion(STOCK, RAW, span(3, 5), (span(3, 5),))
    taken, bad = portion(before, [bar(3, "10"), bar(4, "10"), bar(5, "10")], known, AT, LIMIT)
    assert ([one.start.day for one in taken.bars], len(bad)) == ([3, 4, 5], 0)


@pytest.mark.parametrize(("bar_size", "days"), [("1 hour", 30), ("5 mins", 7), ("1 min", 1)])
def test_a_question_asks_for_no_more_than_the_broker_serves_at_once(bar_size: str, days: int) -> None:
    """Its table of durations and bar sizes; more is answered with an error, and the gap never closes."""
    monday = date(2024, 1, 1)
    wanted = DaySpan(monday, monday + timedelta(days=89))
    asked = [one.days for one in ask(Series(1, "AAA", "TRADES", bar_size), wanted)]
    assert max((one.last - one.first).days + 1 for one in asked) <= days
    starts = [(one.first - monday).days for one in asked]
    assert starts == [day for day in range(0, 90, days) if days > 1 or day % 7 < 5]


def test_of_daily_bars_a_whole_gap_is_one_question() -> None:
    years = DaySpan(date(2014, 1, 1), date(2024, 1, 1))
    assert [one.days for one in ask(RAW, years)] == [years]
