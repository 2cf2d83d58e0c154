"""Which scenario files are taken, and how the others are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ib_trading_simulator.launch import Launched, LaunchError
from ib_trading_simulator.misbehaving.faults import NOT_BUILT, FaultError, fault_of
from ib_trading_simulator.misbehaving.scenario import SHIPPED, ScenarioError, read_scenario


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    """The same faults, in the same order."""
    toml, listed = tmp_path / "s.toml", tmp_path / "s.json"
    toml.write_text('[[faults]]\nwhen = {symbol = "KO", nth = 2}\nwhat = {do = "reject", reason = "no"}\n')
    listed.write_text('[{"when": {"symbol": "KO", "nth": 2}, "what": {"do": "reject", "reason": "no"}}]')
    assert read_scenario(toml).faults == read_scenario(listed).faults


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[[fault]]\nwhat = 'drop'", "did you mean 'faults'"),
        ("faults = []", "no faults"),
        ("faults = [", "cannot be read"),
        ("about = 5\n[[faults]]\nwhat = 'drop'", "about"),
    ],
)
def test_a_file_that_is_no_scenario_is_refused_with_the_nearest_word(
    tmp_path: Path, text: str, word: str
) -> None:
    """The sentence names the file and what would do."""
    path = tmp_path / "odd.toml"
    path.write_text(text)
    with pytest.raises(ScenarioError, match=word) as refused:
        read_scenario(path)
    assert "odd.toml" in str(refused.value)


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ("what = 'rejct'", "did you mean 'reject'"),
        ("what = 'slow drip'", "not built"),
        ("what = 'drop'\nwhen = {symbl = 'KO'}", "did you mean 'symbol'"),
        ("what = 'liquidate'\nwhen = {symbol = 'KO'}", "holds KO"),
    ],
)
def test_a_fault_that_cannot_be_followed_stops_the_start_by_its_number(
    tmp_path: Path, fault: str, word: str
) -> None:
    """Better no simulator than one that behaves where it should not."""
    path = tmp_path / "odd.toml"
    path.write_text(f"[[faults]]\nwhat = 'drop'\n[[faults]]\n{fault}\n")
    with pytest.raises(LaunchError, match=word) as refused:
        Launched.start("--scenario", path)
    assert "fault 2" in str(refused.value)


@pytest.mark.parametrize("name", NOT_BUILT)
def test_a_misfortune_that_is_not_built_is_refused_by_name(name: str) -> None:
    """Never ignored: a test that relies on it would pass for the wrong reason."""
    with pytest.raises(FaultError, match=f"'{name}' is not built"):
        fault_of({"what": name}, ())


@pytest.mark.parametrize("path", sorted(SHIPPED.iterdir()), ids=lambda path: path.stem)
def test_a_shipped_scenario_names_its_incident_and_the_correct_client(path: Path) -> None:
    """Without a source it would be a rumour."""
    scenario = read_scenario(path)
    assert scenario.about
    assert scenario.correct_client
    assert scenario.incident.startswith("https://")
