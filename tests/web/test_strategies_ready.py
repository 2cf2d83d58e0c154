"""/ready names the strategies that cannot be run, and is ready all the same: the others go on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ib_trading.composition import check_buildable, create
from ib_trading.core.strategy import HOST, Failure, Offer, Offers
from ib_trading.host.in_process import InProcess
from ib_trading.settings import SettingsError, read_settings
from ib_trading.strategies.dummy import Dummy
from ib_trading.web.strategies_ready import strategies_ready
from tests.service import ServiceUnderTest, closed_port

THERE = (Offer("trend", "ib_trading.strategies.trend", ""), Offer("macd", "macd = macd:Macd", ""))
BROKEN = Failure(
    "ib_trading.strategies.hedge could not be imported: it raised ModuleNotFoundError: No module named 'talib'",
    traceback='Traceback (most recent call last):\n  File "/app/ib_trading/strategies/hedge.py", line 3, in <module>\n'
    "    import talib\nModuleNotFoundError: No module named 'talib'\n",
)


def test_while_they_are_imported_they_are_starting() -> None:
    assert strategies_ready(None, {"trend": "trend"}) == ("starting", "they are being imported")


def test_where_all_that_is_configured_is_there_all_is_well() -> None:
    assert strategies_ready(Offers(THERE), {"trend": "trend", "fast": "macd"}) == ("ok", "2 can be run")


def test_what_could_not_be_imported_is_named_with_the_line_that_failed() -> None:
    state, detail = strategies_ready(
        Offers(THERE, {"ib_trading.strategies.hedge": BROKEN}), {"trend": "trend"}
    )
    assert (state, detail) == (
        "degraded",
        f"{BROKEN.sentence} (/app/ib_trading/strategies/hedge.py, line 3)",
    )


@pytest.mark.parametrize(
    ("name", "strategy", "sentence"),
    [
        ("trent", "trent", "trent is configured and not there; did you mean 'trend'?"),
        ("fast", "macdd", "fast's class macdd is configured and not there; did you mean 'macd'?"),
    ],
)
def test_what_is_configured_and_not_there_is_named_with_the_nearest(
    name: str, strategy: str, sentence: str
) -> None:
    assert strategies_ready(Offers(THERE), {name: strategy, "trend": "trend"}) == ("degraded", sentence)


def test_where_no_strategy_can_be_asked_at_all_it_is_down() -> None:
    nobody = Offers(failures={HOST: Failure("the host of the strategies does not start")})
    assert strategies_ready(nobody, {"trend": "trend"}) == (
        "down",
        "the host of the strategies does not start",
    )


def test_a_service_with_a_strategy_that_cannot_be_imported_is_ready(tmp_path: Path) -> None:
    service = ServiceUnderTest.over(tmp_path, closed_port())
    services = replace(
        service.services, strategies=InProcess({"dummy": Dummy}, {"ib_trading.strategies.hedge": BROKEN})
    )
    answer = create(services).test_client().get("/ready").json
    assert answer is not None
    [strategies] = (one for one in answer["dependencies"] if one["name"] == "strategies")
    assert strategies["state"] == "degraded"
    assert "talib" in strategies["detail"] and "trend is configured and not there" in strategies["detail"]


def test_a_strategy_python_that_is_not_there_is_refused_before_anything_starts() -> None:
    settings = read_settings({"STRATEGY_PYTHON": "/opt/strategies/bin/pyton"})
    with pytest.raises(SettingsError, match="STRATEGY_PYTHON='/opt/strategies/bin/pyton' is no Python"):
        check_buildable(settings)
