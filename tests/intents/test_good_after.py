"""A goodAfterTime is one instant, or refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ib_trading.errors import RequestError
from ib_trading.intents.good_after import check_future, good_after

NOW = datetime(2024, 6, 3, 15, 0, tzinfo=UTC)
AT_1545 = datetime(2024, 6, 3, 19, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "15:45 America/New_York",
        " 3:45 pm America/New_York ",
        "2024-06-03 15:45 America/New_York",
        "3 June 2024 15:45 America/New_York",
        "2024-06-03T15:45:00-04:00",
        "2024-06-03T19:45:00Z",
        "2024-06-03 19:45 UTC",
        "19:45 UTC",
        "2024-06-03 21:45 Europe/Berlin",
    ],
)
def test_any_unambiguous_time_with_a_zone_is_that_instant(text: str) -> None:
    assert good_after(text, NOW) == AT_1545


def test_a_time_of_day_means_the_day_that_it_is_in_its_own_zone() -> None:
    """At 01:00 UTC it is still yesterday in New York."""
    at_night = datetime(2024, 6, 4, 1, 0, tzinfo=UTC)
    assert good_after("15:45 America/New_York", at_night) == AT_1545


def test_tomorrow_with_a_time_is_a_time() -> None:
    assert good_after("tomorrow 9:30 America/New_York", NOW) == datetime(2024, 6, 4, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("15:45", "names no time zone"),
        ("15:45 CST", "names no time zone"),
        ("15:45 America/Nowhere", "names no time zone"),
        ("in 2 hours", "names no time zone"),
        ("", "names no time zone"),
        ("soon America/New_York", "says no time of day"),
        ("America/New_York", "says no time of day"),
        ("soonish 15:45 America/New_York", "is not a time"),
        ("25:45 America/New_York", "is not a time"),
        ("03/04/2024 15:45 America/New_York", "could mean two days"),
        ("tomorrow America/New_York", "says no time of day"),
        ("in 2 hours America/New_York", "says no time of day"),
        ("2024-11-03 01:30 America/New_York", "clock change"),
        ("2024-03-10 02:30 America/New_York", "clock change"),
    ],
)
def test_a_text_that_could_mean_two_instants_is_refused_with_what_to_write(text: str, why: str) -> None:
    with pytest.raises(RequestError, match=why) as refused:
        good_after(text, NOW)
    assert refused.value.errors[0].path == "orderProperties.goodAfterTime"


def test_a_date_without_a_time_of_day_is_refused() -> None:
    """Midnight is nobody's intention."""
    with pytest.raises(RequestError, match="says no time of day"):
        good_after("2024-06-04 America/New_York", NOW)


@pytest.mark.parametrize("passed", [NOW, datetime(2024, 6, 3, 14, 59, tzinfo=UTC)])
def test_a_time_that_has_passed_is_refused(passed: datetime) -> None:
    with pytest.raises(RequestError, match="has passed"):
        check_future(passed, NOW)


def test_no_time_and_a_later_time_pass() -> None:
    check_future(None, NOW)
    check_future(AT_1545, NOW)
