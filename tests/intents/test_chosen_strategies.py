"""Whether all that the configuration gives capital to could be asked."""

from __future__ import annotations

from ib_trading.core.strategy import HOST, Failure
from ib_trading.host.in_process import InProcess
from ib_trading.intents.chosen_strategies import unfit
from ib_trading.schema.trading_config import TradingConfig, read_trading_config
from ib_trading.strategies.dummy import Dummy
from ib_trading.strategies.macd_hedge import MacdHedge

PLACE = "ib-trading:trading.exposure.strategies"
OFFERED = {"dummy": Dummy, "macd_hedge": MacdHedge}
BROKEN = {"ib_trading.strategies.hedge": Failure("ib_trading.strategies.hedge could not be imported")}


def configured(**strategies: object) -> TradingConfig:
    return read_trading_config({"exposure": {"overall": "1", "strategies": strategies}}, "a test")


def sentences(config: TradingConfig, failures: dict[str, Failure] | None = None) -> list[str]:
    return [failure.sentence for failure in unfit(InProcess(OFFERED, failures or {}), config)]


def macd(**parameters: object) -> dict[str, object]:
    return {"share": "0.1", "strategy": "macd_hedge", "parameters": parameters}


def test_what_takes_its_parameters_fits() -> None:
    assert sentences(configured(dummy="0.1", fast=macd(fast=8, slow="21"))) == []


def test_each_that_does_not_is_told() -> None:
    said = sentences(configured(dumy="0.1", a=macd(fast=99), b=macd(fsat=8), dummy="0.1"))
    assert said == [
        f"{PLACE} names dumy, which is not installed; did you mean 'dummy'?",
        f"{PLACE}.a has parameters that do not fit: fast: expected `int` <= 50",
        f"{PLACE}.b has parameters that do not fit: fsat: unknown key; did you mean 'fast'?",
    ]


def test_a_source_that_does_not_import_is_told_and_its_strategy_not_called_misspelt() -> None:
    broken = BROKEN["ib_trading.strategies.hedge"].sentence
    assert sentences(configured(dummy="0.1"), BROKEN) == [broken]
    assert sentences(configured(hedge="0.1"), BROKEN) == [broken]
    assert sentences(configured(hegde="0.1"), BROKEN) == [
        broken,
        f"{PLACE} names hegde, which is not installed; known here: dummy, macd_hedge",
    ]


def test_where_nobody_can_be_asked_that_is_all_that_is_told() -> None:
    nobody = InProcess({}, {HOST: Failure("no such Python")})
    assert [failure.sentence for failure in unfit(nobody, configured(trend="0.1"))] == ["no such Python"]
