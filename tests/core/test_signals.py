"""What a strategy's answer means, and what happens when it gives none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.instruments import ContractSpec
from ib_trading.core.questions import strategy_seed
from ib_trading.core.refusals import StrategyFailed
from ib_trading.core.signals import read_signals
from ib_trading.core.strategy import Failure
from ib_trading.strategies import Strategy, StrategyView
from tests.core.builders import AAA, ALL_SPECS, NOW, Raises, answers, asked, closes, config, snapshot, stock


@dataclass
class Remembers(Strategy):
    """A strategy that keeps what it was shown."""

    instruments: tuple[ContractSpec, ...] = ALL_SPECS
    history_days: int = 0
    views: list[StrategyView] = field(default_factory=list)

    def weights(self, view: StrategyView) -> Mapping[ContractSpec, float]:
        self.views.append(view)
        return {}


def weights(strategy: Strategy, **changes: Any) -> Mapping[int, Decimal]:
    return read_signals(asked(snapshot(**changes), {"alpha": strategy})).weights["alpha"]


def test_what_a_strategy_does_not_mention_has_weight_zero() -> None:
    assert weights(answers(AAA=0.5)) == {1: Decimal("0.5"), 2: Decimal(0), 3: Decimal(0)}


def test_what_a_strategy_holds_and_no_longer_names_has_weight_zero() -> None:
    four = stock(4, "DDD")
    state = {
        "instruments": {1: AAA, 4: four},
        "wanted": {"alpha": (1,)},
        "holdings": {"alpha": {4: Decimal(9)}},
    }
    only_aaa = Remembers(instruments=(ContractSpec("AAA"),))
    assert weights(only_aaa, **state) == {1: Decimal(0), 4: Decimal(0)}


def test_what_a_strategy_has_ordered_and_no_longer_names_has_weight_zero() -> None:
    """The order still works; nothing of it is held yet. Forgotten, it filled beside a run that had put all of the
    capital to work elsewhere."""
    state = {
        "instruments": {1: AAA, 4: stock(4, "DDD")},
        "wanted": {"alpha": (1,)},
        "working": {"alpha": {4: Decimal(9)}, "beta": {3: Decimal(9)}},
    }
    only_aaa = Remembers(instruments=(ContractSpec("AAA"),))
    assert weights(only_aaa, **state) == {1: Decimal(0), 4: Decimal(0)}


@pytest.mark.parametrize("weight", [0.1 + 0.2, 0.3, Decimal("0.3"), Decimal("0.30000004")])
def test_weights_are_rounded_so_that_the_last_bit_of_a_float_decides_nothing(weight: float | Decimal) -> None:
    assert str(weights(answers(AAA=weight))[1]) == "0.300000"


def test_two_spellings_of_one_contract_add_up() -> None:
    """AAA by SMART and AAA by its own exchange are the same contract: neither weight may overwrite the other."""
    nyse = ContractSpec("AAA", exchange="NYSE")

    @dataclass
    class Twice(Strategy):
        instruments: tuple[ContractSpec, ...] = (ContractSpec("AAA"), nyse)
        history_days: int = 0

        def weights(self, view: StrategyView) -> Mapping[ContractSpec, float]:
            return {ContractSpec("AAA"): 0.5, nyse: 0.2}

    assert weights(Twice(), wanted={"alpha": (1, 1)}) == {1: Decimal("0.7")}


@pytest.mark.parametrize(
    ("weight", "reason"),
    [
        (float("nan"), "say 0 to hold nothing"),
        (float("inf"), "say 0 to hold nothing"),
        (Decimal("sNaN"), "say 0 to hold nothing"),
        (None, "which is not a number"),
        ("half", "which is not a number"),
        (True, "which is not a number"),
        (1e25, "a weight is a fraction of its capital"),
        (Decimal("-1E+30"), "a weight is a fraction of its capital"),
        (Decimal("1000.1"), "a weight is a fraction of its capital"),
    ],
)
def test_a_weight_that_is_no_fraction_of_the_capital_is_the_strategy_s_failure(
    weight: Any, reason: str
) -> None:
    with pytest.raises(StrategyFailed, match=f"strategy alpha gave AAA .* {reason}"):
        weights(answers(AAA=weight))


def test_a_weight_for_an_instrument_that_was_not_named_is_the_strategy_s_failure() -> None:
    with pytest.raises(StrategyFailed, match=r"gave a weight to ZZZ .* not among its instruments"):
        weights(answers(ZZZ=0.5))


@pytest.mark.parametrize("answer", [None, 0.5, [1, 2]])
def test_an_answer_that_is_no_mapping_is_the_strategy_s_failure(answer: Any) -> None:
    @dataclass
    class Nonsense(Strategy):
        instruments: tuple[ContractSpec, ...] = ALL_SPECS
        history_days: int = 0

        def weights(self, view: StrategyView) -> Mapping[ContractSpec, float]:
            return answer

    with pytest.raises(
        StrategyFailed,
        match=r"strategy alpha answered with a .*; answer with a mapping of instruments",
    ):
        weights(Nonsense())


def test_a_strategy_that_raises_refuses_the_run() -> None:
    with pytest.raises(StrategyFailed, match="strategy alpha raised ZeroDivisionError: no returns"):
        read_signals(asked(snapshot(), {"alpha": Raises(ALL_SPECS), "beta": answers(AAA=1)}))


def test_isolated_a_strategy_that_raises_has_no_weights_at_all_and_the_others_keep_theirs() -> None:
    """No weights, not weights of zero: zero would flatten it."""
    isolating = snapshot(config=config(on_strategy_error="isolate"))
    signals = read_signals(asked(isolating, {"alpha": Raises(ALL_SPECS), "beta": answers(AAA=1)}))
    assert set(signals.weights) == {"beta"}
    told = {name: str(failure) for name, failure in signals.failed.items()}
    assert told == {"alpha": "strategy alpha raised ZeroDivisionError: no returns"}
    assert "no returns" in (signals.failed["alpha"].failure or Failure("")).traceback


def test_a_strategy_sees_its_own_holdings_and_nobody_else_s() -> None:
    strategy = Remembers()
    held = {"alpha": {1: Decimal(5)}, "beta": {2: Decimal(7)}}
    weights(strategy, holdings=held)
    (view,) = strategy.views
    assert view.holdings == dict(zip(ALL_SPECS, (5, 0, 0), strict=True))
    assert view.at == NOW


@pytest.mark.parametrize(("days", "shown"), [(0, ()), (2, (2.0, 3.0)), (3, (1.0, 2.0, 3.0))])
def test_a_strategy_sees_the_history_it_asked_for_and_no_more(days: int, shown: tuple[float, ...]) -> None:
    """However much more another strategy made the snapshot hold: a signal does not depend on its neighbours."""
    strategy = Remembers(history_days=days)
    weights(strategy, closes=dict.fromkeys((1, 2, 3), closes("1", "2", "3")))
    assert strategy.views[0].closes[ALL_SPECS[0]] == shown


@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_a_strategy_s_chance_is_its_own_and_the_day_s(one: int, other: int) -> None:
    assert strategy_seed(one, "alpha") != strategy_seed(one, "beta")
    assert (strategy_seed(one, "alpha") == strategy_seed(other, "alpha")) is (one == other)


def test_a_strategy_s_chance_does_not_depend_on_which_others_run() -> None:
    alone, beside = Remembers(), Remembers()
    read_signals(asked(snapshot(), {"alpha": alone}))
    read_signals(asked(snapshot(), {"alpha": beside, "beta": Remembers()}))
    assert alone.views == beside.views
    assert alone.views[0].seed == strategy_seed(7, "alpha")


def test_a_strategy_s_seed_is_sixty_four_bits() -> None:
    """What generators of chance take; a longer one would be cut by some and not by others."""
    seeds = [strategy_seed(number, "alpha") for number in range(200)]
    assert all(0 <= seed < 2**64 for seed in seeds)
    assert any(seed >= 2**63 for seed in seeds)


@pytest.mark.parametrize("days", [1, 2])
def test_a_strategy_that_reads_a_single_day_of_history_fails_too_where_it_is_old(days: int) -> None:
    with pytest.raises(StrategyFailed, match="strategy alpha decides on history, but"):
        weights(Remembers(history_days=days))


def test_a_strategy_that_reads_no_history_needs_none() -> None:
    assert weights(Remembers(history_days=0)) == {1: 0, 2: 0, 3: 0}


@pytest.mark.parametrize("weight", [1000, -1000])
def test_a_thousand_times_the_capital_is_the_most_that_a_weight_may_be(weight: int) -> None:
    assert weights(answers(AAA=weight))[1] == weight
    with pytest.raises(StrategyFailed, match="a weight is a fraction of its capital"):
        weights(answers(AAA=Decimal(weight) * Decimal("1.000001")))


def test_a_failure_names_its_strategy() -> None:
    """Whoever looks for it in the log finds it by name."""
    for answer in (
        answers(ZZZ=1),
        answers(AAA="half"),
        answers(AAA=float("nan")),
        answers(AAA=2000),
        Raises(ALL_SPECS),
    ):
        with pytest.raises(StrategyFailed) as failed:
            weights(answer)
        assert failed.value.strategy == "alpha"


def test_strategies_are_asked_by_name_whichever_was_configured_first() -> None:
    """The same one is named of two that fail, on every machine."""
    both = {"beta": Raises(ALL_SPECS), "alpha": Raises(ALL_SPECS)}
    with pytest.raises(StrategyFailed, match="strategy alpha"):
        read_signals(asked(snapshot(), both))
    isolated = read_signals(asked(snapshot(config=config(on_strategy_error="isolate")), both))
    assert list(isolated.failed) == ["alpha", "beta"]
