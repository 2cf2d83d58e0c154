"""A mistake in a stack file stops `pulumi up` with one sentence, before anything is registered."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.checkout import Checkout

TRADING = "ib-trading:trading"
EXPOSURE: dict[str, Any] = {"exposure": {"overall": "0.5", "strategies": {}}}


def strategies(**configured: object) -> dict[str, Any]:
    return {TRADING: {"exposure": {"overall": "0.5", "strategies": configured}}}


def macd(**parameters: object) -> dict[str, Any]:
    return strategies(m={"share": "0.1", "strategy": "macd_hedge", "parameters": parameters})


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
        (
            strategies(trend="0.5", mcd="0.1"),
            "Pulumi.paper.yaml: ib-trading:trading.exposure.strategies names mcd, which is not installed",
        ),
        (
            strategies(m={"share": "0.1", "strategy": "macd_hegde"}),
            "exposure.strategies.m.strategy names macd_hegde, which is not installed; did you mean 'macd_hedge'?",
        ),
        (
            macd(fsat=8),
            "exposure.strategies.m has parameters that do not fit: fsat: unknown key; did you mean 'fast'?",
        ),
        (macd(fast=51), "exposure.strategies.m has parameters that do not fit: fast: expected `int` <= 50"),
        (
            macd(slow="long"),
            "exposure.strategies.m has parameters that do not fit: slow: expected `int`, got `str`",
        ),
    ],
    ids=[
        "a tag for a digest",
        "an operator without a kind",
        "leverage that is not allowed",
        "strategies that add up to leverage",
        "a schedule for an unknown intent",
        "a live account in the paper stack",
        "an unknown key",
        "a strategy that nobody wrote",
        "a class that nobody wrote",
        "a parameter that it has not",
        "a parameter out of its bounds",
        "a parameter of another type",
    ],
)
def test_a_bad_setting_registers_nothing(fresh: Checkout, values: dict[str, Any], says: str) -> None:
    """The file, the key and the remedy, in the words of the program; Google is not called, the state stays empty."""
    fresh.configure("paper", values)
    said = refused(fresh, "up", "--yes")
    assert says in said
    assert "Traceback" not in said


@pytest.mark.parametrize("command", [["up", "--yes"], ["preview"]], ids=["up", "preview"])
def test_a_strategy_that_does_not_import_registers_nothing(fresh: Checkout, command: list[str]) -> None:
    """File, line and reason; it need not be configured: the image would have it."""
    module = fresh.project / "app/ib_trading/strategies/half_done.py"
    module.write_text("from ib_trading.strategies import Strategy\n\nclass Half(Strategy:\n")
    said = refused(fresh, *command)
    assert "ib_trading.strategies.half_done could not be imported: it raised SyntaxError" in said
    assert f'File "{module}", line 3' in said


def refused(checkout: Checkout, *command: str) -> str:
    """What was said, nothing having been asked of Google or recorded."""
    run = checkout.pulumi(*command, "--stack", "paper")
    assert run.code != 0
    assert checkout.world.calls() == []
    assert {each["type"] for each in checkout.resources("paper").values()} <= {"pulumi:pulumi:Stack"}
    return run.text
