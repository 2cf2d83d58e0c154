"""MACD against its definition as a weighted sum, and what a cross does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_trading.strategies import KEEP, Decision, History, Strategy
from ib_trading.strategies.macd_hedge import HEDGED, LONG, SPY, MacdHedge
from ib_trading.strategies.testing import A_MONDAY, view

FALLING = [400 - day for day in range(350)]
RISING = [100 + day for day in range(350)]


def decided(closes: Sequence[float], memory: object = None, strategy: Strategy | None = None) -> Decision:
    strategy = strategy or MacdHedge()
    decision = strategy.decide(view(strategy, closes={SPY: closes}, memory=memory))
    assert isinstance(decision, Decision)
    return decision


def weighted_sum(values: Sequence[float], length: int) -> float:
    """An exponential average written out: of each value a share of what its successors leave, of the first the rest."""
    share = 2 / (length + 1)
    newest = len(values) - 1
    parts = [share * (1 - share) ** (newest - bar) * value for bar, value in enumerate(values) if bar]
    return math.fsum([*parts, (1 - share) ** newest * values[0]])


def regime_by_hand(closes: Sequence[float]) -> tuple[float, str]:
    """MACD of the newest bar, and on which side of its signal line it is."""
    macd = [
        weighted_sum(closes[: bar + 1], 12) - weighted_sum(closes[: bar + 1], 26)
        for bar in range(len(closes))
    ]
    return macd[-1], "bullish" if macd[-1] > weighted_sum(macd, 9) else "bearish"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(50, 150), min_size=30, max_size=60, unique=True))
def test_the_macd_is_the_difference_of_two_weighted_sums(closes: list[float]) -> None:
    macd, regime = regime_by_hand(closes)
    notes = decided(closes).notes
    assert notes["macd"] == pytest.approx(macd, abs=1e-4)
    assert notes["regime"] == regime


def test_after_a_bullish_cross_it_is_long_and_unhedged() -> None:
    assert decided([*FALLING, 200.0], memory="bearish").targets == LONG


def test_after_a_bearish_cross_it_is_short_and_hedged() -> None:
    assert decided([*RISING, 300.0], memory="bullish").targets == HEDGED


@pytest.mark.parametrize(
    ("turned", "memory"), [([*FALLING, 200.0], "bullish"), ([*RISING, 300.0], "bearish")]
)
def test_what_was_decided_already_is_kept(turned: list[float], memory: str) -> None:
    assert decided(turned, memory).targets is KEEP


def test_without_a_memory_a_cross_is_one_between_the_last_two_bars() -> None:
    assert decided([*FALLING, 200.0]).targets == LONG
    assert decided([*FALLING, 200.0, 210.0]).targets is KEEP


def test_a_cross_some_bars_ago_is_not_missed() -> None:
    """Hourly calls see two new bars of 30 minutes each."""
    assert decided([*FALLING, 200.0, 210.0], memory="bearish").targets == LONG


def test_what_it_remembers_is_the_regime_that_it_says() -> None:
    decision = decided(RISING)
    assert decision.memory == decision.notes["regime"]


def test_bars_of_thirty_minutes_are_read_where_a_parameter_says_so() -> None:
    strategy = MacdHedge.with_parameters({"bar_size": "30 mins", "fast": 3, "slow": 6, "signal": 2})
    assert strategy.history == (History("30 mins", 80),)
    closes = [*range(100, 60, -1), 100.0]
    rows: Any = [
        (A_MONDAY - timedelta(minutes=30 * (len(closes) - bar)), close, close, close, close, 1.0)
        for bar, close in enumerate(closes)
    ]
    asked = view(strategy, bars={(SPY, "30 mins"): rows}, memory="bearish")
    assert strategy.decide(asked).targets == LONG


def test_what_lies_before_its_history_changes_nothing_that_could_be_traded() -> None:
    closes = [100 + 10 * math.sin(day / 7) + math.cos(day * day) for day in range(900)]
    [needed] = MacdHedge().history
    assert regime_by_hand(closes[-needed.bars :])[0] == pytest.approx(regime_by_hand(closes)[0], abs=1e-6)
