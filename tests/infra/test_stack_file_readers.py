"""The readers of a stack file agree: the service on this machine, the sessions around a deployment, the emulators, and
the Pulumi program, which gets its values from the engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from delivery.console.refusal import Refusal
from delivery.stack.stack_file import read_place, read_wanted
from emulators.deployment import read_section
from ib_trading.adapters.local.stack_file import StackFile
from ib_trading.core.mode import TradingMode
from ib_trading.core.refusals import ConfigurationFault
from ib_trading.schema.trading_config import TradingConfigError
from infra.stack_config import StackConfigError, read_stack_config
from tests.schema.stack_words import TWICE

FILE = """\
config:
  gcp:project: my-project
  gcp:region: europe-west6
  ib-trading:schedulesPaused: {paused}
  ib-trading:trading:
    exposure: {{overall: "0.5", strategies: {{trend: "0.5"}}, allowLeverage: {leverage}}}
"""


def service(folder: Path) -> object:
    try:
        return StackFile(folder / "Pulumi.paper.yaml", TradingMode.PAPER).read()
    except ConfigurationFault as error:
        return f"refused: {error.detail}"


def sessions(folder: Path) -> object:
    try:
        return read_place("paper", folder), read_wanted("paper", folder)
    except Refusal as error:
        return f"refused: {error}"


def emulators(folder: Path) -> object:
    try:
        return read_section(folder / "Pulumi.paper.yaml")
    except TradingConfigError as error:
        return f"refused: {error}"


READERS = (service, sessions, emulators)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(("text", "line"), TWICE)
def test_a_key_that_is_there_twice_is_refused_by_all_with_file_and_line(
    reader: Callable[[Path], object], text: str, line: int, tmp_path: Path
) -> None:
    """The sessions took the last one, without a word: another image, another project."""
    (tmp_path / "Pulumi.paper.yaml").write_text(text, encoding="utf-8")
    said = str(reader(tmp_path))
    assert said.startswith("refused: ")
    assert "Pulumi.paper.yaml" in said and f"line {line}, " in said and "is there twice" in said


@pytest.mark.parametrize("word", ["true", "True", "TRUE", '"true"', "false", '"false"'])
def test_a_word_of_the_engines_for_yes_or_no_is_one_to_all(word: str, tmp_path: Path) -> None:
    wanted = "true" in word.lower()
    (tmp_path / "Pulumi.paper.yaml").write_text(FILE.format(paused=word, leverage=word), encoding="utf-8")
    assert (
        StackFile(tmp_path / "Pulumi.paper.yaml", TradingMode.PAPER).read().exposure.allow_leverage is wanted
    )
    assert read_wanted("paper", tmp_path).schedules_paused is wanted


@pytest.mark.parametrize("word", ["on", "yes", "On", "off", "no"])
def test_a_word_that_is_text_to_the_engine_is_neither_yes_nor_no_to_any(word: str, tmp_path: Path) -> None:
    """PyYAML alone takes `on` for true: the emulators' service could have had leverage, and the deployed one not."""
    (tmp_path / "Pulumi.paper.yaml").write_text(FILE.format(paused=word, leverage=word), encoding="utf-8")
    assert str(service(tmp_path)).startswith(
        "refused: Pulumi.paper.yaml: ib-trading:trading.exposure.allowLeverage"
    )
    assert not read_wanted("paper", tmp_path).schedules_paused
    section = read_section(tmp_path / "Pulumi.paper.yaml")
    assert isinstance(section, dict) and section["exposure"]["allowLeverage"] == word
    # As the engine hands it over, whether it is text or not.
    values = {"gcp:project": "my-project", "gcp:region": "europe-west6", "ib-trading:schedulesPaused": word}
    values["ib-trading:trading"] = '{"exposure": {"overall": "0.5", "strategies": {"trend": "0.5"}}}'
    with pytest.raises(StackConfigError, match="schedulesPaused"):
        read_stack_config(values, "paper")
