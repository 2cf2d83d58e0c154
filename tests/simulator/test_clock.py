"""The simulated time: standing still, flowing, and spelled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ib_trading_simulator.control.clock import Clock, UnreadableTime, duration_of, moment_of

START = datetime(2019, 1, 2, 14, 30, tzinfo=UTC)


def test_a_clock_of_speed_zero_stands_still_until_it_is_set() -> None:
    clock = Clock(START, 0)
    assert clock.now() == clock.now() == START
    clock.set(START + timedelta(days=1))
    assert clock.now() == START + timedelta(days=1)
    assert clock.real_seconds_until(START + timedelta(days=2)) is None


def test_a_flowing_clock_never_goes_back_and_knows_how_long_it_takes() -> None:
    clock = Clock(START, 60)
    first, second = clock.now(), clock.now()
    assert START <= first <= second
    wait = clock.real_seconds_until(START + timedelta(hours=1))
    assert wait is not None
    assert 59 < wait <= 60


@pytest.mark.parametrize(
    ("spelled", "seconds"),
    [
        (90, 90),
        (0.5, 0.5),
        ("90 seconds", 90),
        ("1 day", 86400),
        ("2 Hours", 7200),
        ("1.5 minutes", 90),
        ("1 week", 604800),
    ],
)
def test_durations_are_seconds_or_words(spelled: str | float, seconds: float) -> None:
    assert duration_of(spelled) == timedelta(seconds=seconds)


@pytest.mark.parametrize("spelled", ["soon", "1", "1 fortnight", "", "-1 day"])
def test_what_is_no_duration_is_refused_with_an_example(spelled: str) -> None:
    with pytest.raises(UnreadableTime, match="1 day"):
        duration_of(spelled)


@pytest.mark.parametrize(
    "spelled", ["2019-01-02T14:30:00Z", "2019-01-02T14:30:00", "2019-01-02T09:30:00-05:00"]
)
def test_moments_are_utc_unless_they_name_another_zone(spelled: str) -> None:
    assert moment_of(spelled) == START


def test_what_is_no_moment_is_refused_with_an_example() -> None:
    with pytest.raises(UnreadableTime, match="2019-01-02T14:30:00Z"):
        moment_of("noon")
