"""What a strategy is told of today's session."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ib_trading.core.questions import session_seen


@pytest.mark.parametrize(
    ("at", "close", "last_of_week", "last_of_month"),
    [
        (datetime(2024, 6, 26, 15, tzinfo=UTC), datetime(2024, 6, 26, 20, tzinfo=UTC), False, False),
        (datetime(2024, 6, 28, 15, tzinfo=UTC), datetime(2024, 6, 28, 20, tzinfo=UTC), True, True),
        # The day after Thanksgiving is a half day and ends the month; before Good Friday ends the week.
        (datetime(2024, 11, 29, 15, tzinfo=UTC), datetime(2024, 11, 29, 18, tzinfo=UTC), True, True),
        (datetime(2024, 3, 28, 15, tzinfo=UTC), datetime(2024, 3, 28, 20, tzinfo=UTC), True, True),
        # New Year's week has parts in two years.
        (datetime(2024, 12, 31, 15, tzinfo=UTC), datetime(2024, 12, 31, 21, tzinfo=UTC), False, True),
    ],
)
def test_a_session_ends_the_week_or_month_when_no_other_follows_in_it(
    at: datetime, close: datetime, last_of_week: bool, last_of_month: bool
) -> None:
    seen = session_seen("XNYS", at)
    assert seen is not None
    assert (seen.close, seen.last_of_week, seen.last_of_month) == (close, last_of_week, last_of_month)


def test_on_a_holiday_there_is_none() -> None:
    assert session_seen("XNYS", datetime(2024, 7, 4, 15, tzinfo=UTC)) is None


def test_on_an_evening_the_session_of_the_day_is_over_and_still_today_s() -> None:
    seen = session_seen("XNYS", datetime(2024, 6, 26, 22, tzinfo=UTC))
    assert seen is not None
    assert seen.day.isoformat() == "2024-06-26"
