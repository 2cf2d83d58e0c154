"""Which of a README's commands are run, and what a failing one does."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.readme.blocks import RUNNING, Block, blocks, main, outer_environment


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    return tmp_path


def readme(clone: Path, *lines: str) -> Path:
    (clone / "README.md").write_text("\n".join(lines) + "\n")
    return clone / "README.md"


def test_only_blocks_fenced_as_sh_are_run() -> None:
    text = "# x\n```sh\ntrue\n```\n```console\n$ ./nox -s serve\n```\n```python\nimport x\n```\n```sh\nfalse\n```\n"
    assert blocks(text) == (Block(3, "true\n"), Block(12, "false\n"))


def test_of_the_tests_one_file_is_run_since_the_pipeline_runs_them_all_itself() -> None:
    (block,) = blocks("```sh\n./nox -s tests   # all of them\n./nox -s demo\n```\n")
    assert block.script == "./nox -s tests -- tests/core/test_mode.py\n./nox -s demo\n"


def test_blocks_that_work_are_a_success(clone: Path) -> None:
    assert main(readme(clone, "```sh", "test -f README.md", "```")) == 0


def test_a_command_that_fails_ends_its_block_and_the_run(clone: Path) -> None:
    marker = clone / "ran-on"
    told = main(readme(clone, "```sh", "false", f"touch {marker}", "```", "```sh", f"touch {marker}", "```"))
    assert told != 0
    assert not marker.exists()


def test_commands_see_no_ignored_and_every_new_file(clone: Path) -> None:
    (clone / ".gitignore").write_text("ignored\n")
    (clone / "ignored").touch()
    (clone / "new").touch()
    assert main(readme(clone, "```sh", "test -f new", "! test -e ignored", "```")) == 0


def test_a_readme_that_promises_nothing_fails(clone: Path) -> None:
    assert main(readme(clone, "```console", "$ true", "```")) == 1


def test_a_readme_that_runs_itself_fails(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RUNNING, "1")
    assert main(readme(clone, "```sh", "true", "```")) == 2


def test_commands_do_not_see_the_sessions_own_environment() -> None:
    outer = outer_environment(
        {"VIRTUAL_ENV": "/e", "PATH": "/e/bin:/usr/bin", "UV_PYTHON": "x", "HOME": "/h"}
    )
    assert outer == {"PATH": "/usr/bin", "HOME": "/h", RUNNING: "1"}
