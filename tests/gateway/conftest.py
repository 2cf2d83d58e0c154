"""Whatever a test of this folder started is closed, and nothing of it is left."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Generator[Callable[..., Stage]]:
    """Builds a stage with these scenes."""
    built: list[Stage] = []

    def build(*scenes: Any, **options: Any) -> Stage:
        built.append(Stage.built(tmp_path, *scenes, **options))
        return built[-1]

    yield build
    for one in built:
        one.gateway.close()
        assert one.left_over() == []
        assert not (tmp_path / "run" / "config.ini").exists()
