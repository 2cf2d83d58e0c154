"""Which bars are complete, in every size and on days that are not like the others."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.bars import MINUTES, complete_before, monday_of
from ib_trading.core.calendar import last_complete_session, sessions
from ib_trading.schema.tables import BAR_SIZES

NEW_YORK = ZoneInfo("America/New_York")


def utc(*figures: int) -> datetime:
    return datetime(*figures, tzinfo=UTC)


def local(zone: str, *figures: int) -> datetime:
    return datetime(*figures, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "before"),
    [
        ((2024, 6, 3, 15, 59), utc(2024, 6, 1)),
        ((2024, 6, 3, 16, 0), utc(2024, 6, 4)),
        ((2024, 7, 3, 12, 59), utc(2024, 7, 3)),
        ((2024, 7, 3, 13, 0), utc(2024, 7, 4)),
        ((2024, 7, 4, 18, 0), utc(2024, 7, 4)),
        ((2024, 3, 11, 15, 59), utc(2024, 3, 9)),
        ((2024, 3, 11, 16, 0), utc(2024, 3, 12)),
    ],
)
def test_a_day_is_complete_when_its_session_is_over_on_half_days_too(
    at: tuple[int, ...], before: datetime
) -> None:
    """The 3rd of July ends at one o'clock; on the 10th of March the clocks went forward."""
    assert complete_before("1 day", "XNYS", local("America/New_York", *at)) == before


def test_tokyos_monday_is_complete_before_new_yorks_begins() -> None:
    """By New York's clock it was hidden until Wednesday morning."""
    assert complete_before("1 day", "XTKS", local("Asia/Tokyo", 2024, 6, 3, 15, 0)) == utc(2024, 6, 4)


@pytest.mark.parametrize(
    ("at", "before"),
    [
        ((2024, 6, 7, 15, 59), utc(2024, 6, 3)),
        ((2024, 6, 7, 16, 0), utc(2024, 6, 10)),
        ((2024, 3, 28, 15, 59), utc(2024, 3, 25)),
        ((2024, 3, 28, 16, 0), utc(2024, 4, 1)),
    ],
)
def test_a_week_is_complete_when_its_last_session_is_over(at: tuple[int, ...], before: datetime) -> None:
    """Good Friday 2024 is the 29th of March."""
    assert complete_before("1 week", "XNYS", local("America/New_York", *at)) == before


@pytest.mark.parametrize(
    ("size", "at", "before"),
    [
        ("1 min", (11, 10), (11, 10)),
        ("30 mins", (11, 10), (11, 0)),
        ("30 mins", (10, 0), (10, 0)),
        ("1 hour", (10, 0), (10, 0)),
        ("1 hour", (10, 59), (10, 0)),
        ("20 mins", (9, 59), (9, 40)),
    ],
)
def test_a_bar_within_a_day_is_complete_at_its_own_end(
    size: str, at: tuple[int, int], before: tuple[int, int]
) -> None:
    """An hour of New York's begins at 9:30 and ends at 10:00."""
    found = complete_before(size, "XNYS", local("America/New_York", 2024, 6, 3, *at))
    assert found == local("America/New_York", 2024, 6, 3, *before)


def test_where_longer_bars_begin_is_not_certain_so_that_their_whole_length_must_have_passed() -> None:
    at = local("America/New_York", 2024, 6, 3, 13, 30)
    begun = local("America/New_York", 2024, 6, 3, 9, 30)
    assert begun < complete_before("4 hours", "XNYS", at)
    assert begun >= complete_before("4 hours", "XNYS", at - timedelta(seconds=1))


@pytest.mark.parametrize("size", MINUTES)
def test_every_bar_of_a_session_is_complete_at_its_close(size: str) -> None:
    close = local("America/New_York", 2024, 7, 3, 13, 0)
    assert complete_before(size, "XNYS", close) == close


MARKETS = ("XNYS", "XTKS", "XHKG", "XLON", "FOREX")


@given(
    market=st.sampled_from(MARKETS),
    size=st.sampled_from(tuple(BAR_SIZES)),
    at=st.integers(0, 6 * 365 * 24 * 60).map(lambda minutes: utc(2019, 1, 1) + timedelta(minutes=minutes)),
    step=st.timedeltas(timedelta(0), timedelta(days=9)),
)
def test_what_is_complete_stays_so_and_nothing_is_before_its_own_end(
    market: str, size: str, at: datetime, step: timedelta
) -> None:
    before = complete_before(size, market, at)
    assert before <= complete_before(size, market, at + step)
    if size in MINUTES:
        assert before <= at
        begun = [
            one
            for one in sessions(market, at.date() - timedelta(days=1), at.date() + timedelta(days=1))
            if one.open <= at
        ]
        for session in begun:
            whole = session.open + timedelta(minutes=MINUTES[size]) <= at or session.close <= at
            assert not whole or session.open < before
    else:
        newest = (before - timedelta(days=1)).date()
        assert newest <= (
            last_complete_session(market, at).day + timedelta(days=6 if size == "1 week" else 0)
        )
        assert size == "1 day" or before.date() == monday_of(before.date())


def test_a_week_begins_on_its_monday() -> None:
    assert {monday_of(date(2024, 6, day)) for day in range(3, 10)} == {date(2024, 6, 3)}
