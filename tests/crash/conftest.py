"""A folder of stores and a simulator for each test of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from ib_trading_simulator.launch import Launched
from tests.crash.processes import Ground
from tests.service import START


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    with Launched.start("--clock", "virtual", "--start", START, "--cash", "USD=1000000") as running:
        yield Ground(tmp_path, running)


@pytest.fixture(
    params=[
        "sqlite",
        # Fifty calls at once wait for each other in the emulator much longer than in Firestore.
        pytest.param("firestore", marks=[pytest.mark.emulator, pytest.mark.timeout(300)]),
    ]
)
def shared_ground(request: pytest.FixtureRequest, ground: Ground) -> Ground:
    """`ground`, with its stores where several processes of the service may have them."""
    if request.param == "sqlite":
        return ground
    request.getfixturevalue("firestore_emulator")
    return replace(ground, project=f"test-{uuid4().hex}")
