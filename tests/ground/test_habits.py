"""What surrounds the code and is believed without being looked at: hooks, cooldown, machines, versions, indexes."""

from __future__ import annotations

import ast
import configparser
import json
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DECISIONS = ROOT / "docs" / "decisions"
RELEASED = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$", re.MULTILINE)
PAGES = (
    "CONTRIBUTING.md",
    "SECURITY.md",
    "app/ib_trading/core/README.md",
    "docs/releasing.md",
    "docs/mutation.md",
    "docs/decisions/README.md",
)
COMMAND = re.compile(r"\./nox -s ([a-z0-9. -]+?)(?: -- |`|$)", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#:]+)\)")


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def loaded(path: str) -> Any:
    return yaml.safe_load(read(path))


def checks_of_lint() -> list[str]:
    """The names that `./nox -s lint` knows; noxfile.py is read and not imported, as no environment here has nox."""
    [lint] = [
        node
        for node in ast.parse(read("noxfile.py")).body
        if isinstance(node, ast.FunctionDef) and node.name == "lint"
    ]
    [checks] = [node for node in ast.walk(lint) if isinstance(node, ast.Dict)]
    return [ast.literal_eval(key) for key in checks.keys if key is not None]


def test_a_commit_is_checked_as_the_gate_checks_it() -> None:
    """Each check of `lint` is a hook, each hook is that check, and nothing is fetched that uv.lock does not pin."""
    [repository] = loaded(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    entries = {hook["id"]: hook["entry"] for hook in repository["hooks"]}
    assert entries == {name: f"./nox -s lint -- {name}" for name in checks_of_lint()}
    assert all(hook["language"] == "system" for hook in repository["hooks"])


@pytest.mark.parametrize(
    ("hook", "changed"),
    [
        ("shellcheck", "nox"),
        ("shellcheck", ".ci/install"),
        ("shellcheck", ".ci/run"),
        ("shellcheck", "images/application/cmd.sh"),
        ("hadolint", "images/base/Dockerfile"),
        ("lock", "pyproject.toml"),
        ("lock", "uv.lock"),
    ],
)
def test_a_hook_runs_when_what_it_reads_has_changed(hook: str, changed: str) -> None:
    hooks = {one["id"]: one for one in loaded(".pre-commit-config.yaml")["repos"][0]["hooks"]}
    assert (ROOT / changed).exists()
    assert re.search(hooks[hook]["files"], changed)


def test_whoever_takes_a_new_version_waits_the_same_time() -> None:
    """A robot that proposed what `uv lock` refuses would propose it every week."""
    waiting = {
        one["package-ecosystem"]: one["cooldown"] for one in loaded(".github/dependabot.yml")["updates"]
    }
    assert waiting == {"uv": {"default-days": 7}, "github-actions": {"default-days": 7}}
    assert PROJECT["tool"]["uv"]["exclude-newer"] == "7 days"
    assert tomllib.loads(read("uv.lock"))["options"]["exclude-newer-span"] == "P7D"


def test_a_machine_made_for_this_is_the_one_that_the_images_are_made_from() -> None:
    machine = json.loads(read(".devcontainer/devcontainer.json"))
    assert machine["image"] == tomllib.loads(read("images/pins.toml"))["python"]["image"]
    assert machine["postCreateCommand"].endswith("--install-only")


def test_an_editor_breaks_lines_where_ruff_does() -> None:
    said = configparser.ConfigParser()
    said.read_string(f"[top]\n{read('.editorconfig')}")
    assert said.getint("*.py", "max_line_length") == PROJECT["tool"]["ruff"]["line-length"]


def test_the_newest_release_is_the_version_that_the_project_says() -> None:
    """And what is not released yet stands above it."""
    changelog = read("CHANGELOG.md")
    released = RELEASED.findall(changelog)
    versions = [tuple(map(int, version.split("."))) for version, _ in released]
    assert released[0][0] == PROJECT["project"]["version"]
    assert versions == sorted(versions, reverse=True)
    assert all(date.fromisoformat(day) for _, day in released)
    assert changelog.index("## [Unreleased]\n") < changelog.index(f"## [{released[0][0]}]")


def test_every_decision_is_in_the_index_with_its_title_and_a_status() -> None:
    """A decision that nobody finds is taken again."""
    index = re.findall(
        r"^\| \[(\d{4})\]\((.+?)\) \| (.+) \| (.+) \|$", (DECISIONS / "README.md").read_text(), re.MULTILINE
    )
    wanted = []
    for path in sorted(DECISIONS.glob("[0-9]*.md")):
        [title] = re.findall(rf"\A# {int(path.name[:4])}\. (.+)\n", path.read_text(encoding="utf-8"))
        wanted.append((path.name[:4], path.name, title))
    assert [each[:3] for each in index] == wanted
    numbers = {each[0] for each in index}
    for number, *_, status in index:
        replaced = re.fullmatch(r"accepted|(?:partly )?replaced by (\d{4})", status)
        assert replaced, f"{number}: {status}"
        assert replaced[1] is None or replaced[1] in numbers - {number}


def test_the_law_of_core_names_the_laws_that_tests_enforce() -> None:
    law = read("app/ib_trading/core/README.md").rpartition("`tests/architecture/`")[2]
    named = set(re.findall(r"`([a-z_]+)`", law))
    enforced = {
        node.args[0].attr if isinstance(node.args[0], ast.Attribute) else ast.unparse(node.args[0])
        for path in (ROOT / "tests" / "architecture").glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "assert_obeyed"
    }
    assert named
    assert named <= enforced


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_points_to_is_there(page: str) -> None:
    text = read(page)
    for target in LINK.findall(text):
        assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"
    sessions = set(re.findall(r"^@nox\.session.*?\ndef (\w+)", read("noxfile.py"), re.MULTILINE | re.DOTALL))
    for command in COMMAND.findall(text):
        for session in command.split():
            assert session.partition("-3")[0].replace("-", "_") in sessions, f"{page}: {session}"


def test_a_commands_first_line_in_the_guide_runs_a_test_that_exists() -> None:
    for path in re.findall(r"tests/[\w/]+\.py", read("CONTRIBUTING.md")):
        assert (ROOT / path).is_file(), path
