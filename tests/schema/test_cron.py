"""When a schedule is due, judged by another implementation (cronsim, after Debian's cron) and by the calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ib_trading.schema.cron import CronError, as_documented, parse_cron

NEW_YORK = ZoneInfo("America/New_York")
UTC_ZONE = ZoneInfo("UTC")


def spans_of(value: st.SearchStrategy[int]) -> st.SearchStrategy[str]:
    """First and last differ: the other implementation takes 5-5/2 for 5/2."""
    pairs = st.tuples(value, value).filter(lambda pair: pair[0] != pair[1])
    return pairs.map(lambda pair: f"{min(pair)}-{max(pair)}")


def items(low: int, high: int) -> st.SearchStrategy[str]:
    value = st.integers(low, high)
    steps = st.one_of(st.just(""), st.integers(1, 20).map(lambda n: f"/{n}"))
    spans = spans_of(value)
    ranges = st.builds("{}{}".format, st.one_of(st.just("*"), spans), steps)
    return st.one_of(
        st.just("*"), st.lists(st.one_of(value.map(str), ranges), min_size=1, max_size=3).map(",".join)
    )


def day_items(low: int, high: int) -> st.SearchStrategy[str]:
    """Without a step behind a star, on which crons differ: see the test of that rule."""
    value = st.integers(low, high)
    spans = spans_of(value)
    return st.one_of(
        st.just("*"), st.lists(st.one_of(value.map(str), spans), min_size=1, max_size=3).map(",".join)
    )


EXPRESSIONS = st.builds(
    "{} {} {} {} {}".format, items(0, 59), items(0, 23), day_items(1, 31), items(1, 12), day_items(0, 6)
)


# One look at a schedule is slow in the other implementation; shrinking takes thousands.
@settings(phases=[Phase.generate], max_examples=200)
@given(EXPRESSIONS, st.datetimes(datetime(2019, 1, 1), datetime(2032, 1, 1)))  # noqa: DTZ001  made aware below
def test_it_is_due_when_another_cron_says_so(expression: str, start: datetime) -> None:
    after = start.replace(tzinfo=UTC, microsecond=0)
    until = after + timedelta(days=2)
    expected = list(takewhile(lambda at: at <= until, CronSim(expression, after)))
    assert list(parse_cron(expression).due(after, until, UTC_ZONE)) == expected


def due(expression: str, after: str, until: str, zone: ZoneInfo = NEW_YORK) -> list[str]:
    instants = parse_cron(expression).due(datetime.fromisoformat(after), datetime.fromisoformat(until), zone)
    return [at.isoformat().replace("+00:00", "Z") for at in instants]


def test_local_time_is_meant_in_summer_and_in_winter() -> None:
    assert due("30 15 * * mon-fri", "2024-03-08T00:00Z", "2024-03-12T00:00Z") == [
        "2024-03-08T20:30:00Z",
        "2024-03-11T19:30:00Z",
    ]


def test_a_time_that_the_clocks_skip_is_not_due_and_one_they_repeat_is_due_once() -> None:
    assert due("30 2 * * *", "2024-03-10T00:00Z", "2024-03-11T00:00Z") == []
    assert due("30 1 * * *", "2024-11-03T00:00Z", "2024-11-04T00:00Z") == ["2024-11-03T05:30:00Z"]


def test_the_first_instant_is_excluded_and_the_last_included() -> None:
    assert due("0 12 * * *", "2024-01-01T17:00Z", "2024-01-02T17:00Z") == ["2024-01-02T17:00:00Z"]


def test_with_both_days_restricted_one_is_enough() -> None:
    """Unix cron's rule, and Google's: but for a field that is a star."""
    assert len(due("0 0 13 * fri", "2024-09-01T00:00Z", "2024-10-01T00:00Z")) == 4 + 1 - 1
    assert due("0 0 * * fri", "2024-09-10T12:00Z", "2024-09-20T00:00Z") == ["2024-09-13T04:00:00Z"]
    assert due("0 0 13 * *", "2024-09-10T12:00Z", "2024-09-20T00:00Z") == ["2024-09-13T04:00:00Z"]


@pytest.mark.parametrize(
    ("expression", "instead"),
    [
        ("0 0 */2 * fri", "1-31/2"),
        ("0 0 5,*/2 * fri", "1-31/2"),
        ("0 0 13 * */2", "0-6/2"),
        ("0 0 */2 * */3", "1-31/2"),
    ],
)
def test_what_crons_read_in_two_ways_is_refused_with_what_all_read_alike(
    expression: str, instead: str
) -> None:
    """Debian's cron demands both days of it, others either; Google says what a star alone does, and no more."""
    with pytest.raises(CronError, match=f"write '{instead}' for either"):
        parse_cron(expression)
    assert parse_cron(f"0 0 {instead} * *" if instead.startswith("1") else f"0 0 * * {instead}").ever()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0 0 * * 7", "0 0 * * sun"),
        ("0 0 * * 5-7", "0 0 * * 0,5,6"),
        ("0 0 * JAN-mar Mon", "0 0 * 1-3 1"),
        ("5-59/20 * * * *", "5,25,45 * * * *"),
        ("0 0 * * 1-6/2", "0 0 * * 1,3,5"),
        ("0 0 5-5/2 * *", "0 0 5 * *"),
        ("0 0 * * */7", "0 0 * * sun"),
    ],
)
def test_two_spellings_of_one_schedule(one: str, other: str) -> None:
    first, second = parse_cron(one), parse_cron(other)
    assert (first.minutes, first.days, first.months, first.weekdays) == (
        second.minutes,
        second.days,
        second.months,
        second.weekdays,
    )


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("0 0 * *", "has 4 fields; write five"),
        ("60 0 * * *", "minute: '60' is not from 0 to 59"),
        ("0 24 * * *", "hour: '24'"),
        ("0 0 0 * *", "day of month: '0'"),
        ("0 0 * foo *", "is not from 1 to 12 or jan to dec"),
        ("0 0 * * fri-mon", "the range 'fri-mon' runs backwards"),
        ("*/0 * * * *", "no step above zero"),
        ("*/x * * * *", "no step above zero"),
        ("1,,2 * * * *", "minute: ''"),
        ("٣ * * * *", "minute"),
        ("-1 * * * *", "minute"),
        ("1- * * * *", "minute"),
        ("@daily", "has 1 fields"),
        ("every 5 minutes", "has 3 fields"),
        ("0 0 0 * * *", "has 6 fields"),
        ("0 0 L * *", "day of month: 'L' is not from 1 to 31"),
        ("0 0 LW * *", "day of month"),
        ("0 0 15W * *", "day of month"),
        ("0 0 ? * mon", "day of month: '?'"),
        ("0 0 * * fri#2", "day of week: 'fri#2'"),
        ("0 0 * * 5L", "day of week"),
        ("0 0 * * monday", "day of week"),
        ("H 0 * * *", "minute"),
        ("*/٣ * * * *", "no step above zero"),
        ("5/20 * * * *", "write '5-59/20'"),
        ("0 0 * * mon/2", "write '1-6/2'"),
    ],
)
def test_what_is_no_schedule_says_which_field_and_what_it_takes(expression: str, sentence: str) -> None:
    with pytest.raises(CronError) as refused:
        parse_cron(expression)
    assert sentence in str(refused.value)


def test_some_days_never_come() -> None:
    assert not parse_cron("0 0 30 2 *").ever()
    assert parse_cron("0 0 29 2 *").ever()
    assert parse_cron("0 0 30 2 mon").ever(), "a Monday in February is enough"


@given(EXPRESSIONS)
def test_the_documentation_s_spelling_is_the_same_schedule(expression: str) -> None:
    assert parse_cron(as_documented(f" {expression.lower()}\t")) == parse_cron(expression)
    assert as_documented("30  15 * jan-mar mon-fri ") == "30 15 * JAN-MAR MON-FRI"
