"""KEEP and Contracts(n): what a strategy says instead of a weight, whatever prices do; and the notes beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.instruments import ContractSpec
from ib_trading.core.plan import Plan
from ib_trading.core.refusals import StrategyFailed
from ib_trading.core.snapshot import Snapshot
from ib_trading.strategies import KEEP, Contracts, Decision, Strategy, StrategyView
from tests.core.builders import (
    AAA,
    ALL_SPECS,
    BBB,
    answers,
    config,
    planned,
    quote,
    snapshot,
    spec,
    stock,
)

DDD = stock(4, "DDD")
PRICES = st.decimals("0.01", 100_000, places=2)
QUANTITIES = st.integers(-500, 500).map(Decimal)


@dataclass
class Decides(Strategy):
    """Answers `decision`, whatever it sees."""

    decision: Any
    instruments: tuple[ContractSpec, ...] = ALL_SPECS

    def decide(self, view: StrategyView) -> Any:
        return self.decision


def holding(
    held: Mapping[int, Decimal], prices: Mapping[int, Decimal] | None = None, **changes: Any
) -> Snapshot:
    """Alpha holds `held`, and it is all that the account has."""
    return moved(snapshot(holdings={"alpha": held}, positions=held, **changes), prices or {})


def moved(state: Snapshot, prices: Mapping[int, Decimal]) -> Snapshot:
    return replace(
        state, quotes={**state.quotes, **{one: quote(str(price)) for one, price in prices.items()}}
    )


def traded(plan: Plan, strategy: str = "alpha") -> dict[str, Decimal]:
    return {symbol: trade for symbol, trade in plan.trades[strategy].items() if trade}


@given(price=PRICES, held=QUANTITIES, working=QUANTITIES)
def test_what_is_kept_stays_at_any_price_with_what_is_at_work(
    price: Decimal, held: Decimal, working: Decimal
) -> None:
    state = holding({1: held}, {1: price}, working={"alpha": {1: working}})
    plan = planned(state, {"alpha": answers(AAA=KEEP)})
    assert plan.target_positions["alpha"]["AAA"] == held + working
    assert plan.orders == ()
    assert plan.kept == {"alpha": ("AAA",)}


@given(price=PRICES, held=QUANTITIES)
def test_beside_what_is_kept_the_rest_goes_to_its_weight(price: Decimal, held: Decimal) -> None:
    """BBB has 0.5 of 50,000 at 50 dollars; CCC, which is not mentioned, is closed."""
    state = holding({1: held, 3: Decimal(7)}, {1: price})
    plan = planned(state, {"alpha": answers(AAA=KEEP, BBB=0.5)})
    assert traded(plan) == {"BBB": 500, "CCC": -7}


def test_keep_as_the_whole_answer_keeps_also_what_it_holds_and_no_longer_names() -> None:
    held = {1: Decimal(10), 4: Decimal(-3)}
    state = snapshot(AAA, BBB, DDD, holdings={"alpha": held}, positions=held)
    plan = planned(state, {"alpha": Decides(KEEP, (spec(AAA), spec(BBB)))})
    assert plan.orders == ()
    assert plan.kept == {"alpha": ("AAA", "BBB", "DDD")}
    assert traded(planned(state, {"alpha": Decides({}, (spec(AAA), spec(BBB)))})) == {"AAA": -10, "DDD": 3}


@pytest.mark.parametrize(("numerator", "denominator"), [(4, 1), (2, 1), (1, 10), (3, 2)])
def test_a_split_changes_nothing_of_what_is_kept_before_and_after_the_ledger_knows(
    numerator: int, denominator: int
) -> None:
    """Four for one: a quarter of the price, and four times the shares, of which the ledger knows once a person has
    accepted the repair."""
    ratio = Decimal(numerator) / denominator
    price, shares = {1: 100 / ratio}, {1: 30 * ratio}
    told = moved(holding({1: Decimal(30)}), price)
    for held in ({1: Decimal(30)}, shares):
        state = replace(told, positions=shares, holdings={"alpha": held})
        assert planned(state, {"alpha": answers(AAA=KEEP)}).orders == ()
        assert planned(state, {"alpha": Decides(KEEP)}).orders == ()


@given(price=PRICES, other=st.integers(-200, 200).filter(bool))
def test_what_another_one_trades_in_it_is_the_other_one_s_alone(price: Decimal, other: int) -> None:
    state = holding({1: Decimal(10)}, {1: price})
    plan = planned(state, {"alpha": answers(AAA=KEEP), "beta": answers(AAA=Contracts(other))})
    [order] = plan.orders
    assert (order.signed, order.source) == (other, {"beta": other})
    assert plan.internal_crosses == ()


@given(price=PRICES, held=QUANTITIES, wanted=QUANTITIES, working=QUANTITIES)
def test_a_number_of_contracts_is_that_number_at_any_price(
    price: Decimal, held: Decimal, wanted: Decimal, working: Decimal
) -> None:
    state = holding({1: held}, {1: price}, working={"alpha": {1: working}})
    plan = planned(state, {"alpha": answers(AAA=Contracts(wanted))})
    assert plan.target_positions["alpha"]["AAA"] == wanted
    assert traded(plan).get("AAA", 0) == wanted - held - working


@pytest.mark.parametrize(("wanted", "target"), [(2.5, 2), (3.5, 4), (Decimal("-0.4"), 0), (7, 7), (0, 0)])
def test_a_part_of_a_contract_is_rounded_and_said_so(wanted: Any, target: int) -> None:
    plan = planned(holding({1: Decimal(1)}), {"alpha": answers(AAA=Contracts(wanted))})
    assert plan.target_positions["alpha"]["AAA"] == target
    assert any("AAA" in warning for warning in plan.warnings) is (wanted != target)


def test_the_limits_judge_a_number_of_contracts_as_they_judge_a_weight() -> None:
    """2,000 shares at 100 dollars, in an account of 100,000."""
    narrow = config(limits={"max_gross_leverage": Decimal(1)})
    plan = planned(snapshot(config=narrow), {"alpha": answers(AAA=Contracts(2000))})
    assert [(verdict.rule, verdict.value) for verdict in plan.refusals] == [
        ("gross leverage after the run", "2")
    ]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), "some", True, None, 1e13])
def test_a_number_that_is_none_is_the_strategy_s_failure(number: Any) -> None:
    with pytest.raises(StrategyFailed, match=r"alpha .*AAA"):
        planned(snapshot(), {"alpha": answers(AAA=Contracts(number))})


@pytest.mark.parametrize("words", [(KEEP, 0.5), (KEEP, Contracts(1)), (0.5, Contracts(1))])
@pytest.mark.parametrize("turn", [1, -1])
def test_two_things_of_one_contract_are_the_strategy_s_failure(words: tuple[Any, Any], turn: int) -> None:
    """By two spellings of it."""
    one, other = spec(AAA), replace(spec(AAA), exchange="ARCA")
    decided = dict(zip((one, other), words[::turn], strict=True))
    with pytest.raises(StrategyFailed, match="alpha said two different things of AAA"):
        planned(snapshot(), {"alpha": Decides(decided, (one, other))})


def test_two_numbers_by_two_spellings_of_one_contract_add_up() -> None:
    one, other = spec(AAA), replace(spec(AAA), exchange="ARCA")
    plan = planned(snapshot(), {"alpha": Decides({one: Contracts(2), other: Contracts(3)}, (one, other))})
    assert plan.target_positions["alpha"]["AAA"] == 5


def test_notes_and_a_memory_stand_in_the_plan_and_decide_nothing() -> None:
    weights = {spec(AAA): 0.5}
    notes = {"regime": "bullish", "macd": 1.27, "days": 3, "share": Decimal("0.10")}
    plain = planned(snapshot(), {"alpha": Decides(Decision(weights))})
    told = planned(snapshot(), {"alpha": Decides(Decision(weights, notes, memory={"b": [1], "a": "ü"}))})
    spelled = {"regime": "bullish", "macd": "1.27", "days": "3", "share": "0.10"}
    assert told.notes == {"alpha": spelled}
    assert json.loads(told.to_json())["notes"] == {"alpha": spelled}
    assert told.memories == {"alpha": '{"a":"ü","b":[1]}'}
    assert replace(told, notes=None, memories=None) == plain


def test_a_plan_of_weights_alone_says_nothing_of_all_that() -> None:
    """Its bytes are those of before there was anything else to say."""
    plan = json.loads(planned(snapshot(), {"alpha": answers(AAA=0.5)}).to_json())
    assert {"contracts", "kept", "notes", "memories"}.isdisjoint(plan)
