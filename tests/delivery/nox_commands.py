"""The commands that pipelines run: `./nox -s SESSION … -- ARGUMENTS`, and what of noxfile.py and the sessions' programs
answers to them."""

from __future__ import annotations

import ast
import re
from contextlib import redirect_stderr
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
NOXFILE = ast.parse((REPOSITORY / "noxfile.py").read_text(encoding="utf-8"))
UNKNOWN = "--no-such-option"
IN_IMAGE = "--in-image"
"""The session's own: the program does not get it."""


@dataclass(frozen=True, slots=True)
class Command:
    """`sessions` as they are selected; `arguments` come after `--`."""

    sessions: tuple[str, ...]
    arguments: tuple[str, ...]

    @classmethod
    def read(cls, words: list[str]) -> Command:
        """AssertionError for anything but one `./nox -s …`."""
        assert words[:2] == ["./nox", "-s"], words
        chosen, _, arguments = " ".join(words[2:]).partition(" -- ")
        assert re.fullmatch(r"[a-z0-9.-]+( [a-z0-9.-]+)*", chosen), f"not one command: {words}"
        return cls(tuple(chosen.split()), tuple(arguments.split()))

    @property
    def program(self) -> tuple[str, ...]:
        """The module of delivery/ that its session runs, and what the session itself gives it; () for another."""
        [session] = self.sessions
        if session == "tests" and IN_IMAGE in self.arguments:
            return ("delivery.commands.tests_in_image", "unit")
        for call in ast.walk(_function(session)):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "_deliver":
                given = [ast.literal_eval(one.value) for one in call.keywords if one.arg == "arguments"]
                return (f"delivery.commands.{ast.literal_eval(call.args[1])}", *(given[0] if given else ()))
        return ()

    @property
    def words(self) -> tuple[str, ...]:
        """What comes after `python -m`: the program with all that it is given."""
        return (*self.program, *(word for word in self.arguments if word != IN_IMAGE))


def cloud_build(stack: str) -> list[Command]:
    """The steps of cloudbuild.yaml in their order, for the trigger of that stack."""
    build = yaml.safe_load((REPOSITORY / "cloudbuild.yaml").read_text(encoding="utf-8"))
    return [
        Command.read([step["entrypoint"], *(word.replace("$_STACK", stack) for word in step["args"])])
        for step in build["steps"]
    ]


def names() -> set[str]:
    """What can be selected: every session, and `tests-3.12` for each Python."""
    found = {
        re.search(r"name='([^']+)'", decorator)[1] if "name=" in decorator else function.name  # ty: ignore
        for function in _sessions()
        for decorator in map(ast.unparse, function.decorator_list)
        if decorator.startswith("nox.session")
    }
    pyproject = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    return found | {f"tests-{version}" for version in re.findall(r"Python :: (3\.\d+)", pyproject)}


def refusal(command: Command) -> str:
    """What the program says of these arguments with one more, which it cannot know: it gets no further than that, and
    names everything that it does not take."""
    module, *own = command.program
    said = StringIO()
    with redirect_stderr(said), pytest.raises(SystemExit) as ended:
        import_module(module).main([*own, *command.arguments, UNKNOWN])
    assert ended.value.code == 2, said.getvalue()
    return said.getvalue().strip().splitlines()[-1].partition("error: ")[2]


def _sessions() -> list[ast.FunctionDef]:
    return [
        node
        for node in NOXFILE.body
        if isinstance(node, ast.FunctionDef)
        and "nox.session" in "".join(map(ast.unparse, node.decorator_list))
    ]


def _function(session: str) -> ast.FunctionDef:
    return next(function for function in _sessions() if function.name == session.replace("-", "_"))
