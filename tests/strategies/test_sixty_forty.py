"""The bands: what has drifted by a fifth of itself is put right, and nothing else moves anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.strategies import KEEP, Decision
from ib_trading.strategies.sixty_forty import BONDS, SHARES, SixtyForty
from ib_trading.strategies.testing import view

TARGETS = {SHARES: 0.6, BONDS: 0.4}


def decided(shares: int, bonds: int, strategy: SixtyForty | None = None) -> Decision:
    """With so many contracts at 100 each, of a capital of 100,000: each is a thousandth of it."""
    strategy = strategy or SixtyForty()
    held, prices = {SHARES: shares, BONDS: bonds}, dict.fromkeys(TARGETS, 100.0)
    decision = strategy.decide(view(strategy, holdings=held, prices=prices))
    assert isinstance(decision, Decision)
    return decision


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_it_trades_when_shares_leave_48_to_72_or_bonds_32_to_48_per_cent(shares: int, bonds: int) -> None:
    inside = 480 <= shares <= 720 and 320 <= bonds <= 480
    assert decided(shares, bonds).targets == (KEEP if inside else TARGETS)


def test_with_nothing_it_begins() -> None:
    assert decided(0, 0).targets == TARGETS


def test_a_narrower_band_trades_sooner() -> None:
    narrow = SixtyForty.with_parameters({"band": 0.05})
    assert decided(640, 360).targets is KEEP
    assert decided(640, 360, narrow).targets == TARGETS


def test_shares_and_bonds_are_the_whole_capital() -> None:
    mostly = SixtyForty.with_parameters({"shares": 0.8})
    assert decided(0, 0, mostly).targets == pytest.approx({SHARES: 0.8, BONDS: 0.2})


def test_what_has_no_price_is_left_as_it_is() -> None:
    strategy = SixtyForty()
    asked = view(strategy, holdings={SHARES: 900, BONDS: 100}, prices={SHARES: 100})
    assert strategy.decide(asked).targets is KEEP
