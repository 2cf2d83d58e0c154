"""Momentum against products of daily returns, and its month."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from ib_trading.strategies import KEEP, ContractSpec, Decision
from ib_trading.strategies.momentum import Momentum
from ib_trading.strategies.testing import A_MONDAY, view

SPECS = Momentum.instruments
History = dict[ContractSpec, list[float]]


def walks(seed: int, count: int = 300) -> History:
    chance = random.Random(seed)
    found: History = {}
    for spec in SPECS:
        closes = [50.0]
        for _ in range(count - 1):
            closes.append(closes[-1] * math.exp(chance.gauss(0, 0.02)))
        found[spec] = closes
    return found


def decided(closes: History, memory: object = None, at: datetime = A_MONDAY) -> Decision:
    strategy = Momentum()
    decision = strategy.decide(view(strategy, closes=closes, memory=memory, at=at))
    assert isinstance(decision, Decision)
    return decision


def best_by_hand(closes: History, count: int) -> set[ContractSpec]:
    """By compounding 231 daily returns: a year has 252, of which the last 21 are left out."""
    grown = {}
    for spec, prices in closes.items():
        returns = [later / earlier for earlier, later in pairwise(prices)]
        grown[spec] = math.prod(returns[-252:-21])
    return {spec for spec in SPECS if sum(other > grown[spec] for other in grown.values()) < count}


@pytest.mark.parametrize("seed", range(20))
def test_the_four_best_of_the_year_without_its_last_month_are_held(seed: int) -> None:
    closes = walks(seed)
    assert decided(closes).targets == dict.fromkeys(best_by_hand(closes, 4), 0.25)


def test_what_happened_in_the_last_month_counts_for_nothing() -> None:
    closes = walks(1)
    crashed = {
        spec: [*prices[:-21], *(price / 10 for price in prices[-21:])] for spec, prices in closes.items()
    }
    one = SPECS[0]
    assert decided(closes | {one: crashed[one]}).targets == decided(closes).targets


def test_a_month_is_decided_once() -> None:
    closes = walks(2)
    first = decided(closes)
    assert first.memory == "2024-06"
    assert decided(closes, first.memory).targets is KEEP
    assert decided(closes, first.memory, datetime(2024, 7, 1, 15, tzinfo=UTC)).targets == first.targets


def test_the_month_is_the_exchange_s() -> None:
    """Midnight in London is an evening of May in New York."""
    assert decided(walks(3), at=datetime(2024, 6, 1, 1, tzinfo=UTC)).memory == "2024-05"


def test_among_equals_the_alphabet_decides() -> None:
    same = {spec: [100.0] * 253 for spec in SPECS}
    chosen = decided(same).targets
    assert isinstance(chosen, dict)
    assert [spec.symbol for spec in chosen] == ["AGG", "EEM", "EFA", "GLD"]
