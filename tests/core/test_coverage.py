"""Which days of history are asked for, and which never again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.coverage import (
    BELIEF_HOLDS,
    DaySpan,
    all_came,
    believed,
    gaps,
    joined,
    not_believed,
    pieces,
    said_twice,
    unexpired,
)

NEW_YORK = "America/New_York"


def span(first: int, last: int) -> DaySpan:
    """Days of June 2024; the 1st and 2nd, 8th and 9th are weekends."""
    return DaySpan(date(2024, 6, first), date(2024, 6, last))


@pytest.mark.parametrize(
    ("asked", "missing"),
    [
        ([], [(3, 14)]),
        ([(3, 14)], []),
        ([(3, 5)], [(6, 14)]),
        ([(10, 14)], [(3, 7)]),
        ([(5, 6)], [(3, 4), (7, 14)]),
        ([(3, 7), (10, 14)], []),
        ([(10, 14), (3, 5), (4, 6)], [(7, 7)]),
        ([(1, 30)], []),
        ([(17, 20)], [(3, 14)]),
    ],
)
def test_what_was_asked_is_not_asked_again_and_every_gap_is(
    asked: list[tuple[int, int]], missing: list[tuple[int, int]]
) -> None:
    """Not only the end: a longer history that is wanted later is backfilled."""
    assert gaps(span(3, 14), [span(*one) for one in asked]) == tuple(span(*one) for one in missing)


@pytest.mark.parametrize(
    ("wanted", "missing"), [((3, 9), (3, 7)), ((1, 7), (3, 7)), ((3, 10), (3, 10)), ((8, 9), None)]
)
def test_a_weekend_at_an_end_is_not_asked_for(
    wanted: tuple[int, int], missing: tuple[int, int] | None
) -> None:
    """The 8th of June 2024 is a Saturday: asked for on its own it would be a gap on every weekend call."""
    assert gaps(span(*wanted), []) == ((span(*missing),) if missing else ())


def test_a_gap_is_cut_into_what_the_broker_serves_at_once() -> None:
    assert pieces(span(3, 14), 7) == (span(3, 7), span(10, 14))
    assert pieces(span(3, 10), 1) == tuple(span(day, day) for day in (3, 4, 5, 6, 7, 10))


def test_a_day_without_a_bar_counts_as_a_holiday_only_once_a_late_bar_would_have_come() -> None:
    """The 7th's bar is missing right after its close: the history server may not have it yet. Next morning it is a
    day without trading.
    """
    evening, next_morning = datetime(2024, 6, 7, 22, tzinfo=UTC), datetime(2024, 6, 8, 14, tzinfo=UTC)
    assert believed(span(3, 7), date(2024, 6, 6), None, evening, NEW_YORK) == span(3, 6)
    assert believed(span(3, 7), date(2024, 6, 6), None, next_morning, NEW_YORK) == span(3, 7)
    assert believed(span(7, 7), None, None, evening, NEW_YORK) is None
    assert believed(span(3, 7), date(2024, 6, 7), None, evening, NEW_YORK) == span(3, 7)


def test_a_day_whose_bar_is_in_doubt_is_asked_again() -> None:
    later = datetime(2024, 6, 20, tzinfo=UTC)
    assert believed(span(3, 7), date(2024, 6, 7), date(2024, 6, 7), later, NEW_YORK) == span(3, 6)
    assert believed(span(3, 7), date(2024, 6, 7), date(2024, 6, 3), later, NEW_YORK) is None


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="after"):
        span(7, 3)


days = st.dates(date(2024, 1, 1), date(2024, 3, 1))
spans = st.tuples(days, days).map(lambda pair: DaySpan(min(pair), max(pair)))


@given(wanted=spans, asked=st.lists(spans, max_size=6))
def test_every_trading_day_is_either_asked_already_or_in_exactly_one_gap(
    wanted: DaySpan, asked: list[DaySpan]
) -> None:
    found = gaps(wanted, asked)
    day = wanted.first
    while day <= wanted.last:
        known = any(day in one for one in asked)
        times = sum(day in gap for gap in found)
        assert times == 0 if known else times == 1 or day.weekday() >= 5
        day += timedelta(days=1)
    assert all(gap.first >= wanted.first and gap.last <= wanted.last for gap in found)


@given(wanted=spans, asked=st.lists(spans, max_size=6), most=st.integers(1, 40))
def test_what_the_pieces_cover_leaves_no_gap(wanted: DaySpan, asked: list[DaySpan], most: int) -> None:
    """So that a second run asks for nothing."""
    cut = [piece for gap in gaps(wanted, asked) for piece in pieces(gap, most)]
    assert all((piece.last - piece.first).days < most for piece in cut)
    assert gaps(wanted, [*asked, *cut]) == ()


@pytest.mark.parametrize(("at", "last"), [((9, 59), 6), ((10, 0), 7)])
def test_a_bar_is_late_until_six_in_the_morning_on_the_exchanges_clock(
    at: tuple[int, int], last: int
) -> None:
    """New York is four hours behind Greenwich in June; the day of the 7th ends there at midnight."""
    morning = datetime(2024, 6, 8, *at, tzinfo=UTC)
    assert believed(span(3, 7), date(2024, 6, 6), None, morning, NEW_YORK) == span(3, last)


def any_day(day: date) -> bool:
    """As if every weekday had a session."""
    return True


def but_friday(day: date) -> bool:
    return day != date(2024, 6, 7)


def june(*days: int) -> set[date]:
    return {date(2024, 6, day) for day in days}


def test_a_session_without_a_bar_counts_as_not_asked_until_it_is_known_to_be_empty() -> None:
    asked, with_bars = [span(3, 14)], june(3, 4, 11, 12, 13, 14)
    assert not_believed(span(3, 14), asked, with_bars, [], any_day) == (span(5, 10),)
    assert not_believed(span(3, 14), asked, with_bars, [span(6, 7)], any_day) == (span(5, 5), span(10, 10))
    assert not_believed(span(3, 14), asked, with_bars, [span(5, 10)], any_day) == ()


def test_a_day_that_has_no_session_needs_no_bar_and_one_that_was_not_asked_for_is_no_doubt() -> None:
    assert not_believed(span(3, 14), [span(3, 9)], june(3, 4, 5, 6), [], but_friday) == ()
    assert not_believed(span(3, 14), [span(3, 9)], june(3, 4, 5), [], but_friday) == (span(6, 6),)
    assert not_believed(span(4, 14), [span(3, 5)], set(), [], any_day) == (span(4, 5),)


SAID_AT = datetime(2024, 6, 20, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("again", "known"),
    [
        (timedelta(0), ()),
        (timedelta(hours=9), ()),
        (timedelta(hours=15), (span(5, 7),)),
        (timedelta(days=30), (span(5, 7),)),
    ],
)
def test_no_data_is_believed_when_it_is_said_again_on_another_day_of_the_exchange(
    again: timedelta, known: tuple[DaySpan, ...]
) -> None:
    """Nine hours later it is the next day in Greenwich and the same one in New York."""
    asked_at = {span(3, 14): SAID_AT}
    found = said_twice(span(5, 10), june(10), asked_at, SAID_AT + again, NEW_YORK, any_day)
    assert found == known


def test_only_days_that_were_asked_for_before_are_said_twice() -> None:
    later = SAID_AT + timedelta(days=1)
    before = {span(6, 14): SAID_AT}
    assert said_twice(span(3, 7), set(), before, later, NEW_YORK, any_day) == (span(6, 7),)
    assert said_twice(span(3, 7), set(), {}, later, NEW_YORK, any_day) == ()


@pytest.mark.parametrize(
    ("later", "held"),
    [(timedelta(days=29, hours=23), True), (timedelta(days=30), False), (timedelta(days=-1), True)],
)
def test_no_data_is_believed_for_thirty_days_after_it_was_last_said(later: timedelta, held: bool) -> None:
    """For good it was: two days of trouble on end left a hole that only a deleted row filled."""
    assert unexpired({span(5, 7): SAID_AT}, SAID_AT + later) == ((span(5, 7),) if held else ())


@given(
    empty=st.dictionaries(spans, st.datetimes(datetime(2024, 3, 1), datetime(2024, 6, 1)), max_size=6),  # noqa: DTZ001
    at=st.datetimes(datetime(2024, 3, 1), datetime(2024, 8, 1)),  # noqa: DTZ001
)
def test_a_day_is_believed_to_be_empty_while_one_word_about_it_is_younger_than_that(
    empty: dict[DaySpan, datetime], at: datetime
) -> None:
    """Spans overlap: a word about a part of an older one renews that part and no other."""
    held, day = unexpired(empty, at), date(2024, 1, 1)
    while day <= date(2024, 3, 1):
        last = max((said for one, said in empty.items() if day in one), default=None)
        assert any(day in one for one in held) == (last is not None and at < last + BELIEF_HOLDS)
        day += timedelta(days=1)


def test_spans_are_joined_over_weekends_and_over_nothing_else() -> None:
    assert joined([span(10, 11), span(3, 7), span(4, 5)]) == (span(3, 11),)
    assert joined([span(3, 4), span(6, 7), span(12, 14)]) == (span(3, 4), span(6, 7), span(12, 14))


@given(given=st.lists(spans, max_size=6))
def test_joined_spans_hold_the_same_weekdays(given: list[DaySpan]) -> None:
    found, day = joined(given), date(2024, 1, 1)
    while day <= date(2024, 3, 1):
        if day.weekday() < 5:
            assert sum(day in one for one in found) == any(day in one for one in given)
        day += timedelta(days=1)


def test_a_bar_may_come_until_six_in_the_morning_after_its_day() -> None:
    assert not all_came(date(2024, 6, 7), datetime(2024, 6, 8, 9, 59, tzinfo=UTC), NEW_YORK)
    assert all_came(date(2024, 6, 7), datetime(2024, 6, 8, 10, tzinfo=UTC), NEW_YORK)
