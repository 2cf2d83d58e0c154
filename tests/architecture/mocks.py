"""How much of the tests is mocked. A mock agrees with whoever wrote it; the simulator and real stores do not."""

from __future__ import annotations

import ast

from tests.architecture.imports import below, imports
from tests.architecture.tree import parse

# The fixture of pytest-mock.
MOCKING_FIXTURE = "mocker"


def mock_uses(path: str, source: str) -> int:
    """Uses of a mock library in a test module: each mention of a name it imported, and each `mocker` argument."""
    if "mock" not in source:
        return 0
    tree = parse(source)
    libraries = [
        name for _, name in imports(path, source) if below(name, "unittest.mock") or below(name, "mock")
    ]
    names = {name.rpartition(".")[2] for name in libraries} | ({"mock"} if libraries else set())
    mentions = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in names]
    fixtures = [node for node in ast.walk(tree) if isinstance(node, ast.arg) and node.arg == MOCKING_FIXTURE]
    return len(mentions) + len(fixtures) + len(libraries)


def written_tests(source: str) -> int:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return sum(
        isinstance(node, functions) and node.name.startswith("test_") for node in ast.walk(parse(source))
    )
