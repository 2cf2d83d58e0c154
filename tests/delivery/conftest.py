"""How long a test may take here: these start programs that start programs, and wait for other workers' stacks. What it
takes is the machine's business; the deadlines that are behaviour, each test sets itself."""

from __future__ import annotations

from pathlib import Path

import pytest

SECONDS = 900


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SECONDS))
