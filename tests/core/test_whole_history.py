"""History with a hole decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from ib_trading.core.bars import BarColumns
from ib_trading.core.calendar import sessions
from ib_trading.core.history import daily_start
from ib_trading.core.instruments import Instrument
from ib_trading.core.whole_history import ReadSeries, cut, last_days, read_series, why_not_whole
from tests.core.builders import AAA, BBB, CCC

TOKYO = replace(AAA, con_id=9, local_symbol="7203", primary_exchange="TSEJ", time_zone="Asia/Tokyo")
PAIR = replace(
    AAA, con_id=8, local_symbol="EUR.USD", sec_type="CASH", exchange="IDEALPRO", primary_exchange=""
)
FRIDAY = date(2024, 6, 7)
SUNDAY = datetime(2024, 6, 9, 15, tzinfo=UTC)
"""Everything of Friday's has come."""
DAYS = tuple(one.day for one in sessions("XNYS", date(2024, 5, 20), FRIDAY))


def read(
    instrument: Instrument = AAA,
    days: Sequence[date] = DAYS,
    wanted: int = 5,
    size: str = "1 day",
    empty: Collection[date] = (),
) -> ReadSeries:
    return ReadSeries(instrument, size, days, wanted, empty)


def test_history_with_every_session_is_whole_over_holidays_and_weekends() -> None:
    """Memorial Day, the 27th of May, is no hole."""
    assert why_not_whole([read(), read(BBB)], SUNDAY) is None


def test_a_session_that_is_missing_in_the_middle_is_named_with_its_date() -> None:
    reason = why_not_whole([read(days=[day for day in DAYS if day.day not in (29, 30)])], SUNDAY)
    assert reason is not None
    assert "AAA has no bar of 1 day for 2024-05-29, 2024-05-30, between 2024-05-20 and 2024-06-07" in reason


def test_a_message_names_some_dates_and_counts_the_others() -> None:
    reason = why_not_whole([read(days=[DAYS[0], DAYS[-1]])], SUNDAY)
    assert reason is not None
    assert "2024-05-21, 2024-05-22, 2024-05-23 and 9 more" in reason


def test_a_session_of_which_the_broker_said_twice_that_it_has_no_bar_is_no_hole() -> None:
    halted = date(2024, 5, 29)
    assert why_not_whole([read(days=[day for day in DAYS if day != halted], empty={halted})], SUNDAY) is None


@pytest.mark.parametrize(("there", "whole"), [(5, True), (4, False)])
def test_too_few_bars_are_counted_and_dated(there: int, whole: bool) -> None:
    """A strategy whose hundred days were five sold everything."""
    reason = why_not_whole([read(days=DAYS[-there:])], SUNDAY)
    expected = "AAA has 4 of 5 bars of 1 day, from 2024-06-04 to 2024-06-07; call collect-market-data first"
    assert reason == (None if whole else expected)


def test_a_series_without_bars_is_named() -> None:
    assert (
        why_not_whole([read(days=())], SUNDAY)
        == "AAA has no stored bars of 1 day; call collect-market-data first"
    )


def test_series_of_one_market_end_on_the_same_day() -> None:
    """A pair that is compared a day apart shows a difference that nobody had."""
    reason = why_not_whole([read(), read(BBB, DAYS[:-1])], SUNDAY)
    assert reason is not None
    assert "BBB ends on 2024-06-06 where others end on 2024-06-07 (1 day)" in reason


def test_markets_with_other_days_end_when_they_end() -> None:
    tokyo = [one.day for one in sessions("XTKS", date(2024, 5, 20), date(2024, 6, 6))]
    assert why_not_whole([read(), read(TOKYO, tokyo)], SUNDAY) is None


def test_a_bar_that_may_still_come_is_no_difference_and_all_are_read_to_the_day_before() -> None:
    """On Friday evening one of three has Friday's bar."""
    evening = datetime(2024, 6, 7, 22, tzinfo=UTC)
    series = [read(), read(BBB, DAYS[:-1]), read(CCC, DAYS[:-1])]
    assert last_days(series, evening) == {("XNYS", "1 day"): date(2024, 6, 6)}
    assert why_not_whole(series, evening) is None
    assert last_days(series, SUNDAY) == {("XNYS", "1 day"): FRIDAY}
    assert why_not_whole([read(), read(BBB, DAYS[:-2])], evening) is not None


def test_the_day_that_is_cut_off_does_not_count_among_those_wanted() -> None:
    evening = datetime(2024, 6, 7, 22, tzinfo=UTC)
    assert why_not_whole([read(days=DAYS[-6:]), read(BBB, DAYS[-6:-1])], evening) is None
    assert why_not_whole([read(days=DAYS[-5:]), read(BBB, DAYS[-6:-1])], evening) is not None


def test_bars_of_today_that_all_series_lack_are_missed_once_there_have_been_two() -> None:
    """Half hours from 9:30: at 10:20 one is complete, and may be late by a moment; at 10:30 two are."""
    thursday = [day for day in DAYS if day < FRIDAY for _ in range(13)]
    late = datetime(2024, 6, 7, 14, 20, tzinfo=UTC)
    series = [read(days=thursday, size="30 mins"), read(BBB, thursday, size="30 mins")]
    assert why_not_whole(series, late) is None
    reason = why_not_whole(series, late + timedelta(minutes=10))
    assert reason is not None
    assert "AAA ends on 2024-06-06, and 2024-06-07 has had bars of 30 mins" in reason
    assert (
        why_not_whole([read(days=[*thursday, FRIDAY], size="30 mins")], late + timedelta(minutes=10)) is None
    )


def test_a_week_that_is_missing_is_named_by_its_monday() -> None:
    weeks = [date(2024, 5, 6) + timedelta(days=7 * n) for n in range(5)]
    assert why_not_whole([read(days=weeks, size="1 week")], SUNDAY) is None
    reason = why_not_whole([read(days=[*weeks[:2], *weeks[3:]], wanted=3, size="1 week")], SUNDAY)
    assert reason is not None
    assert "2024-05-20" in reason


def test_a_pair_trades_when_exchanges_do_not() -> None:
    """Memorial Day is a day like any other for currencies."""
    days = [one.day for one in sessions("FOREX", date(2024, 5, 20), FRIDAY)]
    assert date(2024, 5, 27) in days
    assert why_not_whole([read(PAIR, days)], SUNDAY) is None
    reason = why_not_whole([read(PAIR, [day for day in days if day != date(2024, 5, 27)])], SUNDAY)
    assert reason is not None
    assert "EUR.USD has no bar of 1 day for 2024-05-27" in reason


def test_where_holidays_are_not_known_nothing_is_a_hole() -> None:
    nowhere = replace(AAA, primary_exchange="NOWHERE")
    assert why_not_whole([read(nowhere, [DAYS[0], *DAYS[-4:]])], SUNDAY) is None


def columns(*starts: datetime) -> BarColumns:
    """A bar each, numbered by its close."""
    figures = [map(str, range(len(starts))) for _ in range(5)]
    return BarColumns.of((int(start.timestamp()) for start in starts), *figures)


def test_bars_are_cut_at_the_day_that_all_have_and_at_the_number_that_is_wanted() -> None:
    evening = datetime(2024, 6, 7, 22, tzinfo=UTC)
    stored = columns(*(daily_start(day) for day in DAYS))
    one = read_series(AAA, "1 day", stored, 3)
    assert one.days == list(DAYS)
    ends = last_days([one, read(BBB, DAYS[:-1])], evening)
    assert list(cut(one, stored, ends).close) == [10, 11, 12]
    assert list(cut(one, stored, {}).close) == [11, 12, 13]
    assert list(cut(replace(one, wanted=99), stored, ends).close) == list(range(13))


def test_a_bar_of_an_evening_belongs_to_the_day_whose_session_has_begun() -> None:
    """Currencies: Sunday evening in New York is Monday's."""
    starts = [datetime(2024, 6, 2, 21, 15, tzinfo=UTC), datetime(2024, 6, 3, 20, 30, tzinfo=UTC)]
    starts.append(datetime(2024, 6, 3, 21, 30, tzinfo=UTC))
    found = read_series(PAIR, "30 mins", columns(*starts), 2)
    assert found.days == [date(2024, 6, 3), date(2024, 6, 3), date(2024, 6, 4)]
    assert read_series(PAIR, "30 mins", BarColumns(), 2).days == []


def test_the_bars_of_tokyos_morning_are_of_its_own_day() -> None:
    morning = datetime(2024, 6, 3, 0, 0, tzinfo=UTC)
    assert read_series(TOKYO, "1 hour", columns(morning), 1).days == [date(2024, 6, 3)]
