"""The plan: a pure function of the snapshot, which holds everything that explains it and nothing of the run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.fx import FxRate, base_rate
from ib_trading.core.locks import Lock
from ib_trading.core.netting import InternalCross
from ib_trading.core.order_kind import Side
from ib_trading.core.plan import Plan
from ib_trading.core.refusals import SizingRefused, StrategyFailed
from ib_trading.core.snapshot import Snapshot
from ib_trading.strategies import Strategy
from tests.core.builders import (
    AAA,
    ALL_SPECS,
    BBB,
    CCC,
    NOW,
    Answers,
    Raises,
    answers,
    closes,
    config,
    planned,
    price,
    quote,
    snapshot,
    stock,
)

ROOT = Path(__file__).parents[2]


def full_snapshot() -> Snapshot:
    """Two currencies, holdings, a stranger's position, a cross and a refusal: something of everything."""
    swiss = replace(CCC, currency="CHF")
    return snapshot(
        AAA,
        BBB,
        swiss,
        stock(4, "DDD"),
        fx={"USD": base_rate("USD", NOW), "CHF": FxRate("CHF", Decimal("1.25"), "USD.CHF", NOW)},
        wanted={"alpha": (1, 2, 3), "beta": (1, 2, 3)},
        closes={1: closes("97.5", "99"), 2: closes("51")},
        positions={1: Decimal(20), 4: Decimal(7)},
        holdings={"alpha": {1: Decimal(15)}, "beta": {1: Decimal(5)}},
        config=config(limits={"max_orders_per_run": 1, "allowed_instruments": ("BBB", "AAA", "CCC")}),
    )


def full_strategies() -> Mapping[str, Strategy]:
    return {"beta": answers(AAA=-0.1, CCC=0.3), "alpha": answers(AAA=0.3, BBB="0.0001", CCC=0.2)}


def plan_of(state: Snapshot | None = None, **strategies: Strategy) -> Plan:
    return planned(state or snapshot(), strategies)


def as_json(plan: Plan) -> Any:
    return json.loads(plan.to_json(), parse_float=Decimal, parse_int=Decimal)


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_the_plan_is_the_same_bytes_in_another_process(hash_seed: str) -> None:
    """Whatever order that process's sets and hashes have."""
    written = subprocess.run(
        [sys.executable, "-m", "tests.core.plan_bytes"],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        check=True,
    ).stdout
    assert written == planned(full_snapshot(), full_strategies()).to_json()


def reversed_mappings(value: Any) -> Any:
    """An equal mapping whose keys were put in the other way round, and those of the mappings in it."""
    if not isinstance(value, Mapping):
        return value
    return {key: reversed_mappings(item) for key, item in reversed(value.items())}


def test_the_plan_does_not_depend_on_the_order_in_which_the_snapshot_was_read() -> None:
    state = full_snapshot()
    names = ("wanted", "instruments", "quotes", "fx", "closes", "positions", "holdings")
    other = replace(state, **{name: reversed_mappings(getattr(state, name)) for name in names})
    strategies = reversed_mappings(full_strategies())
    assert planned(other, strategies).to_json() == planned(state, full_strategies()).to_json()


def test_making_a_plan_changes_nothing_it_was_made_from() -> None:
    state = full_snapshot()
    planned(state, full_strategies())
    assert state == full_snapshot()


def test_equal_figures_of_another_scale_make_the_same_plan() -> None:
    one, other = (
        snapshot(),
        snapshot(
            net_liquidation=Decimal("100000.00"),
            quotes={1: quote("100.0"), 2: quote("50.00"), 3: quote("20.000")},
        ),
    )
    assert (
        plan_of(one, alpha=answers(AAA=0.2)).to_json() == plan_of(other, alpha=answers(AAA="0.20")).to_json()
    )


def test_the_plan_holds_no_run_and_no_reference() -> None:
    """A dry-run must be the same bytes as the run after it."""
    written = planned(full_snapshot(), full_strategies()).to_json().decode()
    assert not {"runId", "orderRef", "orderId", "timings", "dryRun"} & set(written.replace('"', " ").split())


def test_the_plan_says_why_each_contract_is_bought() -> None:
    """15 AAA are alpha's; 150 and −50 are the targets: 55 are crossed with beta, who has 5, and 80 bought."""
    written = as_json(planned(full_snapshot(), full_strategies()))
    assert written["capital"] == {"alpha": 50_000, "beta": 50_000}
    assert written["signals"]["alpha"] == {
        "AAA": Decimal("0.3"),
        "BBB": Decimal("0.0001"),
        "CCC": Decimal("0.2"),
    }
    assert written["holdings"] == {"alpha": {"AAA": 15}, "beta": {"AAA": 5}}
    assert written["targetPositions"]["alpha"] == {"AAA": 150, "BBB": 0, "CCC": 400}
    assert written["trades"]["beta"] == {"AAA": -55, "BBB": 0, "CCC": 600}
    assert written["internalCrosses"] == [
        {"conId": 1, "price": 100, "quantities": {"alpha": 55, "beta": -55}}
    ]
    assert written["consolidatedTrades"] == {"AAA": 80, "CCC": 1000}
    assert [order["source"] for order in written["orders"]] == [{"alpha": 80}, {"alpha": 400, "beta": 600}]
    assert written["prices"]["1"] == {
        "ageSeconds": 0,
        "asOf": "2024-06-03T15:00:00Z",
        "kind": "live",
        "price": 100,
        "source": "mid",
    }
    assert set(written["fx"]) == {"USD", "CHF"}
    assert written["contractIds"] == {"AAA": 1, "BBB": 2, "CCC": 3, "DDD": 4}
    assert written["warnings"] == [
        "alpha: weight 0.0001 of BBB rounds to zero contracts: 5.00 of capital, 50.00 a contract"
    ]


def test_every_limit_s_verdict_stands_in_the_plan_and_the_refusals_are_those_not_passed() -> None:
    plan = planned(full_snapshot(), full_strategies())
    assert [verdict.rule for verdict in plan.refusals] == ["orders per run"]
    assert {verdict.rule for verdict in plan.limits} > {"trading enabled", "weight per instrument"}


def test_orders_have_one_side_a_positive_quantity_and_sources_that_add_up_to_it() -> None:
    sells = answers(AAA="-0.1", BBB="0.1")
    orders = plan_of(alpha=sells, beta=sells).orders
    assert [(order.action, order.quantity) for order in orders] == [(Side.SELL, 100), (Side.BUY, 200)]
    for order in orders:
        assert abs(sum(order.source.values())) == order.quantity


def test_what_a_strategy_holds_and_no_longer_names_is_sold() -> None:
    state = snapshot(
        AAA,
        BBB,
        CCC,
        stock(4, "DDD"),
        wanted={"alpha": (1, 2, 3)},
        holdings={"alpha": {4: Decimal(9)}},
        positions={4: Decimal(9)},
    )
    (order,) = plan_of(state, alpha=answers()).orders
    assert (order.local_symbol, order.action, order.quantity) == ("DDD", Side.SELL, 9)


def test_what_nobody_s_strategy_holds_is_left_alone() -> None:
    state = snapshot(AAA, BBB, CCC, stock(4, "DDD"), wanted={"alpha": (1, 2, 3)}, positions={4: Decimal(9)})
    assert plan_of(state, alpha=answers()).orders == ()


def test_an_isolated_strategy_keeps_its_holdings_which_count_in_the_limits() -> None:
    """Beta's 900 AAA are 0.9 of the account, whether or not beta can say what it wants."""
    state = snapshot(
        config=config(on_strategy_error="isolate", limits={"max_gross_leverage": Decimal("0.95")}),
        holdings={"beta": {1: Decimal(900)}},
        positions={1: Decimal(900)},
    )
    plan = plan_of(state, alpha=answers(BBB="0.2"), beta=Raises(ALL_SPECS))
    assert [order.local_symbol for order in plan.orders] == ["BBB"]
    assert "beta" not in plan.trades
    assert plan.holdings["beta"] == {"AAA": 900}
    assert plan.warnings == ("strategy beta raised ZeroDivisionError: no returns; it stays at its holdings",)
    assert [verdict.rule for verdict in plan.refusals] == ["gross leverage after the run"]


def test_by_default_a_strategy_that_raises_leaves_no_plan() -> None:
    with pytest.raises(StrategyFailed):
        plan_of(alpha=answers(AAA="0.2"), beta=Raises(ALL_SPECS))


def test_without_a_price_there_is_no_plan() -> None:
    with pytest.raises(SizingRefused):
        plan_of(snapshot(quotes={}), alpha=answers(AAA="0.2"))


def test_opposite_trades_are_crossed_even_if_nothing_is_left_to_send() -> None:
    plan = plan_of(alpha=answers(AAA="0.2"), beta=answers(AAA="-0.2"))
    assert plan.orders == ()
    assert plan.internal_crosses == (
        InternalCross(1, price("100").price, {"alpha": Decimal(100), "beta": Decimal(-100)}),
    )


@pytest.mark.parametrize(("con_id", "told"), [(9, True), (1, False)])
def test_a_plan_says_what_it_leaves_out_because_the_broker_knows_no_such_contract(
    con_id: int, told: bool
) -> None:
    state = snapshot(locks=(Lock(con_id, "OLD", "ledger and broker differ"),))
    left_out = [text for text in plan_of(state, alpha=answers()).warnings if text.startswith("OLD: left out")]
    assert bool(left_out) is told


def test_two_contracts_of_one_symbol_are_told_apart() -> None:
    """One symbol at two exchanges: neither trade may overwrite the other in what a person reads."""
    state = snapshot(
        AAA, stock(2, "AAA"), wanted={"alpha": (1,), "beta": (1,)}, holdings={"alpha": {2: Decimal(9)}}
    )
    plan = plan_of(
        replace(state, wanted={"alpha": (1,)}), alpha=replace(answers(AAA="0.2"), instruments=ALL_SPECS[:1])
    )
    assert plan.contract_ids == {"AAA@1": 1, "AAA@2": 2}
    assert plan.consolidated_trades == {"AAA@1": 100, "AAA@2": -9}


@given(
    alpha=st.lists(st.decimals(-1, 1, places=3), min_size=3, max_size=3),
    beta=st.lists(st.decimals(-1, 1, places=3), min_size=3, max_size=3),
    held=st.lists(st.integers(-300, 300), min_size=6, max_size=6),
)
def test_after_the_plan_every_strategy_stands_at_its_target(
    alpha: list[Decimal], beta: list[Decimal], held: list[int]
) -> None:
    """Holdings, crosses and whole fills together; and planned again on that, nothing is left to do."""
    signals = {"alpha": dict(zip("ABC", alpha, strict=True)), "beta": dict(zip("ABC", beta, strict=True))}
    strategies = {
        name: Answers(ALL_SPECS, {letter * 3: weight for letter, weight in wanted.items()})
        for name, wanted in signals.items()
    }
    quantities = [Decimal(quantity) for quantity in held]
    holdings = {
        "alpha": dict(zip((1, 2, 3), quantities[:3], strict=True)),
        "beta": dict(zip((1, 2, 3), quantities[3:], strict=True)),
    }
    positions = {con_id: holdings["alpha"][con_id] + holdings["beta"][con_id] for con_id in (1, 2, 3)}
    plan = plan_of(snapshot(holdings=holdings, positions=positions), **strategies)
    after = {name: dict(of_one) for name, of_one in holdings.items()}
    for con_id, parts in [
        *((cross.con_id, cross.quantities) for cross in plan.internal_crosses),
        *((order.con_id, order.source) for order in plan.orders),
    ]:
        for name, quantity in parts.items():
            after[name][con_id] += quantity
    symbols = {1: "AAA", 2: "BBB", 3: "CCC"}
    assert {
        name: {symbols[con_id]: quantity for con_id, quantity in of_one.items()}
        for name, of_one in after.items()
    } == plan.target_positions
    again = plan_of(snapshot(holdings=after), **strategies)
    assert (again.orders, again.internal_crosses) == ((), ())
