"""What a deployment is told of the strategies that its stack's file configures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.workbench.planted import installed

SOURCE = "Pulumi.paper.yaml"
PLACE = f"{SOURCE}: ib-trading:trading.exposure.strategies"
GOOD = """
class Planted(Strategy):
    name, instruments = "planted", (SPY,)

    class Parameters(Parameters, frozen=True):
        pace: Annotated[float, between(0.5, 2)] = 1.0
        side: Literal["long", "short"] = "long"

    def weights(self, view):
        return {SPY: 1}
"""
TYPING = "from typing import Annotated, Literal\n"


def told(environment: Mapping[str, str], **strategies: object) -> tuple[int, str]:
    """The exit code, and what was said of `strategies` as the file configures them."""
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "workbench.configured", SOURCE],
        input=json.dumps({"exposure": {"overall": "1", "strategies": strategies}}),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stderr == ""
    return ended.returncode, ended.stdout


def planted(folder: Path, **parameters: object) -> tuple[int, str]:
    strategy = {"share": "0.1", "strategy": "planted", "parameters": parameters}
    return told(installed(folder, TYPING + GOOD), mine=strategy)


def test_what_fits_is_told_by_nothing(tmp_path: Path) -> None:
    """Text that spells a figure is one, as the service reads it."""
    assert planted(tmp_path, pace="1.5", side="short") == (0, "")


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"pacee": "1"}, "pacee: unknown key; did you mean 'pace'?"),
        ({"pace": "0.4"}, "pace: expected `float` >= 0.5"),
        ({"pace": "quick"}, "pace: expected `float`, got `str`"),
        ({"pace": ["1"]}, "pace: expected `float`, got `array`"),
        ({"side": "flat"}, "side: invalid enum value 'flat'"),
    ],
)
def test_a_parameter_that_does_not_fit_is_named_with_its_path(
    tmp_path: Path, parameters: dict[str, object], says: str
) -> None:
    assert planted(tmp_path, **parameters) == (1, f"{PLACE}.mine has parameters that do not fit: {says}\n")


def test_everything_that_does_not_fit_is_told_at_once() -> None:
    code, said = told(
        os.environ,
        trend="0.1",
        dumy="0.1",
        a={"share": "0.1", "strategy": "macd_hedge", "parameters": {"fast": 1}},
        b={"share": "0.1", "strategy": "macd_hedge", "parameters": {"slow": 1}},
    )
    assert (code, said.count("\n")) == (1, 3)
    assert f"{PLACE} names dumy, which is not installed; did you mean 'dummy'?\n" in said
    assert f"{PLACE}.a has" in said and f"{PLACE}.b has" in said


def test_one_that_refuses_its_parameters_itself_is_told_with_its_line(tmp_path: Path) -> None:
    body = """
    class Planted(Strategy):
        name, instruments = "planted", (SPY,)

        def __init__(self):
            raise ValueError("fast must be below slow")

        def weights(self, view):
            return {}
    """
    code, said = told(installed(tmp_path, body), planted="0.1")
    assert code == 1
    assert said.startswith(f"{PLACE}.planted raised ValueError: fast must be below slow\n")
    assert f'{tmp_path / "planted.py"}", line ' in said


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("import no_such_library", "could not be imported: it raised ModuleNotFoundError"),
        ("raise SystemExit(0)", "could not be imported: it raised SystemExit"),
        ("import os; os._exit(3)", "could not be imported: it ended its process with exit status 3"),
    ],
)
def test_a_source_that_does_not_import_is_told_once_whoever_has_capital(
    tmp_path: Path, body: str, says: str
) -> None:
    """And its strategy is not called misspelt beside that."""
    environment = installed(tmp_path, body)
    for configured in ({"trend": "0.1"}, {"planted": "0.1"}):
        code, said = told(environment, **configured)
        assert code == 1
        assert said.startswith(f"planted = planted:Planted {says}") and PLACE not in said


def test_a_section_that_nobody_can_read_is_told_in_the_words_of_its_reader() -> None:
    code, said = told(os.environ, trend="1.5")
    assert code == 1 and said.startswith(f"{SOURCE}: ib-trading:trading.exposure.strategies: add up to 1.5")


def test_a_python_that_is_not_there_is_told(tmp_path: Path) -> None:
    code, said = told({**os.environ, "STRATEGY_PYTHON": str(tmp_path / "python")}, trend="0.1")
    assert code == 1 and str(tmp_path / "python") in said and "misspelt" not in said and PLACE not in said


def test_nobody_is_asked_where_another_version_is_deployed() -> None:
    assert told({**os.environ, "STRATEGY_CHECK": "off"}, no_such="0.1") == (0, "")
