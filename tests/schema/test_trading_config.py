"""What a stack file may say about trading, and the sentence that it gets for a mistake."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from ib_trading.schema.exposure import StrategyInstance
from ib_trading.schema.trading_config import TradingConfig, TradingConfigError, read_trading_config

FILE = "Pulumi.paper.yaml"
HALF: dict[str, Any] = {"overall": "0.5", "strategies": {"trend": "0.6", "dummy": "0.4"}}


def read(**sections: Any) -> TradingConfig:
    return read_trading_config({"exposure": HALF} | sections, FILE)


def exposure(overall: object = "1", allow: object = False, **strategies: object) -> dict[str, Any]:
    return {"exposure": {"overall": overall, "strategies": strategies, "allowLeverage": allow}}


def fault(**sections: Any) -> str:
    with pytest.raises(TradingConfigError) as refused:
        read(**sections)
    return str(refused.value)


def test_exposure_alone_is_enough_and_the_rest_has_defaults() -> None:
    config = read()
    assert config.exposure.strategies == {
        "trend": StrategyInstance(share=Decimal("0.6")),
        "dummy": StrategyInstance(share=Decimal("0.4")),
    }
    assert (config.on_strategy_error, config.adaptive_priority, config.account) == ("refuse", "Normal", None)
    assert config.limits.max_weight_per_instrument == Decimal("0.25")


def test_without_exposure_there_is_no_configuration() -> None:
    with pytest.raises(TradingConfigError, match="missing required field `exposure`"):
        read_trading_config({}, FILE)


@pytest.mark.parametrize("raw", [None, "", [], "exposure"])
def test_what_is_no_section_is_refused_with_file_and_section(raw: object) -> None:
    with pytest.raises(
        TradingConfigError, match=r"^Pulumi\.paper\.yaml: ib-trading:trading: expected `object`"
    ):
        read_trading_config(raw, FILE)


@pytest.mark.parametrize(("spelt", "value"), [(True, True), ("true", True), (False, False), ("false", False)])
def test_both_spellings_of_truth_that_pulumi_writes_are_read(spelt: object, value: bool) -> None:
    assert read(**exposure("0.5", spelt)).exposure.allow_leverage is value


@pytest.mark.parametrize("spelt", [90, "90"])
def test_both_spellings_of_whole_numbers_are_read(spelt: object) -> None:
    assert read(priceMaxAgeSeconds=spelt).price_max_age_seconds == 90


@pytest.mark.parametrize("spelt", ["0.25", "2.5E-1", ".25"])
def test_figures_with_a_fraction_are_exact(spelt: str) -> None:
    assert read(limits={"maxWeightPerInstrument": spelt}).limits.max_weight_per_instrument == Decimal("0.25")


def test_a_figure_without_quotes_is_refused_with_the_remedy() -> None:
    assert fault(limits={"maxWeightPerInstrument": 0.25}) == (
        "Pulumi.paper.yaml: ib-trading:trading.limits.maxWeightPerInstrument: write this figure in quotes,"
        ' "0.25": a binary fraction is not exact'
    )


def test_an_unknown_key_is_refused_with_the_nearest_known_one() -> None:
    assert fault(limits={"max_gross_leverage": "1"}).endswith(
        "limits.max_gross_leverage: unknown key; did you mean 'maxGrossLeverage'?"
    )


@pytest.mark.parametrize("figure", ["-0.1", "NaN", "sNaN", "Infinity", "-Infinity"])
def test_an_exposure_is_a_fraction_from_zero_up(figure: str) -> None:
    assert "exposure.overall: " in fault(**exposure(figure))
    assert "exposure.strategies.trend: " in fault(**exposure(trend=figure))
    assert "is not a fraction of the capital" in fault(**exposure(figure, allow=True))


def test_an_exposure_of_zero_keeps_a_strategy_out_of_the_market() -> None:
    assert read(**exposure("0", trend="0")).exposure.overall == 0


def test_the_whole_account_may_work_and_not_a_millionth_more() -> None:
    assert read(**exposure("1", trend="0.7", dummy="0.3"))
    assert "exposure.overall: 1.000001 is more than the whole account" in fault(**exposure("1.000001"))
    assert "exposure.strategies: add up to 1.000001" in fault(**exposure(trend="0.7", dummy="0.300001"))


def test_leverage_is_had_by_saying_so() -> None:
    config = read(**exposure("2", allow=True, trend="1.5"))
    assert (config.exposure.overall, config.exposure.share("trend")) == (2, Decimal("1.5"))


LIMITS = [
    "maxNotionalPerOrder",
    "maxGrossLeverage",
    "maxNetLeverage",
    "maxWeightPerInstrument",
    "maxPriceMovePercent",
    "maxDailyLossPercent",
]


@pytest.mark.parametrize("key", LIMITS)
@pytest.mark.parametrize("figure", ["0", "-1", "NaN", "Infinity"])
def test_a_limit_is_a_figure_above_zero(key: str, figure: str) -> None:
    """NaN and infinity compare as nobody expects: a limit that is one would be none."""
    assert f"limits.{key}: {figure} lets nothing through" in fault(limits={key: figure})


@pytest.mark.parametrize("key", ["maxSpreadPercent", "maxBarJumpPercent", "maxCommissionPercent"])
@pytest.mark.parametrize("figure", ["0", "-1", "NaN", "Infinity"])
def test_a_price_check_is_a_percentage_above_zero(key: str, figure: str) -> None:
    assert f"{key}: {figure} lets nothing through" in fault(**{key: figure})


@pytest.mark.parametrize("figure", ["-0.01", "100", "NaN", "Infinity"])
def test_the_no_trade_band_is_a_percentage_below_a_hundred(figure: str) -> None:
    assert "is not a percentage from 0 to 100" in fault(minTradePercent=figure)
    assert read(minTradePercent="0").min_trade_percent == 0


def test_that_every_trade_is_worth_its_commission_is_said_with_null() -> None:
    assert read().max_commission_percent == Decimal("0.25")
    assert read(maxCommissionPercent=None).max_commission_percent is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("priceMaxAgeSeconds", -1),
        ("priceMaxAgeSeconds", "-1"),
        ("priceMaxAgeSeconds", True),
        ("retryCheckMinutes", -1),
        ("ordersInFlight", 0),
        ("ordersInFlight", 46),
        ("ordersInFlight", "46"),
        ("adaptivePriority", "normal"),
        ("onStrategyError", "ignore"),
        ("account", 1234567),
        ("account", {"secure": "AAABAEQaOuMZ"}),
    ],
)
def test_a_value_outside_its_range_or_type_is_refused_with_its_key(key: str, value: object) -> None:
    assert fault(**{key: value}).startswith(f"Pulumi.paper.yaml: ib-trading:trading.{key}: ")


@pytest.mark.parametrize("figure", ["-1", "NaN", "Infinity"])
def test_a_cash_threshold_is_an_amount_from_zero_up(figure: str) -> None:
    assert "cashBalanceThresholdInBaseCurrency" in fault(cashBalanceThresholdInBaseCurrency=figure)
    assert read(cashBalanceThresholdInBaseCurrency="0").cash_balance_threshold_in_base_currency == 0


def test_at_least_one_order_a_run_is_allowed() -> None:
    assert "limits.maxOrdersPerRun: " in fault(limits={"maxOrdersPerRun": 0})


def test_no_algo_is_said_with_null() -> None:
    assert read(adaptivePriority=None).adaptive_priority is None


def test_all_contradictions_are_told_at_once() -> None:
    text = fault(limits={"maxNetLeverage": "0"}, maxSpreadPercent="0", minTradePercent="-1")
    assert text.count(FILE) == 3


def test_every_figure_that_can_be_not_a_number_is_checked() -> None:
    """A Decimal that is added to the configuration must be added to the checks too."""

    def decimals(kind: type[Any]) -> list[str]:
        return [
            field.encode_name
            for field in msgspec.structs.fields(kind)
            if "Decimal" in str(field.type) and "dict" not in str(field.type)
        ]

    limits = TradingConfig(exposure=read().exposure).limits
    for key in decimals(TradingConfig):
        assert key in fault(**{key: "NaN"})
    for key in decimals(type(limits)):
        assert key in fault(limits={key: "NaN"})
    assert len(decimals(TradingConfig)) + len(decimals(type(limits))) >= 8
