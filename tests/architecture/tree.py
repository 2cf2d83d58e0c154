"""The project as the architecture tests read it: as text, never imported. Decides which files count.

A rule is a pure function (path, source) → violations, so that each can be shown to fail on a bad example.
"""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APP, CORE, SCHEMA = "app/ib_trading", "app/ib_trading/core", "app/ib_trading/schema"
SIMULATOR = "simulator/ib_trading_simulator"
PRODUCT = (APP, "bench", "delivery", "demo", "emulators", "infra", SIMULATOR, "workbench")
ROOTS_OF_SOURCES = ("app/", "simulator/")


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong where, and what to do instead."""

    path: str
    line: int
    wrong: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.wrong}; {self.remedy}"


Rule = Callable[[str, str], list[Violation]]


@cache
def tracked() -> tuple[str, ...]:
    """Every file that git tracks or would add, relative to the root; a tree without git counts file by file."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if (ROOT / ".git").exists():
        told = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        paths: Iterable[str] = told.split("\0")
    else:
        found = (path.relative_to(ROOT) for path in ROOT.rglob("*"))
        hidden = {
            ".git",
            ".nox",
            ".venv",
            ".pytest_cache",
            ".ruff_cache",
            ".hypothesis",
            ".local",
            "__pycache__",
        }
        paths = (path.as_posix() for path in found if not hidden.intersection(path.parts))
    return tuple(sorted(path for path in paths if path and (ROOT / path).is_file()))


def text_of(path: str) -> str:
    """The file's text; '' for one that is not text."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def module_name(path: str) -> str:
    """app/ib_trading/core/plan.py → ib_trading.core.plan: as it is imported."""
    for root in ROOTS_OF_SOURCES:
        path = path.removeprefix(root)
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def modules(*folders: str) -> tuple[str, ...]:
    """Every Python file below these folders; a file may be named too."""
    return tuple(
        path
        for path in tracked()
        if path.endswith(".py") and any(path == folder or path.startswith(f"{folder}/") for folder in folders)
    )


def assert_obeyed(rule: Rule, paths: Iterable[str]) -> None:
    """Fail with every violation of `rule` in `paths`, a line each."""
    violations = [violation for path in paths for violation in rule(path, text_of(path))]
    assert not violations, "\n".join(map(str, violations))


def parse(source: str) -> ast.Module:
    return ast.parse(source)
