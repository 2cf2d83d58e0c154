"""A folder of stores and a simulator for each test of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.launch import Launched
from tests.crash.processes import Ground
from tests.service import START


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    with Launched.start("--clock", "virtual", "--start", START, "--cash", "USD=1000000") as running:
        yield Ground(tmp_path, running)
