"""The dice: the same for the same seed, all of the capital, long only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.strategies.dummy import Dummy
from ib_trading.strategies.testing import view


def roll(seed: int) -> list[float]:
    weights = Dummy().weights(view(Dummy(), seed=seed))
    return [weights[spec] for spec in Dummy.instruments]


@given(st.integers(0, 2**64 - 1))
def test_the_same_seed_decides_the_same_and_the_weights_are_the_whole_capital_long(seed: int) -> None:
    weights = roll(seed)
    assert weights == roll(seed)
    assert min(weights) >= 0
    assert sum(weights) == pytest.approx(1)


@given(st.sets(st.integers(0, 2**64 - 1), min_size=2, max_size=2))
def test_another_seed_decides_otherwise(seeds: set[int]) -> None:
    one, other = seeds
    assert roll(one) != roll(other)


def test_what_a_seed_decides_stays_the_same_between_releases() -> None:
    """A past run must be explained by its seed: these figures are Python's own generator for seed 1."""
    figures = "0.045616 0.287698 0.259296 0.086594 0.168197 0.152599"
    assert " ".join(f"{weight:.6f}" for weight in roll(1)) == figures
