"""Who may trade with how much: the two forms of a strategy, its parameters, and the names that it had before."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ib_trading.core.positions import UNASSIGNED
from ib_trading.schema.exposure import RESERVED, StrategyInstance
from ib_trading.schema.trading_config import TradingConfig, TradingConfigError, instances, read_trading_config

FILE = "Pulumi.paper.yaml"
PLACE = f"{FILE}: ib-trading:trading.exposure.strategies"
FAST: dict[str, Any] = {"share": "0.3", "strategy": "macd", "parameters": {"fast": 8, "slow": 21}}


def read(**strategies: object) -> TradingConfig:
    return read_trading_config({"exposure": {"overall": "1", "strategies": strategies}}, FILE)


def fault(**strategies: object) -> str:
    with pytest.raises(TradingConfigError) as refused:
        read(**strategies)
    return str(refused.value)


def test_a_figure_alone_is_the_share_of_the_class_of_that_name() -> None:
    assert read(trend="0.5") == read(trend={"share": "0.5"})
    assert instances(read(trend="0.5")) == {
        "trend": StrategyInstance(share=Decimal("0.5"), strategy="trend", parameters={})
    }


def test_one_class_may_work_under_two_names_with_other_parameters() -> None:
    both = instances(read(macd={"share": "0.2"}, fast=FAST))
    assert {name: one.strategy for name, one in both.items()} == {"macd": "macd", "fast": "macd"}
    assert {name: one.parameters for name, one in both.items()} == {
        "macd": {},
        "fast": {"fast": 8, "slow": 21},
    }


def test_shares_of_both_forms_add_up() -> None:
    assert fault(trend="0.8", fast=FAST).startswith(f"{PLACE}: add up to 1.1, more than the whole")


@pytest.mark.parametrize("form", ["bare", "whole"])
@pytest.mark.parametrize("figure", ["-0.1", "NaN", "Infinity", "much", True, None, [], 0.5])
def test_a_share_that_is_none_is_refused_by_its_strategys_name_in_both_forms(
    form: str, figure: object
) -> None:
    assert fault(dummy="0.1", trend=figure if form == "bare" else {"share": figure}).startswith(
        f"{PLACE}.trend"
    )


def test_a_misspelt_key_is_named_with_its_strategy_and_the_nearest_one() -> None:
    assert fault(fast=FAST | {"renamed_from": []}) == (
        f"{PLACE}.fast.renamed_from: unknown key; did you mean 'renamedFrom'?"
    )
    assert fault(fast={"strategy": "macd"}).startswith(f"{PLACE}.fast: object missing required field `share`")


def test_all_strategies_that_are_none_are_told_at_once() -> None:
    assert fault(a="x", b={"share": "y"}).count(PLACE) == 2


@pytest.mark.parametrize("name", [*sorted(RESERVED), "", " "])
def test_a_name_that_the_ledger_or_a_plan_needs_for_itself_names_no_strategy(name: str) -> None:
    """A class could not be called so; an instance could have been, and would have traded what is nobody's."""
    assert "cannot name a strategy" in fault(**{name: {"share": "0.1", "strategy": "trend"}})
    assert "is no strategy's name" in fault(trend={"share": "0.1", "renamedFrom": [name]})


def test_what_is_nobodys_in_the_ledger_is_reserved() -> None:
    assert UNASSIGNED in RESERVED


class TestParameters:
    def test_any_of_them_is_passed_on_as_it_was_written(self) -> None:
        written = {
            "fast": 8,
            "of": ["SPY", {"weight": "0.5"}],
            "on": "true",
            "none": None,
            "deep": {"a": [1]},
        }
        assert read(macd=FAST | {"parameters": written}).exposure.strategies["macd"].parameters == written

    @pytest.mark.parametrize(
        ("parameters", "place"),
        [({"band": 0.5}, "band"), ({"a": {"b": [1, 0.1]}}, "a.b[1]"), ({"a": [{"b": 2.0}]}, "a[0].b")],
    )
    def test_a_fraction_is_in_quotes_however_deep(self, parameters: object, place: str) -> None:
        assert fault(macd=FAST | {"parameters": parameters}).startswith(
            f"{PLACE}.macd.parameters.{place}: write this figure in quotes"
        )

    @pytest.mark.parametrize("parameters", [{"grid": [[1]]}, {"a": {"grid": [{"b": [1, []]}]}}])
    def test_a_list_in_a_list_would_be_refused_by_the_deployment(self, parameters: object) -> None:
        assert "is a list in a list, which cannot be stored" in fault(macd=FAST | {"parameters": parameters})


class TestFormerNames:
    def test_one_strategy_may_have_several(self) -> None:
        merged = read(macd=FAST | {"renamedFrom": ["spymacdvixy", "old"]})
        assert merged.exposure.strategies["macd"].renamed_from == ("spymacdvixy", "old")

    def test_a_name_that_still_trades_is_nobodys_former_one(self) -> None:
        assert fault(trend="0.1", macd=FAST | {"renamedFrom": ["trend"]}) == (
            f"{PLACE}.macd.renamedFrom[0]: trend is still among exposure.strategies; take it out there, or here if"
            " it is another one"
        )

    def test_names_go_in_no_circle(self) -> None:
        text = fault(
            a={"share": "0", "renamedFrom": ["b"]},
            b={"share": "0", "renamedFrom": ["c"]},
            c={"share": "0", "renamedFrom": ["a"]},
        )
        assert text.count("is still among exposure.strategies") == 3
        assert "is the name that it has" in fault(a={"share": "0", "renamedFrom": ["a"]})

    def test_one_past_is_not_two_strategies(self) -> None:
        text = fault(a={"share": "0", "renamedFrom": ["x", "old"]}, b={"share": "0", "renamedFrom": ["old"]})
        assert text == (
            f"{PLACE}.b.renamedFrom[0]: old is already the former name of a; leave it with one of them"
        )

    def test_a_schedule_that_asks_for_a_former_name_stops_the_deployment(self) -> None:
        strategies = {"macd": FAST | {"renamedFrom": ["old"]}}
        morning = {"intent": "allocation", "cron": "0 10 * * *", "timeZone": "UTC"}
        section = {"exposure": {"overall": "1", "strategies": strategies}}
        bodies = [None, {"strategies": None}, {"strategies": ["macd"]}]
        schedules = [
            morning | {"body": body, "name": f"at-{n}"}
            for n, body in enumerate([*bodies, {"strategies": ["macd", "old"]}])
        ]
        assert read_trading_config(section | {"schedules": schedules[:3]}, FILE)
        with pytest.raises(TradingConfigError) as refused:
            read_trading_config(section | {"schedules": schedules}, FILE)
        assert str(refused.value) == (
            f"{FILE}: ib-trading:trading.schedules[3].body.strategies[1]: old is called macd now"
        )

    def test_a_name_that_is_there_twice_is_there_once(self) -> None:
        assert read(a={"share": "0", "renamedFrom": ["old", "old"]})
