"""Which questions fill the gaps of a series, and what an answer adds to what is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.calendar import last_complete_session, sessions
from ib_trading.core.collection import (
    BarQuestion,
    Need,
    days_of,
    kind_of_price,
    portion,
    questions,
    readjusted,
    whole_days_of,
    whole_series,
)
from ib_trading.core.coverage import DaySpan
from ib_trading.core.history import Bar, NewestBar, Portion, Series, StoredSeries
from ib_trading.core.instruments import ContractSpec
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
    """Each day that was asked for has a bar."""
    days = {date(2024, 6, n) for one in asked for n in range(one.first.day, one.last.day + 1)}
    return StoredSeries(NewestBar(bar(day).start, Decimal(close)), asked, days=frozenset(days))


EMPTY = StoredSeries()


def ask(
    series: Series, wanted: DaySpan, known: StoredSeries = EMPTY, *, at: datetime = AT, anew: bool = False
) -> tuple[BarQuestion, ...]:
    return questions(STOCK, series, wanted, known, at, anew=anew)


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
    tokyo = replace(STOCK, time_zone="Asia/Tokyo", primary_exchange="TSEJ")
    question = BarQuestion(tokyo, MINUTES, span(7, 7), (span(7, 7),))
    taken, _ = portion(question, [bar(6, hour=5), bar(6, hour=22), bar(7, hour=5)], None, AT, LIMIT)
    assert [one.start.hour for one in taken.bars] == [22, 5]


def test_a_jump_on_the_last_day_is_judged_again_when_the_next_bar_is_there() -> None:
    known = stored(5, "100", span(3, 5))
    [question] = ask(RAW, span(3, 7), known)
    taken, bad = portion(question, [bar(6), bar(7, "10")], known.newest, AT, LIMIT)
    assert (taken.bars, taken.asked, len(bad)) == ([bar(6)], (span(6, 6),), 1)
    [again] = ask(RAW, span(3, 10), stored(6, "100", span(3, 6)))
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
    [question] = ask(ADJUSTED, span(3, 14), StoredSeries(None, (span(5, 6),), empty={span(5, 6): AT}))
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


def asked_on(at: datetime, *asked: DaySpan, days: frozenset[date] = frozenset()) -> StoredSeries:
    """Asked for then, and answered with bars of `days` only."""
    return StoredSeries(None, asked, dict.fromkeys(asked, at), days)


def test_a_gap_that_was_said_to_be_empty_once_is_asked_for_again() -> None:
    """It was believed at once, and never asked for again: a strategy counted on a history that had a hole."""
    days = frozenset(date(2024, 6, day) for day in (3, 4, 10, 11))
    [again] = ask(RAW, span(3, 11), asked_on(AT, span(3, 11), days=days))
    assert again.days == span(5, 7)
    known = replace(asked_on(AT, span(3, 11), days=days), empty={span(5, 7): AT})
    assert ask(RAW, span(3, 11), known) == ()


def test_an_answer_without_bars_is_kept_and_believed_the_second_time_on_another_day() -> None:
    question = BarQuestion(STOCK, RAW, span(3, 7), (span(3, 7),))
    first, _ = portion(question, [], None, AT, LIMIT)
    assert (first.asked, first.empty) == ((span(3, 7),), ())
    same_day, _ = portion(question, [], None, AT, LIMIT, stored=asked_on(AT, span(3, 7)))
    assert same_day.empty == ()
    next_day = AT + timedelta(days=1)
    again, _ = portion(question, [], None, next_day, LIMIT, stored=asked_on(AT, span(3, 7)))
    assert again.empty == (span(3, 7),)


def believing(said: datetime) -> StoredSeries:
    """Bars of June's first two weeks, but for the 5th to 7th, of which the broker had none when it was last asked."""
    days = frozenset(date(2024, 6, day) for day in (3, 4, 10, 11, 12, 13, 14))
    known = asked_on(AT, span(3, 14), days=days)
    return replace(known, newest=NewestBar(bar(14).start, Decimal(100)), empty={span(5, 7): said})


MONTH = timedelta(days=30)


@pytest.mark.parametrize("series", [RAW, ADJUSTED, replace(RAW, bar_size="30 mins")])
def test_after_a_month_a_day_that_was_believed_to_be_empty_is_asked_for_once_more(series: Series) -> None:
    """Of each kind of series; when it was first asked for makes no difference."""
    known = believing(AT + MONTH)
    assert ask(series, span(3, 14), known, at=AT + 2 * MONTH - timedelta(hours=1)) == ()
    [again] = ask(series, span(3, 14), known, at=AT + 2 * MONTH)
    assert again.fills == (span(5, 7),)


def test_said_again_it_is_believed_for_another_month() -> None:
    at = AT + 2 * MONTH
    [question] = ask(RAW, span(3, 14), believing(AT + MONTH), at=at)
    taken, _ = portion(question, [bar(6)], None, at, LIMIT, stored=believing(AT + MONTH))
    assert [one.start.day for one in taken.bars] == [6], "what comes after all is stored"
    assert taken.empty == (span(5, 5), span(7, 7))
    known = believing(AT + MONTH)
    known = replace(
        known, days=known.days | {date(2024, 6, 6)}, empty={**known.empty, **dict.fromkeys(taken.empty, at)}
    )
    assert ask(RAW, span(3, 14), known, at=at + MONTH - timedelta(hours=1)) == ()
    assert [one.days for one in ask(RAW, span(3, 14), known, at=at + MONTH)] == [span(5, 5), span(7, 7)]


def test_what_is_missing_is_asked_for_before_what_may_be_empty() -> None:
    """A run has some seconds for it, and what it lacks would fail it: the years before a listing would not."""
    known, later = believing(AT), AT + MONTH
    asked = ask(RAW, span(3, 20), known, at=later)
    assert [question.days for question in asked] == [span(17, 20), span(5, 7)]
    once = replace(known, empty={span(5, 6): AT})
    assert [question.days for question in ask(RAW, span(3, 14), once, at=later)] == [span(7, 7), span(5, 6)]


def test_weeks_that_may_be_empty_are_asked_for_as_whole_weeks() -> None:
    weekly = replace(RAW, bar_size="1 week")
    known = asked_on(AT, span(3, 16), days=frozenset({date(2024, 6, 10)}))
    known = replace(known, empty={span(3, 9): AT})
    assert ask(weekly, span(3, 14), known) == ()
    [again] = ask(weekly, span(3, 14), known, at=AT + MONTH)
    assert again.days == span(3, 9)


def test_who_asks_anew_believes_nothing_of_the_days_that_are_wanted() -> None:
    known = believing(AT)
    assert ask(RAW, span(3, 14), known) == ()
    [again] = ask(RAW, span(6, 14), known, anew=True)
    assert again.days == span(6, 7)
    assert ask(RAW, span(10, 14), known, anew=True) == ()


@given(steps=st.lists(st.integers(1, 20), min_size=3, max_size=25), there_from=st.integers(0, 200))
def test_a_hole_is_asked_for_once_a_month_and_filled_by_the_first_answer_that_has_it(
    steps: list[int], there_from: int
) -> None:
    """Asked about every few days; from some day on the broker has the bar of the 5th."""
    known = asked_on(AT, span(3, 7), days=frozenset(date(2024, 6, day) for day in (3, 4, 6, 7)))
    last, passed = timedelta(0), timedelta(0)
    for step in steps:
        passed += timedelta(days=step)
        asked = ask(RAW, span(3, 7), known, at=AT + passed)
        assert len(asked) == (not known.empty or passed - last >= MONTH)
        if not asked:
            continue
        answer = [bar(5)] if passed.days >= there_from else []
        taken, _ = portion(asked[0], answer, None, AT + passed, LIMIT, stored=known)
        if answer:
            known = replace(known, days=known.days | {date(2024, 6, 5)})
            assert (len(taken.bars), taken.empty) == (1, ())
            assert ask(RAW, span(3, 7), known, at=AT + passed + 2 * MONTH, anew=True) == ()
            return
        last, known = passed, replace(known, empty=dict.fromkeys(taken.empty, AT + passed))


def test_the_sessions_that_an_answer_leaves_out_are_believed_the_second_time_too() -> None:
    """The server had bars, and not all: a hole in the middle is no better than none at all."""
    question = BarQuestion(STOCK, RAW, span(3, 7), (span(3, 7),))
    known = asked_on(AT, span(3, 7))
    taken, _ = portion(question, [bar(3), bar(6)], None, AT + timedelta(days=1), LIMIT, stored=known)
    assert taken.empty == (span(4, 5), span(7, 7))


def test_a_day_that_has_a_bar_already_is_not_said_to_be_empty() -> None:
    question = BarQuestion(STOCK, RAW, span(3, 7), (span(3, 7),))
    known = asked_on(AT, span(3, 7), days=frozenset({date(2024, 6, 4)}))
    taken, _ = portion(question, [], None, AT + timedelta(days=1), LIMIT, stored=known)
    assert taken.empty == (span(3, 3), span(5, 7))


def test_a_holiday_is_no_doubt() -> None:
    """The 19th of June 2024, a Wednesday: New York was closed."""
    question = BarQuestion(STOCK, RAW, span(19, 19), (span(19, 19),))
    at = datetime(2024, 6, 21, tzinfo=UTC)
    taken, _ = portion(question, [], None, at, LIMIT)
    assert ask(RAW, span(19, 19), asked_on(at, *taken.asked)) == ()


def test_a_bar_that_is_rejected_is_not_asked_for_again() -> None:
    """There is no other; and one in doubt is judged again with the next one."""
    question = BarQuestion(STOCK, RAW, span(3, 7), (span(3, 7),))
    bars = [bar(3), bar(4, "-1"), bar(5), bar(6), bar(7, "1000")]
    taken, _ = portion(question, bars, None, AT, LIMIT)
    assert (taken.asked, taken.empty) == ((span(3, 6),), (span(4, 4),))


SIZES = {
    "1 min": 1,
    "2 mins": 2,
    "3 mins": 7,
    "5 mins": 7,
    "10 mins": 7,
    "15 mins": 7,
    "20 mins": 7,
    "30 mins": 30,
    "1 hour": 30,
    "2 hours": 30,
    "3 hours": 30,
    "4 hours": 30,
    "8 hours": 30,
}


@pytest.mark.parametrize(("size", "days"), SIZES.items())
def test_no_question_is_longer_than_the_broker_serves_bars_of_its_size(size: str, days: int) -> None:
    asked = ask(replace(RAW, bar_size=size), DaySpan(date(2024, 1, 1), date(2024, 3, 29)))
    lengths = [(question.days.last - question.days.first).days + 1 for question in asked]
    assert max(lengths) <= days
    assert sum(lengths) >= 64, "every weekday of the quarter"


def test_weeks_are_asked_for_whole_and_stored_by_their_monday() -> None:
    weekly = replace(RAW, bar_size="1 week")
    [question] = ask(weekly, span(5, 12))
    assert question.days == span(3, 14)
    at = datetime(2024, 6, 19, tzinfo=UTC)
    taken, _ = portion(question, [bar(3), bar(10), bar(17)], None, at, LIMIT)
    assert ([one.start.day for one in taken.bars], taken.asked) == ([3, 10], (span(3, 14),))
    known = asked_on(at, span(3, 14), days=frozenset({date(2024, 6, 3)}))
    [again] = ask(weekly, span(3, 14), known)
    assert again.days == span(10, 16)


def test_of_a_day_that_trades_the_bars_that_are_complete_are_stored_and_the_day_counts_as_not_asked() -> None:
    """At 11:10 in New York the half hour from 11:00 still forms."""
    half_hours = replace(RAW, bar_size="30 mins")
    question = BarQuestion(STOCK, half_hours, span(19, 20), (span(19, 20),))
    at = datetime(2024, 6, 20, 15, 10, tzinfo=UTC)
    bars = [
        replace(bar(20), start=datetime(2024, 6, 20, 13, 30, tzinfo=UTC) + timedelta(minutes=30 * n))
        for n in range(4)
    ]
    taken, _ = portion(question, bars, None, at, LIMIT)
    assert taken.bars == bars[:3]
    assert taken.asked == (span(19, 19),)


@pytest.mark.parametrize(("newest", "days"), [((15, 0), ()), ((14, 30), (20,))])
def test_of_a_day_that_trades_nothing_is_asked_while_no_further_bar_is_complete(
    newest: tuple[int, int], days: tuple[int, ...]
) -> None:
    """At 11:40 in New York that of eleven o'clock is the newest half hour; asked again at once, it would have to
    wait."""
    half_hours = replace(RAW, bar_size="30 mins")
    at = datetime(2024, 6, 20, 15, 40, tzinfo=UTC)
    start = datetime(2024, 6, 20, *newest, tzinfo=UTC)
    known = replace(stored(18, "100", span(17, 18)), newest=NewestBar(start, Decimal(100)))
    asked = questions(STOCK, half_hours, span(17, 20), known, at, forming=True)
    assert any(date(2024, 6, 20) in question.days for question in asked) == bool(days)


@pytest.mark.parametrize(
    ("sec_type", "size", "adjusted", "shown"),
    [
        ("STK", "1 day", True, "ADJUSTED_LAST"),
        ("STK", "1 day", False, "TRADES"),
        ("STK", "30 mins", True, "TRADES"),
        ("STK", "1 week", True, "TRADES"),
        ("CASH", "1 day", True, "MIDPOINT"),
        ("CASH", "1 min", False, "MIDPOINT"),
        ("IND", "1 day", True, "TRADES"),
        ("FUT", "1 day", True, "TRADES"),
    ],
)
def test_each_kind_of_instrument_is_shown_as_what_the_broker_keeps_of_it(
    sec_type: str, size: str, adjusted: bool, shown: str
) -> None:
    assert kind_of_price(sec_type, size, adjusted=adjusted) == shown


@pytest.mark.parametrize(
    ("size", "count", "first", "last"),
    [
        ("30 mins", 13, date(2024, 6, 17), date(2024, 6, 20)),
        ("30 mins", 3, date(2024, 6, 18), date(2024, 6, 20)),
        ("1 hour", 30, date(2024, 6, 12), date(2024, 6, 20)),
        ("1 day", 20, date(2024, 5, 7), date(2024, 6, 18)),
        ("1 week", 4, date(2024, 5, 7), date(2024, 6, 18)),
    ],
)
def test_a_need_is_met_by_sessions_that_hold_its_bars_and_some_more(
    size: str, count: int, first: date, last: date
) -> None:
    """At 11:10 on Thursday, after a holiday: of shorter bars those of today too, of days those that are over."""
    at = datetime(2024, 6, 20, 15, 10, tzinfo=UTC)
    assert days_of(Need(ContractSpec("AAA"), size, "TRADES", count), STOCK, at) == DaySpan(first, last)


@pytest.mark.parametrize("until", [date(1900, 1, 1), date(2024, 6, 17), date(2024, 6, 23), date(2030, 1, 1)])
@pytest.mark.parametrize(
    ("size", "count", "a_day"),
    [("1 day", 60, 1), ("30 mins", 100, 13), ("4 hours", 10, 2), ("1 week", 4, 0.2)],
)
def test_whole_days_hold_as_many_bars_as_are_wanted_and_none_that_still_trade(
    size: str, count: int, a_day: float, until: date
) -> None:
    """At noon on a Thursday, up to any day: the first of the calendar, one of the past, a Sunday, one to come."""
    at = datetime(2024, 6, 20, 16, tzinfo=UTC)
    need = Need(ContractSpec("AAA"), size, "TRADES", count)
    found = whole_days_of(need, STOCK, at, until)
    last = last_complete_session("XNYS", at).day if until > date(2024, 6, 18) else sessions_up_to(until)
    assert found.last == last
    assert a_day * len(sessions("XNYS", found.first, found.last)) >= count


def sessions_up_to(day: date) -> date:
    return sessions("XNYS", day - timedelta(days=10), day)[-1].day
