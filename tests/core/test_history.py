"""Which bars are asked for, and which may be stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ib_trading.core.history import (
    Bar,
    Rejected,
    complete_closes,
    daily_start,
    last_complete_day,
    sift,
    unconfirmed_jump,
)
from ib_trading.core.instruments import TradingHours
from tests.core.builders import STOCK, closes

NEW_YORK, TOKYO = ZoneInfo("America/New_York"), ZoneInfo("Asia/Tokyo")
MONDAY = date(2024, 6, 3)


def bar(day: int, flat: str = "100", **changes: Any) -> Bar:
    """A bar of June 2024 in which nothing moved."""
    figure = Decimal(flat)
    return replace(
        Bar(datetime(2024, 6, day, tzinfo=UTC), figure, figure, figure, figure, Decimal(5)), **changes
    )


def at(zone: ZoneInfo, day: date, hour: int, minute: int = 0) -> datetime:
    """That time on the exchange's clock, told in UTC as the broker's clock is."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)


def opening(zone: ZoneInfo, day: date, start: int, end: int) -> TradingHours:
    return TradingHours(at(zone, day, start), at(zone, day, end))


def test_a_daily_bar_starts_at_midnight_utc_of_its_trading_day() -> None:
    assert daily_start(MONDAY) == datetime(2024, 6, 3, tzinfo=UTC)


@pytest.mark.parametrize("day", [date(2024, 1, 8), date(2024, 6, 3), date(2024, 3, 11), date(2024, 11, 4)])
def test_today_is_complete_once_its_hours_are_over_in_summer_and_in_winter_time(day: date) -> None:
    instrument = replace(STOCK, liquid_hours=(opening(NEW_YORK, day, 9, 16),))
    assert last_complete_day(instrument, at(NEW_YORK, day, 15, 59)) == day - timedelta(days=1)
    assert last_complete_day(instrument, at(NEW_YORK, day, 16)) == day


def test_today_is_the_exchange_s_day_and_not_greenwich_s() -> None:
    """At 21:00 in New York it is Tuesday in UTC; at 08:00 in Tokyo it is still Sunday there."""
    assert last_complete_day(STOCK, at(NEW_YORK, MONDAY, 21)) == MONDAY
    tokyo = replace(STOCK, time_zone="Asia/Tokyo", liquid_hours=(opening(TOKYO, MONDAY, 9, 15),))
    assert last_complete_day(tokyo, at(TOKYO, MONDAY, 8)) == date(2024, 6, 2)
    assert last_complete_day(tokyo, at(TOKYO, MONDAY, 15)) == MONDAY


def test_before_a_lunch_break_is_over_the_day_still_forms() -> None:
    halves = (opening(TOKYO, MONDAY, 9, 11), opening(TOKYO, MONDAY, 12, 15))
    tokyo = replace(STOCK, time_zone="Asia/Tokyo", liquid_hours=halves)
    assert last_complete_day(tokyo, at(TOKYO, MONDAY, 11, 30)) == date(2024, 6, 2)


def test_on_a_day_without_trading_the_day_before_is_the_last() -> None:
    sunday = MONDAY - timedelta(days=1)
    assert last_complete_day(STOCK, at(NEW_YORK, sunday, 12)) == date(2024, 6, 1)


def test_a_trade_date_of_forex_is_over_at_five_in_the_afternoon() -> None:
    """Its hours are told by the evening on which they begin: Monday's, from Sunday evening on, were not over before
    Tuesday's were."""
    told = (
        TradingHours(at(NEW_YORK, date(2024, 6, 2), 17, 15), at(NEW_YORK, MONDAY, 17)),
        TradingHours(at(NEW_YORK, MONDAY, 17, 15), at(NEW_YORK, date(2024, 6, 4), 17)),
    )
    for hours in (told, ()):
        pair = replace(STOCK, sec_type="CASH", exchange="IDEALPRO", primary_exchange="", liquid_hours=hours)
        assert last_complete_day(pair, at(NEW_YORK, MONDAY, 16, 59)) == date(2024, 6, 2)
        assert last_complete_day(pair, at(NEW_YORK, MONDAY, 17)) == MONDAY
        assert last_complete_day(pair, at(NEW_YORK, MONDAY, 18)) == MONDAY


def test_monday_s_close_in_tokyo_is_there_on_tuesday_morning_there() -> None:
    """In New York it is Monday still, whose own close is not."""
    tokyo = replace(STOCK, primary_exchange="TSEJ", time_zone="Asia/Tokyo", liquid_hours=())
    morning = at(TOKYO, date(2024, 6, 4), 8, 30)
    stored = closes("97", "98", "99", "100", last_day=date(2024, 6, 4))
    assert complete_closes(tokyo, stored, morning, 2) == stored[1:3]
    assert complete_closes(replace(STOCK, liquid_hours=()), stored, at(NEW_YORK, MONDAY, 15), 2) == stored[:2]


def test_good_bars_are_stored() -> None:
    bars = [bar(3), bar(4, "101"), bar(5, volume=None)]
    assert sift(bars, Decimal(100), Decimal(80)) == (bars, [])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"low": Decimal(0)}, "a price is not a number above zero"),
        ({"close": Decimal(-1)}, "a price is not a number above zero"),
        ({"open": Decimal("NaN")}, "a price is not a number above zero"),
        ({"high": Decimal("Infinity")}, "a price is not a number above zero"),
        ({"high": Decimal(99), "low": Decimal(101)}, "open or close lies outside low and high"),
        ({"close": Decimal(101)}, "open or close lies outside low and high"),
        ({"open": Decimal(99)}, "open or close lies outside low and high"),
        ({"volume": Decimal(-1)}, "negative volume"),
    ],
)
def test_a_bar_that_contradicts_itself_is_reported_and_not_stored(
    changes: dict[str, Any], reason: str
) -> None:
    wrong = bar(3, **changes)
    assert sift([wrong], None, Decimal(80)) == ([], [Rejected(wrong.start, reason)])


def test_a_day_that_comes_twice_is_stored_once() -> None:
    good, bad = sift([bar(3), bar(3, "101")], None, Decimal(80))
    assert good == [bar(3)]
    assert [fault.reason for fault in bad] == ["duplicate"]


def test_a_second_bar_may_replace_one_that_was_rejected() -> None:
    good, bad = sift([bar(3, "-1"), bar(3)], None, Decimal(80))
    assert good == [bar(3)]
    assert len(bad) == 1


def test_a_jump_up_to_the_limit_is_stored_and_one_beyond_it_is_not() -> None:
    assert sift([bar(3, "180")], Decimal(100), Decimal(80))[1] == []
    _, (fault,) = sift([bar(3, "180.01")], Decimal(100), Decimal(80))
    assert "jumps more than maxBarJumpPercent (80 %)" in fault.reason
    assert sift([bar(3, "19.99")], Decimal(100), Decimal(80))[0] == []


def test_a_jump_is_measured_from_the_last_bar_that_was_stored() -> None:
    """A wrong bar must neither be stored nor make the right one after it look wrong."""
    good, bad = sift([bar(3), bar(4, "1000"), bar(5, "101")], None, Decimal(80))
    assert (len(good), len(bad)) == (2, 1)
    assert good[-1].close == 101


def test_a_price_may_go_far_from_where_it_began_by_small_steps() -> None:
    assert sift([bar(3, "150"), bar(4, "240")], Decimal(100), Decimal(80))[1] == []


def test_a_jump_that_the_next_bar_confirms_is_a_new_level() -> None:
    """A split in a raw series. Were only the first bar after it rejected, and compared with the close before the split,
    every later one would be too, for ever.
    """
    good, bad = sift([bar(3), bar(4, "10"), bar(5, "10.1"), bar(6, "10.2")], None, Decimal(80))
    assert (len(good), bad) == (4, [])


def test_a_jump_confirmed_only_by_a_bar_that_contradicts_itself_is_not_stored() -> None:
    good, bad = sift([bar(3), bar(4, "10"), bar(5, "10", volume=Decimal(-1))], None, Decimal(80))
    assert (good, len(bad)) == ([bar(3)], 2)


def test_an_answer_without_bars_is_none_to_store() -> None:
    assert sift([], Decimal(100), Decimal(80)) == ([], [])


def test_a_stock_of_less_than_one_has_prices_like_any_other() -> None:
    assert sift([bar(3, "0.50")], None, Decimal(80)) == ([bar(3, "0.50")], [])


def test_only_a_jump_of_the_last_bar_of_all_waits_for_the_next_one() -> None:
    bars = [bar(3), bar(4, "-1"), bar(5, "-1"), bar(6, "10")]
    good, bad = sift(bars, None, Decimal(80))
    assert [one.start.day for one in bad] == [4, 5, 6]
    assert unconfirmed_jump(bars, good) == bars[-1]
    assert unconfirmed_jump(bars, [*good, bars[-1]]) is None
    assert unconfirmed_jump(bars[:3], good) is None
    assert unconfirmed_jump([], good) is None


def test_a_day_on_which_nobody_traded_is_stored() -> None:
    quiet = bar(3, volume=Decimal(0))
    assert sift([quiet], None, Decimal(80)) == ([quiet], [])
