"""What code may touch: core nothing of the world, and the environment only app/ib_trading/settings.py."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.imports import below, imports
from tests.architecture.tree import APP, Violation, parse

# Modules through which a decision would depend on, or change, something other than its arguments.
WORLDLY_MODULES = (
    "asyncio http io locale logging multiprocessing os pathlib platform random secrets shutil signal socket "
    "sqlite3 structlog subprocess sys tempfile threading time urllib uuid"
).split()
CLOCKS = {"now", "utcnow", "today"}
WORLDLY_CALLS = {"open", "input", "print", "exec", "eval"}
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}


def core_is_pure(path: str, source: str) -> list[Violation]:
    """No clock, no chance, no file, no log: what core decides depends on its arguments alone."""
    remedy = "core decides from its arguments: let the intent read it and pass it in"
    touched = [
        *((line, name) for line, name in imports(path, source) if _is_worldly(name)),
        *_clock_and_file_reads(parse(source)),
    ]
    return [Violation(path, line, f"core uses {name}", remedy) for line, name in sorted(touched)]


def _is_worldly(name: str) -> bool:
    return any(below(name, module) for module in WORLDLY_MODULES)


def _clock_and_file_reads(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=attribute) if attribute in CLOCKS:
                yield node.lineno, ast.unparse(node)
            case ast.Call(func=ast.Name(id=name)) if name in WORLDLY_CALLS:
                yield node.lineno, f"{name}()"


def only_settings_read_the_environment(path: str, source: str) -> list[Violation]:
    if path == f"{APP}/settings.py":
        return []
    read = [
        *((line, name) for line, name in imports(path, source) if _is_environment(name)),
        *(
            (node.lineno, f"os.{node.attr}")
            for node in ast.walk(parse(source))
            if isinstance(node, ast.Attribute)
            and node.attr in ENVIRONMENT
            and isinstance(node.value, ast.Name)
            and node.value.id == "os"
        ),
    ]
    remedy = (
        "only app/ib_trading/settings.py reads the environment: add a setting, and take it as an argument"
    )
    return [Violation(path, line, f"uses {name}", remedy) for line, name in sorted(read)]


def _is_environment(name: str) -> bool:
    module, _, member = name.rpartition(".")
    return module == "os" and member in ENVIRONMENT
