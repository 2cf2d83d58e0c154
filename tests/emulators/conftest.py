"""A Firestore of its own for each test of this folder, with what can go wrong between it and the service."""

from __future__ import annotations

from collections.abc import Generator
from uuid import uuid4

import pytest

from emulators.firestore import HOST
from tests.contracts.places import FirestoreProject, Stores
from tests.emulators.grpc_faults import FaultyGrpc, faulty_grpc


@pytest.fixture
def faulty(firestore_emulator: str, monkeypatch: pytest.MonkeyPatch) -> Generator[FaultyGrpc]:
    with faulty_grpc(firestore_emulator) as faulty:
        monkeypatch.setenv(HOST, faulty.address)
        yield faulty


@pytest.fixture
def project() -> FirestoreProject:
    """Where nothing has been written yet."""
    return FirestoreProject(f"test-{uuid4().hex}")


@pytest.fixture
def stores(faulty: FaultyGrpc, project: FirestoreProject) -> Generator[Stores]:
    """`project`, opened by this process by way of `faulty`."""
    with project.opened() as stores:
        yield stores
