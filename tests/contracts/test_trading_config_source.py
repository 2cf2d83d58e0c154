"""What every TradingConfigSource owes a run: the configuration as it stands now, or the reason why it is unusable."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ib_trading.core.refusals import ConfigurationFault
from ib_trading.schema.exposure import StrategyInstance
from tests.contracts.places import ConfigPlace

EXPOSURE = {"overall": "0.90", "strategies": {"trend": "0.5", "dummy": 0}}


def test_what_is_written_is_read_and_the_rest_has_its_default(config_place: ConfigPlace) -> None:
    config_place.write({"exposure": EXPOSURE, "limits": {"maxOrdersPerRun": 7}})
    config = config_place.opened().read()
    assert config.exposure.overall == Decimal("0.90")
    assert config.exposure.strategies == {
        "trend": StrategyInstance(share=Decimal("0.5")),
        "dummy": StrategyInstance(share=Decimal(0)),
    }
    assert config.limits.max_orders_per_run == 7
    assert config.limits.max_gross_leverage == Decimal("1.1")


def test_a_strategy_of_another_class_with_parameters_is_read_as_it_was_written(
    config_place: ConfigPlace,
) -> None:
    parameters: dict[str, object] = {
        "fast": 8,
        "band": "0.05",
        "of": ["SPY", {"hedge": "VIXY"}],
        "none": None,
        "on": True,
    }
    fast = {"share": "0.3", "strategy": "macd", "parameters": parameters, "renamedFrom": ["spymacdvixy"]}
    config_place.write({"exposure": {"overall": "0.90", "strategies": {"macd fast": fast}}})
    assert config_place.opened().read().exposure.strategies == {
        "macd fast": StrategyInstance(
            share=Decimal("0.3"),
            strategy="macd",
            parameters=parameters,
            renamed_from=("spymacdvixy",),
        )
    }


def test_the_spellings_of_pulumi_config_set_count_as_what_they_spell(config_place: ConfigPlace) -> None:
    config_place.write({"exposure": EXPOSURE | {"allowLeverage": "true"}, "fillSeconds": "5"})
    config = config_place.opened().read()
    assert config.exposure.allow_leverage is True
    assert config.fill_seconds == 5


def test_a_change_is_seen_by_the_next_run(config_place: ConfigPlace) -> None:
    source = config_place.opened()
    config_place.write({"exposure": EXPOSURE})
    assert source.read().account is None
    config_place.write({"exposure": EXPOSURE, "account": "DU1234567"})
    assert source.read().account == "DU1234567"


def test_an_unknown_key_is_refused_with_the_nearest_known_one(config_place: ConfigPlace) -> None:
    config_place.write({"exposure": EXPOSURE, "limits": {"max_orders_per_run": 7}})
    with pytest.raises(ConfigurationFault, match=r"limits\.max_orders_per_run.*maxOrdersPerRun"):
        config_place.opened().read()


def test_a_missing_key_is_named(config_place: ConfigPlace) -> None:
    config_place.write({"limits": {}})
    with pytest.raises(ConfigurationFault, match="exposure"):
        config_place.opened().read()


def test_a_contradiction_is_refused(config_place: ConfigPlace) -> None:
    config_place.write({"exposure": {"overall": "1.5", "strategies": {}}})
    with pytest.raises(ConfigurationFault, match=r"exposure\.overall.*allowLeverage"):
        config_place.opened().read()


def test_no_configuration_at_all_is_a_fault(config_place: ConfigPlace) -> None:
    with pytest.raises(ConfigurationFault, match="ib-trading:trading"):
        config_place.opened().read()
