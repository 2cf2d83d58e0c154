"""What the owner of a clone adds to it: a strategy in a file, a package that brings another, one whose modules have
names that are taken, and the strategy of the guide."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.docs.guide import steps, write
from workbench.new import begin

NEW = "./nox -s strategy -- new "
STRATEGY = '''"""All in one stock, by pandas."""

import pandas as pd

from ib_trading.strategies import Strategy, stocks


class {kind}(Strategy):
    """Says by pandas what it is told."""

    name = "{name}"
    instruments = stocks("{symbol}")

    def decide(self, view):
        return dict(zip(self.instruments, pd.Series([0.25, 0.25]).groupby([1, 1]).sum()))
'''
PROJECT = """[project]
name = "{project}"
version = "1"
license = "MIT"
dependencies = ["pandas"]

[project.entry-points."ib_trading.strategies"]
{name} = "{module}:{kind}"

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.hatch.build.targets.wheel]
only-include = {modules}
"""
PROJECTS = ("boxed-strategies", "shadowing-strategies")
CONFIGURED = 'strategies = ["pandas>=2.2", "boxed-strategies", "shadowing-strategies"]'
SOURCES = "[tool.uv.sources]\n" + "".join(
    f'{project} = {{ path = "libraries/{project}" }}\n' for project in PROJECTS
)


def add_strategies(clone: Path) -> None:
    """`filed` in a file of its own, `boxed` by an entry point, and `shadowing`, which cannot be there; locked."""
    of_the_service = clone / "app/ib_trading/strategies"
    (of_the_service / "filed.py").write_text(STRATEGY.format(kind="Filed", name="filed", symbol="JNJ"))
    boxed, shadowing = (clone / "libraries" / project for project in PROJECTS)
    boxed.mkdir()
    (boxed / "boxed.py").write_text(STRATEGY.format(kind="Boxed", name="boxed", symbol="PG"))
    _project(boxed, "boxed", ["boxed.py"])
    for module in ("ib_trading", "msgspec", "numpy"):
        (shadowing / module).mkdir(parents=True)
        (shadowing / module / "__init__.py").write_text('raise SystemExit("in the place of another")\n')
    (shadowing / "shadowing.py").write_text(STRATEGY.format(kind="Shadowing", name="shadowing", symbol="PG"))
    _project(shadowing, "shadowing", ["ib_trading", "msgspec", "numpy", "shadowing.py"])
    written = clone / "pyproject.toml"
    text = written.read_text()
    for old, new in (
        ('strategies = ["pandas>=2.2"]', CONFIGURED),
        ("[tool.uv.sources]\n", SOURCES),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    written.write_text(text)
    subprocess.run([sys.executable, "-I", "-m", "uv", "lock", "--quiet"], cwd=clone, check=True)


def follow_guide(clone: Path) -> None:
    """The strategy of docs/writing-a-strategy.md and its test, begun by the guide's own command. Its stack file is the
    tests' to mount: the clone's says what its owner deploys."""
    for step in steps():
        if isinstance(step, tuple) and step[0].endswith(".py"):
            write(clone, *step)
        elif isinstance(step, str) and step.startswith(NEW):
            begin(step.removeprefix(NEW), clone)


def _project(folder: Path, module: str, modules: list[str]) -> None:
    filled = PROJECT.format(
        project=folder.name, name=module, module=module, kind=module.capitalize(), modules=modules
    )
    (folder / "pyproject.toml").write_text(filled.replace("'", '"'))
