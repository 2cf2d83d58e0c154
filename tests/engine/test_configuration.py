"""A mistake in a stack file stops `pulumi up` with one sentence, before anything is registered."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.checkout import Checkout

TRADING = "ib-trading:trading"
EXPOSURE: dict[str, Any] = {"exposure": {"overall": "0.5", "strategies": {}}}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"ib-trading:image": "app:latest"}, "ib-trading:image"),
        ({"ib-trading:operators": ["ann@example.com"]}, "ib-trading:operators"),
        ({TRADING: {"exposure": {"overall": "1.5", "strategies": {}}}}, "exposure.overall"),
        (
            {TRADING: {"exposure": {"overall": "1", "strategies": {"dummy": "0.6", "trend": "0.6"}}}},
            "add up to 1.2",
        ),
        (
            {
                TRADING: EXPOSURE
                | {"schedules": [{"intent": "alocation", "cron": "0 9 * * *", "timeZone": "Etc/UTC"}]}
            },
            "did you mean 'allocation'?",
        ),
        ({TRADING: EXPOSURE | {"account": "U7654321"}}, "ib-trading:trading.account: is no paper account"),
        ({"ib-trading:sharedProjekt": True}, "sharedProjekt"),
    ],
    ids=[
        "a tag for a digest",
        "an operator without a kind",
        "leverage that is not allowed",
        "strategies that add up to leverage",
        "a schedule for an unknown intent",
        "a live account in the paper stack",
        "an unknown key",
    ],
)
def test_a_bad_setting_registers_nothing(fresh: Checkout, values: dict[str, Any], says: str) -> None:
    """The file, the key and the remedy, in the words of the program; Google is not called, the state stays empty."""
    fresh.configure("paper", values)
    run = fresh.pulumi("up", "--yes", "--stack", "paper")
    assert run.code != 0
    assert says in run.text
    assert "Traceback" not in run.text
    assert fresh.world.calls() == []
    assert [each for each in fresh.resources("paper").values() if each["type"] != "pulumi:pulumi:Stack"] == []
