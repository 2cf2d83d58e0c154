"""What the reader of stack files takes, and the one sentence it says about each thing it does not take."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from ib_trading.adapters.local.stack_file import StackFile
from ib_trading.core.mode import TradingMode
from ib_trading.core.refusals import ConfigurationFault
from ib_trading.schema.exposure import StrategyInstance

ROOT = Path(__file__).parents[2]
TRADING = """
config:
  ib-trading:trading:
    exposure: {overall: "0.9", strategies: {trend: "0.5"}}
"""


def stack_file(
    folder: Path, text: str, *, name: str = "Pulumi.paper.yaml", account: str | None = None
) -> StackFile:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return StackFile(path, TradingMode.PAPER, account)


def refusal(source: StackFile) -> str:
    with pytest.raises(ConfigurationFault) as refused:
        source.read()
    return refused.value.detail


@pytest.mark.parametrize("mode", TradingMode)
def test_the_stack_files_of_this_repository_can_be_read(mode: TradingMode) -> None:
    assert StackFile(ROOT / f"Pulumi.{mode.value}.yaml", mode).read().exposure.overall <= 1


class TestShapes:
    """The ways in which `pulumi config set` and people write the same section."""

    def test_as_set_with_path(self, tmp_path: Path) -> None:
        text = """
encryptionsalt: v1:iVmcj0u9Lxs=:v1:7pnD
config:
  gcp:project: my-project
  ib-trading:notificationAddress:
    secure: v1:fRXObMsLD/B+1XoY:ctB67pPp8PPC
  ib-trading:trading:
    exposure:
      overall: "0.50"
      strategies:
        trend: 1
      allowLeverage: true
    limits:
      allowedInstruments:
        - AAPL
    retryCheckMinutes: "5"
"""
        config = stack_file(tmp_path, text).read()
        assert config.exposure.overall == Decimal("0.50")
        assert config.exposure.strategies == {"trend": StrategyInstance(share=Decimal(1))}
        assert config.limits.allowed_instruments == ("AAPL",)
        assert config.retry_check_minutes == 5

    def test_as_set_with_json_for_the_whole_section(self, tmp_path: Path) -> None:
        text = """
config:
  ib-trading:trading: '{"exposure": {"overall": "0.5", "strategies": {"trend": 1}}}'
"""
        assert stack_file(tmp_path, text).read().exposure.overall == Decimal("0.5")

    def test_as_set_without_path_is_refused_because_the_deployment_would_not_see_it(
        self, tmp_path: Path
    ) -> None:
        text = TRADING + '  ib-trading:trading.retryCheckMinutes: "5"\n'
        said = refusal(stack_file(tmp_path, text))
        assert said.startswith("Pulumi.paper.yaml: ib-trading:trading.retryCheckMinutes: ")
        assert "--path" in said

    @pytest.mark.parametrize("name", ["on", "5", "null", "12:30", "2019-01-02"])
    def test_a_strategy_may_have_any_name(self, tmp_path: Path, name: str) -> None:
        text = TRADING.replace("trend", f'"{name}"')
        assert stack_file(tmp_path, text).read().exposure.strategies == {
            name: StrategyInstance(share=Decimal("0.5"))
        }

    @pytest.mark.parametrize("name", ["on", "5", "12:30"])
    def test_a_name_needs_no_quotes_where_the_engine_reads_the_same_word(
        self, tmp_path: Path, name: str
    ) -> None:
        text = TRADING.replace("trend", name)
        assert stack_file(tmp_path, text).read().exposure.strategies == {
            name: StrategyInstance(share=Decimal("0.5"))
        }

    @pytest.mark.parametrize("name", ["null", "2019-01-02", "007", "True", "1.50"])
    def test_a_name_that_the_deployment_would_spell_otherwise_is_refused(
        self, tmp_path: Path, name: str
    ) -> None:
        """`null` is the strategy `<nil>` to the engine, 007 is 7: tried out here, it would be another one there."""
        said = refusal(stack_file(tmp_path, TRADING.replace("trend", name)))
        assert said.startswith("Pulumi.paper.yaml: is not YAML: line 4, column ")
        assert f"the key {name} has another name to Pulumi; write it in quotes" in said


class TestFigures:
    @pytest.mark.parametrize("figure", ["0.50", ".5", "5e-1", "0.1000000000000000055"])
    def test_a_fraction_without_quotes_is_refused_as_it_was_written(
        self, tmp_path: Path, figure: str
    ) -> None:
        said = refusal(stack_file(tmp_path, TRADING.replace('"0.9"', figure)))
        assert said.startswith("Pulumi.paper.yaml: ib-trading:trading.exposure.overall: ")
        assert f'"{figure}"' in said

    def test_a_fraction_without_quotes_is_refused_in_json_as_well(self, tmp_path: Path) -> None:
        text = """
config:
  ib-trading:trading: '{"exposure": {"overall": 0.50, "strategies": {}}}'
"""
        assert '"0.50"' in refusal(stack_file(tmp_path, text))

    def test_a_key_that_is_there_twice_is_refused_with_its_place(self, tmp_path: Path) -> None:
        """Most readers silently take the last one: half the exposure, or twice."""
        said = refusal(stack_file(tmp_path, TRADING.replace('trend: "0.5"', 'trend: "0.5", trend: "0.1"')))
        assert "line 4" in said
        assert "'trend' is there twice" in said

    def test_a_key_that_is_there_twice_is_refused_in_json_as_well(self, tmp_path: Path) -> None:
        text = """
config:
  ib-trading:trading: '{"exposure": {"overall": "0.5", "overall": "1", "strategies": {}}}'
"""
        assert "'overall' is there twice" in refusal(stack_file(tmp_path, text))


class TestSecrets:
    SECRET = TRADING + "    account:\n      secure: v1:5tL+on2KVu7G6hkU:dddI7ZLbYeP1\n"

    def test_an_encrypted_account_names_the_variable_that_replaces_it(self, tmp_path: Path) -> None:
        said = refusal(stack_file(tmp_path, self.SECRET))
        assert said.startswith("Pulumi.paper.yaml: ib-trading:trading.account: ")
        assert "only Pulumi can read it" in said
        assert "TRADING_ACCOUNT" in said

    def test_the_variable_stands_in_for_an_encrypted_account(self, tmp_path: Path) -> None:
        assert stack_file(tmp_path, self.SECRET, account="DU7").read().account == "DU7"

    def test_the_variable_does_not_replace_an_account_that_can_be_read(self, tmp_path: Path) -> None:
        assert stack_file(tmp_path, TRADING + "    account: DU1\n", account="DU7").read().account == "DU1"

    def test_any_other_encrypted_value_is_named(self, tmp_path: Path) -> None:
        text = TRADING + "    limits:\n      allowedInstruments:\n        - secure: v1:x\n"
        said = refusal(stack_file(tmp_path, text))
        assert "ib-trading:trading.limits.allowedInstruments[0]: is encrypted" in said
        assert "write it openly" in said

    def test_an_encrypted_section_is_named(self, tmp_path: Path) -> None:
        said = refusal(stack_file(tmp_path, "config:\n  ib-trading:trading:\n    secure: v1:x\n"))
        assert "ib-trading:trading: is encrypted" in said


class TestMode:
    def test_the_live_file_is_refused_to_a_paper_service(self, tmp_path: Path) -> None:
        said = refusal(stack_file(tmp_path, TRADING, name="Pulumi.live.yaml"))
        assert said.startswith("Pulumi.live.yaml: ib-trading:tradingMode: is live")

    def test_what_the_file_says_of_its_mode_counts_more_than_its_name(self, tmp_path: Path) -> None:
        live = TRADING + "  ib-trading:tradingMode: live\n"
        assert "is live" in refusal(stack_file(tmp_path, live, name="Pulumi.second.yaml"))
        paper = TRADING + "  ib-trading:tradingMode: paper\n"
        assert stack_file(tmp_path, paper, name="Pulumi.live.yaml").read()


class TestUnreadable:
    def test_a_missing_file_is_named_with_the_remedy(self, tmp_path: Path) -> None:
        path = tmp_path / "Pulumi.paper.yaml"
        assert str(path) in refusal(StackFile(path, TradingMode.PAPER))

    def test_a_missing_section_is_named_with_what_is_there_instead(self, tmp_path: Path) -> None:
        said = refusal(stack_file(tmp_path, "config:\n  ib-trading:tradng: {}\n"))
        assert said == "Pulumi.paper.yaml: ib-trading:trading is missing; did you mean 'ib-trading:tradng'?"

    def test_text_that_is_no_json_is_named(self, tmp_path: Path) -> None:
        said = refusal(stack_file(tmp_path, "config:\n  ib-trading:trading: half\n"))
        assert said.startswith("Pulumi.paper.yaml: ib-trading:trading: neither a structure nor JSON")

    @pytest.mark.parametrize(
        "text",
        ["config: [", "config:\n\tib-trading:trading: {}", "? [a]\n: b", "!!python/object:os.system {}"],
    )
    def test_what_is_not_yaml_is_named_with_its_place(self, tmp_path: Path, text: str) -> None:
        said = refusal(stack_file(tmp_path, text))
        assert said.startswith("Pulumi.paper.yaml: is not YAML: line ")

    def test_bytes_that_are_no_text_are_named(self, tmp_path: Path) -> None:
        path = tmp_path / "Pulumi.paper.yaml"
        path.write_bytes(b"config: \xff\xfe")
        assert refusal(StackFile(path, TradingMode.PAPER)).startswith("Pulumi.paper.yaml: is not YAML: ")

    @pytest.mark.parametrize("text", ["", "config:", "config: 5", "- config", "name: ib-trading"])
    def test_a_file_without_configuration_is_named(self, tmp_path: Path, text: str) -> None:
        assert "has no config:" in refusal(stack_file(tmp_path, text))

    @pytest.mark.parametrize("section", ["", "[]", "5", "exposure"])
    def test_a_section_that_is_no_structure_is_named(self, tmp_path: Path, section: str) -> None:
        said = refusal(stack_file(tmp_path, f"config:\n  ib-trading:trading: {section}\n"))
        assert said.startswith("Pulumi.paper.yaml: ib-trading:trading: ")
