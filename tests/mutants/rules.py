"""Where the rules stand that are changed to try the tests."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def core() -> Path:
    """The folder of the rules, wherever below app/ it is."""
    return next(path.parent for path in sorted((ROOT / "app").glob("**/core/__init__.py")))


def sources(only: str) -> dict[str, str]:
    """Path → text of each file of core that has `only` in its path."""
    paths = (path.relative_to(ROOT).as_posix() for path in sorted(core().rglob("*.py")))
    return {path: (ROOT / path).read_text(encoding="utf-8") for path in paths if only in path}
