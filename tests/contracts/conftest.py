"""The adapters that each suite is run on. A suite asks for a place (see places.py) and knows no adapter."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from uuid import uuid4

import pytest

from app.ports.warehouse import Warehouse
from tests.contracts.places import (
    ConfigPlace,
    DuckdbFile,
    FirestoreConfigPlace,
    FirestoreProject,
    SqliteFile,
    StackFilePlace,
    StorePlace,
    Stores,
    WarehousePlace,
)


def _sqlite(request: pytest.FixtureRequest, folder: Path) -> StorePlace:
    return SqliteFile(folder / "paper.sqlite")


def _firestore(request: pytest.FixtureRequest, folder: Path) -> StorePlace:
    request.getfixturevalue("firestore_emulator")
    return FirestoreProject(f"test-{uuid4().hex}")


def _duckdb(folder: Path) -> WarehousePlace:
    return DuckdbFile(folder / "paper.duckdb")


def _stack_file(request: pytest.FixtureRequest, folder: Path) -> ConfigPlace:
    return StackFilePlace(folder / "Pulumi.paper.yaml")


def _firestore_config(request: pytest.FixtureRequest, folder: Path) -> ConfigPlace:
    request.getfixturevalue("firestore_emulator")
    return FirestoreConfigPlace(f"test-{uuid4().hex}")


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(_sqlite, id="sqlite"),
        # The emulator lets two that write the same documents wait long for each other.
        pytest.param(_firestore, id="firestore", marks=[pytest.mark.emulator, pytest.mark.timeout(240)]),
    ],
)
def new_place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], StorePlace]:
    """Makes empty places for journal, positions and activity."""
    return lambda: request.param(request, tmp_path_factory.mktemp("stores"))


@pytest.fixture
def place(new_place: Callable[[], StorePlace]) -> StorePlace:
    return new_place()


@pytest.fixture
def stores(place: StorePlace) -> Generator[Stores]:
    """`place`, opened by this process."""
    with place.opened() as stores:
        yield stores


@pytest.fixture(scope="session", params=[pytest.param(_duckdb, id="duckdb")])
def new_warehouse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], WarehousePlace]:
    """Makes empty places for market history."""
    return lambda: request.param(tmp_path_factory.mktemp("history"))


@pytest.fixture
def warehouse_place(new_warehouse: Callable[[], WarehousePlace]) -> WarehousePlace:
    return new_warehouse()


@pytest.fixture
def warehouse(warehouse_place: WarehousePlace) -> Warehouse:
    """`warehouse_place`, opened by this process."""
    return warehouse_place.opened()


@pytest.fixture(
    params=[
        pytest.param(_stack_file, id="stack-file"),
        pytest.param(_firestore_config, id="firestore", marks=pytest.mark.emulator),
    ]
)
def config_place(request: pytest.FixtureRequest, tmp_path: Path) -> ConfigPlace:
    """Where nobody has written a trading configuration yet."""
    return request.param(request, tmp_path)
