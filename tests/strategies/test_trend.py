"""Trend against the paper's formula, written out a second time, step by step."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_trading.core.instruments import ContractSpec
from ib_trading.strategies.testing import view
from ib_trading.strategies.trend import Trend, ex_ante_volatility

SPECS = Trend.instruments
FIRST = SPECS[0]


def weight(closes: Sequence[float]) -> float:
    return Trend().weights(view(Trend(), closes={FIRST: closes}))[FIRST]


def walk(seed: int, count: int = 253, drift: float = 0.002, swing: float = 0.02) -> list[float]:
    """Prices that wander; the same for the same seed."""
    price, closes = 100.0, []
    for day in range(count):
        price *= 1 + drift + swing * math.sin(seed + day * day * 0.7)
        closes.append(price)
    return closes


def volatility_by_the_paper(closes: Sequence[float]) -> float:
    """Equation 1, by a recursion from the oldest return to the newest instead of powers: weights 1/61 each time."""
    share = 1 / 61
    weight_sum = weighted = 0.0
    returns = [closes[i] / closes[i - 1] - 1.0 for i in range(1, len(closes))]
    for one in returns:
        weight_sum = weight_sum * (1 - share) + share
        weighted = weighted * (1 - share) + share * one
    mean = weighted / weight_sum
    spread = 0.0
    for one in returns:
        spread = spread * (1 - share) + share * (one - mean) * (one - mean)
    return (261 * spread / weight_sum) ** 0.5


def positions_by_the_paper(history: Mapping[ContractSpec, Sequence[float]]) -> dict[ContractSpec, float]:
    """40 % over the volatility, a twentieth of the capital each, if the year's return is positive; scaled to 1."""
    raw = {}
    for spec in SPECS:
        closes = history.get(spec, [])[-253:]
        rose = len(closes) >= 253 and closes[-1] > closes[-253]
        raw[spec] = 0.40 / volatility_by_the_paper(closes) / 20 if rose else 0.0
    gross = sum(raw.values())
    return {spec: position / gross if gross > 1 else position for spec, position in raw.items()}


def test_volatility_is_the_paper_s_equation() -> None:
    for seed in range(5):
        assert ex_ante_volatility(walk(seed)) == pytest.approx(volatility_by_the_paper(walk(seed)), rel=1e-9)


def test_equal_returns_but_for_their_sign_have_the_volatility_of_their_size() -> None:
    """Long alternation of ±1 %: the weighting hardly matters, and the plain standard deviation is the answer."""
    closes = [100.0]
    for day in range(1000):
        closes.append(closes[-1] * (1.01 if day % 2 else 0.99))
    plain = statistics.pstdev([0.01, -0.01]) * math.sqrt(261)
    assert ex_ante_volatility(closes) == pytest.approx(plain, rel=1e-3)


def test_recent_returns_weigh_more_than_old_ones() -> None:
    """The same returns, once with the wild ones last and once with them first."""
    calm, wild = [1.001, 0.999] * 60, [1.05, 0.95] * 30

    def prices(factors: Sequence[float]) -> list[float]:
        return list(accumulate(factors, lambda price, factor: price * factor, initial=100.0))

    assert ex_ante_volatility(prices(calm + wild)) > 1.5 * ex_ante_volatility(prices(wild + calm))


@pytest.mark.parametrize("seed", range(4))
def test_positions_are_the_paper_s_over_all_instruments(seed: int) -> None:
    history = {
        spec: walk(seed * 31 + index, 253 + index, drift=0.001 * (index % 5 - 1), swing=0.01 + 0.002 * index)
        for index, spec in enumerate(SPECS)
    }
    assert Trend().weights(view(Trend(), closes=history)) == pytest.approx(
        positions_by_the_paper(history), rel=1e-9
    )


def test_where_little_rose_positions_are_not_scaled() -> None:
    """One instrument of twenty at some 30 % volatility holds its own share and leaves the rest in cash."""
    closes = walk(3, drift=0.003, swing=0.03)
    assert weight(closes) == pytest.approx(0.40 / volatility_by_the_paper(closes) / 20)
    assert 0 < weight(closes) < 0.2


@pytest.mark.parametrize("count", [0, 1, 2, 252])
def test_with_less_than_a_year_of_history_nothing_is_held(count: int) -> None:
    assert weight(walk(1, count)) == 0


def test_a_year_is_two_hundred_and_fifty_two_returns() -> None:
    assert Trend.history_days == 253
    assert weight(walk(1, 253)) > 0


def test_what_fell_over_the_year_is_not_held_even_if_it_rose_lately() -> None:
    closes = walk(1, 253, drift=-0.004)
    closes[-1] = closes[0] * 0.999
    assert weight(closes) == 0


def test_what_rose_over_the_year_is_held_even_if_it_fell_lately() -> None:
    closes = walk(1, 253, drift=0.004)
    closes[-1] = closes[0] * 1.001
    assert weight(closes) > 0


def test_what_stands_where_it_stood_is_not_held() -> None:
    closes = walk(1, 253)
    closes[-1] = closes[0]
    assert weight(closes) == 0


def test_a_price_that_never_moves_is_not_held() -> None:
    """Its volatility is zero: the formula would hold infinitely much of it."""
    assert weight([100.0] * 253) == 0
    assert weight([2.0**day for day in range(300)]) == 0


def test_only_the_last_year_s_return_gives_the_direction() -> None:
    fell_before = [500.0] * 20 + walk(1, 253)
    assert weight(fell_before) > 0


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 99), st.floats(-0.003, 0.006), st.floats(0.0, 0.05)),
        min_size=20,
        max_size=20,
    )
)
def test_weights_are_never_negative_and_never_more_than_the_capital(
    shapes: list[tuple[int, float, float]],
) -> None:
    history = {
        spec: walk(seed, 253, drift, swing) for spec, (seed, drift, swing) in zip(SPECS, shapes, strict=True)
    }
    weights = Trend().weights(view(Trend(), closes=history))
    assert set(weights) == set(SPECS)
    assert min(weights.values()) >= 0
    assert sum(weights.values()) <= 1 + 1e-9


def test_it_trades_twenty_different_stocks() -> None:
    assert len(set(SPECS)) == 20
    assert {(spec.sec_type, spec.currency) for spec in SPECS} == {("STK", "USD")}
