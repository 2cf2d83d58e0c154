"""A program that a test needs and the machine does not have: said on a person's machine, a failure in the pipeline."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.required import REMEDIES, remedies, tool

INSTALL = Path(__file__).parents[2] / ".ci" / "install"
PART_OF_DEBIAN = {"unshare"}
OF_ITS_OWN = {"pulumi"}
FOR_ITSELF = {"git"}
"""What the sessions clone with, and no test asks for."""


@pytest.fixture
def nothing_on_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.parametrize(
    ("ci", "outcome"), [(None, pytest.skip.Exception), ("true", pytest.fail.Exception)], ids=["person", "CI"]
)
def test_a_program_that_is_missing_is_named_with_its_remedy(
    nothing_on_path: None, monkeypatch: pytest.MonkeyPatch, ci: str | None, outcome: type[BaseException]
) -> None:
    monkeypatch.delenv("CI", raising=False)
    if ci:
        monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="no chromium on PATH: apt-get install chromium"):
        tool("chromium", "chromium-browser")


def test_a_program_counts_by_whatever_name_it_has(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "chromium-browser"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tool("chromium", "chromium-browser") == str(program)


def test_what_is_missing_is_said_all_at_once(nothing_on_path: None) -> None:
    assert remedies("buildah", "unshare") == ["apt-get install buildah", "apt-get install util-linux"]


def test_the_pipeline_installs_what_tests_ask_for() -> None:
    """One that it did not install would fail there, and be skipped everywhere else."""
    (installed,) = re.findall(r"for tool in (.+); do", INSTALL.read_text(encoding="utf-8"))
    assert set(installed.split()) - FOR_ITSELF == set(REMEDIES) - PART_OF_DEBIAN - OF_ITS_OWN
