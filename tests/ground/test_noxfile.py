"""noxfile.py: which tests a session runs. Read and not imported, for no environment of a test has nox."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def names_tests(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[str]], bool]:
    """The function of that name."""
    monkeypatch.chdir(ROOT)
    tree = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
    wanted: list[ast.stmt] = [
        each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == "_names_tests"
    ]
    found: dict[str, Callable[[Sequence[str]], bool]] = {}
    exec(compile(ast.Module(wanted, []), "noxfile.py", "exec"), {"Path": Path, "Sequence": Sequence}, found)
    return found["_names_tests"]


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
    """`./nox -s delivery -- tests/delivery/test_push.py` ran the whole folder and that file."""
    assert names_tests(arguments)


@pytest.mark.parametrize(
    "arguments", [[], ["-k", "delivery"], ["-m", "tests"], ["--pdb"], ["tests/no_such.py"]]
)
def test_what_names_no_test_leaves_the_folder(
    names_tests: Callable[[Sequence[str]], bool], arguments: list[str]
) -> None:
    """A word that a folder of the project happens to be called after selects by name, and no path."""
    assert not names_tests(arguments)
