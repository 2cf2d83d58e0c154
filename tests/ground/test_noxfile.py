"""noxfile.py: which tests a session runs. Read and not imported, for no environment of a test has nox."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def function(name: str) -> Callable[..., Any]:
    """The function of that name."""
    tree = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
    wanted: list[ast.stmt] = [
        each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == name
    ]
    found: dict[str, Callable[..., Any]] = {}
    exec(compile(ast.Module(wanted, []), "noxfile.py", "exec"), {"Path": Path, "Sequence": Sequence}, found)
    return found[name]


@pytest.fixture
def names_tests(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[str]], bool]:
    monkeypatch.chdir(ROOT)
    return function("_names_tests")


@pytest.mark.parametrize(
    "arguments",
    [
        ["tests/ground/test_noxfile.py"],
        ["-x", "tests/ground"],
        ["./tests/ground/test_noxfile.py::test_what_names_no_test_leaves_the_folder"],
        [str(ROOT / "tests" / "ground")],
    ],
)
def test_a_path_among_the_arguments_stands_for_the_folder(
    names_tests: Callable[[Sequence[str]], bool], arguments: list[str]
) -> None:
    """`./nox -s delivery -- tests/delivery/commands/test_push.py` ran the whole folder and that file."""
    assert names_tests(arguments)


@pytest.mark.parametrize(
    "arguments", [[], ["-k", "delivery"], ["-m", "tests"], ["--pdb"], ["tests/no_such.py"]]
)
def test_what_names_no_test_leaves_the_folder(
    names_tests: Callable[[Sequence[str]], bool], arguments: list[str]
) -> None:
    """A word that a folder of the project happens to be called after selects by name, and no path."""
    assert not names_tests(arguments)


def test_how_long_all_tests_take_is_told_as_it_was_here_the_last_time(tmp_path: Path) -> None:
    usually, last_time = function("_usually"), tmp_path / "tests-3.12.seconds"
    assert usually(last_time) == "usually 3 to 6 minutes on two cores"
    last_time.write_text("264")
    assert usually(last_time) == "4 min 24 s here the last time"
