"""The bands against the statistics module, and what the end of a session does."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_trading.core.strategy import SeenSession
from ib_trading.strategies import KEEP, Contracts
from ib_trading.strategies.mean_reversion import HALF_HOUR, MeanReversion
from ib_trading.strategies.testing import view

SPECS = MeanReversion.instruments
ONE = SPECS[0]
NOON = datetime(2024, 6, 3, 16, tzinfo=UTC)
SESSION = SeenSession(
    date(2024, 6, 3),
    datetime(2024, 6, 3, 13, 30, tzinfo=UTC),
    datetime(2024, 6, 3, 20, tzinfo=UTC),
    last_of_week=False,
    last_of_month=False,
)
SIXTH = 1 / 6


def decided(
    closes: Sequence[float], at: datetime = NOON, session: SeenSession | None = SESSION
) -> float | Contracts | object:
    """What is decided of one that closed like this; the others have not moved."""
    strategy = MeanReversion()
    rows: dict[Any, Any] = {(spec, HALF_HOUR): bars([100.0] * 20, at) for spec in SPECS}
    rows[ONE, HALF_HOUR] = bars(closes, at)
    sessions = {} if session is None else dict.fromkeys(SPECS, session)
    targets = strategy.decide(view(strategy, at=at, bars=rows, sessions=sessions)).targets
    assert isinstance(targets, Mapping)
    return targets[ONE]


def bars(closes: Sequence[float], at: datetime) -> list[tuple[datetime, float, float, float, float, float]]:
    return [
        (at - timedelta(minutes=30 * (len(closes) - bar)), close, close, close, close, 1.0)
        for bar, close in enumerate(closes)
    ]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(900, 1100), min_size=19, max_size=19), st.integers(500, 1500))
def test_it_buys_below_the_lower_band_sells_at_the_mean_and_waits_between(
    earlier: list[int], last: int
) -> None:
    closes = [float(close) for close in (*earlier, last)]
    mean, deviation = statistics.fmean(closes), statistics.pstdev(closes)
    expected = 0 if last >= mean else SIXTH if last < mean - 2 * deviation else KEEP
    assert decided(closes) == expected


FALLEN = [100.0, 101.0] * 9 + [100.0, 80.0]


def test_what_has_fallen_far_is_bought() -> None:
    assert decided(FALLEN) == SIXTH


@pytest.mark.parametrize(("minute", "expected"), [(29, SIXTH), (30, 0), (59, 0)])
def test_in_the_last_half_hour_everything_is_sold(minute: int, expected: float) -> None:
    assert decided(FALLEN, at=datetime(2024, 6, 3, 19, minute, tzinfo=UTC)) == expected


def test_on_a_day_without_a_session_nothing_is_held() -> None:
    assert decided(FALLEN, session=None) == 0


def test_the_twenty_first_bar_counts_for_nothing() -> None:
    assert decided([1000.0, *FALLEN]) == decided(FALLEN)
