"""The adapters that each suite is run on. A suite asks for a place (see places.py) and knows no adapter."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from emulators.programs import require_client
from ib_trading.ports.warehouse import Warehouse
from tests.contracts.places import (
    BigqueryDataset,
    ConfigPlace,
    DuckdbFile,
    EmulatedSecret,
    FirestoreConfigPlace,
    FirestoreProject,
    SecretFilePlace,
    SecretPlace,
    SqliteFile,
    StackFilePlace,
    StorePlace,
    Stores,
    WarehousePlace,
)
from tests.required import where_installed

if TYPE_CHECKING:
    from emulators.secret_manager import EmulatedSecrets

# Answers of the emulators take half a second each.
EMULATOR = (pytest.mark.emulator, pytest.mark.timeout(300))


def _sqlite(request: pytest.FixtureRequest, folder: Path) -> StorePlace:
    return SqliteFile(folder / "paper.sqlite")


def _duckdb(request: pytest.FixtureRequest, folder: Path, bar_sizes: Collection[str]) -> WarehousePlace:
    return DuckdbFile(folder / "paper.duckdb")


def _bigquery(request: pytest.FixtureRequest, folder: Path, bar_sizes: Collection[str]) -> WarehousePlace:
    from emulators.bigquery import PROJECT, make_tables

    address = request.getfixturevalue("bigquery_address")
    dataset = f"history_{uuid4().hex}"
    make_tables(address, PROJECT, dataset, bar_sizes)
    return BigqueryDataset(address, PROJECT, dataset)


def _secret_file(request: pytest.FixtureRequest, folder: Path) -> SecretPlace:
    return SecretFilePlace(folder / "credentials.json")


def _secret_manager(request: pytest.FixtureRequest, folder: Path) -> SecretPlace:
    return EmulatedSecret(request.getfixturevalue("secrets"), "ib-credentials")


def _firestore(request: pytest.FixtureRequest, folder: Path) -> StorePlace:
    request.getfixturevalue("firestore_emulator")
    return FirestoreProject(f"test-{uuid4().hex}")


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


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(_duckdb, id="duckdb"),
        pytest.param(_bigquery, id="bigquery", marks=EMULATOR),
    ],
)
def new_warehouse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., WarehousePlace]:
    """Makes empty places for market history of the bar sizes that it is called with."""
    return lambda *bar_sizes: request.param(request, tmp_path_factory.mktemp("history"), bar_sizes)


@pytest.fixture
def warehouse_place(new_warehouse: Callable[..., WarehousePlace]) -> WarehousePlace:
    return new_warehouse("1 min", "1 hour", "1 day")


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


@pytest.fixture
def secrets() -> Generator[EmulatedSecrets]:
    """A Secret Manager in which there is nothing yet."""
    with where_installed():
        require_client("google.cloud.secretmanager_v1", "Secret Manager")
    from emulators.secret_manager import emulated_secret_manager

    with emulated_secret_manager() as secrets:
        yield secrets


@pytest.fixture(
    params=[
        pytest.param(_secret_file, id="file"),
        pytest.param(_secret_manager, id="secret-manager", marks=EMULATOR),
    ]
)
def secret_place(request: pytest.FixtureRequest, tmp_path: Path) -> SecretPlace:
    """Where nobody has written credentials yet."""
    return request.param(request, tmp_path)
