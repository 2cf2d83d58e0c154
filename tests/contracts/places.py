"""Where each adapter of a store port keeps what it is given, so that a suite can open it again and again, in this
process and in others. A new adapter is one more class here and one more parameter in conftest.py.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import yaml

from app.adapters.local.duckdb_warehouse import DuckdbWarehouse
from app.adapters.local.sqlite_activity import SqliteActivity
from app.adapters.local.sqlite_database import SqliteDatabase
from app.adapters.local.sqlite_journal import SqliteJournal
from app.adapters.local.sqlite_positions import SqlitePositions
from app.adapters.local.stack_file import StackFile
from app.core.mode import TradingMode
from app.ports.activity_log import ActivityLog
from app.ports.journal_store import JournalStore
from app.ports.position_store import PositionStore
from app.ports.trading_config import TradingConfigSource
from app.ports.warehouse import Warehouse
from schema.trading_config import SECTION


@dataclass(frozen=True, slots=True)
class Stores:
    """What a process of the service has open."""

    journal: JournalStore
    positions: PositionStore
    activity: ActivityLog


class StorePlace(Protocol):
    """Can be pickled: other processes open it too."""

    def opened(self) -> AbstractContextManager[Stores]: ...


class WarehousePlace(Protocol):
    """Can be pickled: other processes open it too."""

    def opened(self) -> Warehouse: ...


class ConfigPlace(Protocol):
    def write(self, section: Mapping[str, object]) -> None:
        """What Pulumi does on deployment, or a person with an editor."""
        ...

    def opened(self) -> TradingConfigSource: ...


@dataclass(frozen=True, slots=True)
class SqliteFile:
    path: Path

    @contextmanager
    def opened(self) -> Generator[Stores]:
        database = SqliteDatabase(self.path)
        try:
            yield Stores(SqliteJournal(database), SqlitePositions(database), SqliteActivity(database))
        finally:
            database.close()


@dataclass(frozen=True, slots=True)
class DuckdbFile:
    path: Path

    def opened(self) -> Warehouse:
        return DuckdbWarehouse(self.path)


@dataclass(frozen=True, slots=True)
class BigqueryDataset:
    """A dataset at an emulator that runs at `address`."""

    address: str
    project: str
    dataset: str

    def opened(self) -> Warehouse:
        # Imported here: who runs the tests without the emulators has not installed it.
        from app.adapters.google.bigquery_warehouse import BigqueryWarehouse
        from app.adapters.google.clients import bigquery_client

        return BigqueryWarehouse(bigquery_client(self.project, self.address), self.project, self.dataset)


@dataclass(frozen=True, slots=True)
class StackFilePlace:
    path: Path

    def write(self, section: Mapping[str, object]) -> None:
        self.path.write_text(yaml.safe_dump({"config": {SECTION: dict(section)}}))

    def opened(self) -> TradingConfigSource:
        return StackFile(self.path, TradingMode.PAPER)
