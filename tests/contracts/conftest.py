"""The adapters that each suite is run on. A suite asks for a place (see places.py) and knows no adapter."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from uuid import uuid4

import pytest

from app.ports.warehouse import Warehouse
from tests.contracts.places import (
    BigqueryDataset,
    ConfigPlace,
    DuckdbFile,
    SqliteFile,
    StackFilePlace,
    StorePlace,
    Stores,
    WarehousePlace,
)


def _sqlite(folder: Path) -> StorePlace:
    return SqliteFile(folder / "paper.sqlite")


def _duckdb(request: pytest.FixtureRequest, folder: Path) -> WarehousePlace:
    return DuckdbFile(folder / "paper.duckdb")


def _bigquery(request: pytest.FixtureRequest, folder: Path) -> WarehousePlace:
    from tests.emulators.bigquery import PROJECT, make_tables

    address = request.getfixturevalue("bigquery_address")
    dataset = f"history_{uuid4().hex}"
    make_tables(address, PROJECT, dataset)
    return BigqueryDataset(address, PROJECT, dataset)


def _stack_file(folder: Path) -> ConfigPlace:
    return StackFilePlace(folder / "Pulumi.paper.yaml")


@pytest.fixture(scope="session", params=[pytest.param(_sqlite, id="sqlite")])
def new_place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], StorePlace]:
    """Makes empty places for journal, positions and activity."""
    return lambda: request.param(tmp_path_factory.mktemp("stores"))


@pytest.fixture
def place(new_place: Callable[[], StorePlace]) -> StorePlace:
    return new_place()


@pytest.fixture
def stores(place: StorePlace) -> Generator[Stores]:
    """`place`, opened by this process."""
    with place.opened() as stores:
        yield stores


@pytest.fixture(scope="session")
def bigquery_address(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """host:port of this process's BigQuery stand-in."""
    from tests.emulators.bigquery import emulated_bigquery

    with emulated_bigquery(tmp_path_factory.mktemp("bigquery")) as address:
        yield address


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(_duckdb, id="duckdb"),
        pytest.param(_bigquery, id="bigquery", marks=pytest.mark.emulator),
    ],
)
def new_warehouse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], WarehousePlace]:
    """Makes empty places for market history."""
    return lambda: request.param(request, tmp_path_factory.mktemp("history"))


@pytest.fixture
def warehouse_place(new_warehouse: Callable[[], WarehousePlace]) -> WarehousePlace:
    return new_warehouse()


@pytest.fixture
def warehouse(warehouse_place: WarehousePlace) -> Warehouse:
    """`warehouse_place`, opened by this process."""
    return warehouse_place.opened()


@pytest.fixture(params=[pytest.param(_stack_file, id="stack-file")])
def config_place(request: pytest.FixtureRequest, tmp_path: Path) -> ConfigPlace:
    """Where nobody has written a trading configuration yet."""
    return request.param(tmp_path)
