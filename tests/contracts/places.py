"""Where each adapter of a store port keeps what it is given, so that a suite can open it again and again, in this
process and in others. A new adapter is one more class here and one more parameter in conftest.py.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import yaml

from ib_trading.adapters.local.duckdb_warehouse import DuckdbWarehouse
from ib_trading.adapters.local.secret_file import SecretFile
from ib_trading.adapters.local.sqlite_activity import SqliteActivity
from ib_trading.adapters.local.sqlite_database import SqliteDatabase
from ib_trading.adapters.local.sqlite_journal import SqliteJournal
from ib_trading.adapters.local.sqlite_lease import gateway_lease, trading_lease
from ib_trading.adapters.local.sqlite_positions import SqlitePositions
from ib_trading.adapters.local.sqlite_spelling import columns_of, to_row
from ib_trading.adapters.local.stack_file import StackFile
from ib_trading.core.attribution import Booking
from ib_trading.core.canonical import camel
from ib_trading.core.earlier_orders import WERE_MISSING
from ib_trading.core.mode import TradingMode
from ib_trading.ports.activity_log import ActivityLog
from ib_trading.ports.journal_store import JournalWriter
from ib_trading.ports.lease import LeaseStore
from ib_trading.ports.position_store import PositionWriter
from ib_trading.ports.run_claims import RunClaims
from ib_trading.ports.secret_source import SecretSource
from ib_trading.ports.trading_config import TradingConfigSource
from ib_trading.ports.trading_switch import TradingSwitchStore
from ib_trading.ports.warehouse import Warehouse
from ib_trading.schema.documents import (
    BOOKINGS,
    OPEN_ORDERS,
    ORDERS,
    TOTALS,
    TOTALS_REACH,
    TRADING_FIELD,
    collection_path,
    configuration_path,
    document_id,
)
from ib_trading.schema.trading_config import SECTION

if TYPE_CHECKING:
    from google.cloud.firestore import Client as FirestoreClient

    from emulators.secret_manager import EmulatedSecrets


class Journal(RunClaims, JournalWriter, TradingSwitchStore, Protocol):
    """What each of the two journals is."""


@dataclass(frozen=True, slots=True)
class Stores:
    """What a process of the service has open."""

    journal: Journal
    positions: PositionWriter
    activity: ActivityLog
    trading_lease: LeaseStore
    gateway_lease: LeaseStore


class StorePlace(Protocol):
    """Can be pickled: other processes open it too."""

    def opened(self) -> AbstractContextManager[Stores]: ...

    def forget_totals(self) -> None:
        """Makes of it what a version of the program has left that knew of no totals."""
        ...

    def forget_what_orders_were(self) -> None:
        """Makes of it what a version of the program has left that kept an order's type and prices in the plan alone."""
        ...

    def book_without_totals(self, bookings: Sequence[Booking]) -> None:
        """What such a version still does that runs beside this one, or is gone back to."""
        ...


class WarehousePlace(Protocol):
    """Can be pickled: other processes open it too."""

    def opened(self) -> Warehouse: ...


class SecretPlace(Protocol):
    def write(self, payload: bytes) -> None:
        """What a person does who changes the password."""
        ...

    def opened(self) -> SecretSource: ...


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
            yield Stores(
                SqliteJournal(database),
                SqlitePositions(database),
                SqliteActivity(database),
                trading_lease(database),
                gateway_lease(database),
            )
        finally:
            database.close()

    def forget_totals(self) -> None:
        """The file takes the step again that made their tables."""
        with closing(sqlite3.connect(self.path)) as file, file:
            file.execute("DROP TABLE totals")
            file.execute("DROP TABLE totals_reach")
            _forget_what_orders_were(file)
            file.execute("PRAGMA user_version = 5")

    def forget_what_orders_were(self) -> None:
        with closing(sqlite3.connect(self.path)) as file, file:
            _forget_what_orders_were(file)
            file.execute("PRAGMA user_version = 6")

    def book_without_totals(self, bookings: Sequence[Booking]) -> None:
        with closing(sqlite3.connect(self.path)) as file, file:
            values = ", ".join(f":{name}" for name in columns_of(Booking))
            file.executemany(f"INSERT INTO bookings VALUES ({values})", map(to_row, bookings))


def _forget_what_orders_were(file: sqlite3.Connection) -> None:
    """Takes back the step that made these columns, and the one after it. Lives stood as pairs then."""
    file.execute("DROP TABLE former_names")
    file.execute("DROP TABLE memories")
    for name in WERE_MISSING:
        file.execute(f"ALTER TABLE orders DROP COLUMN {name}")
    for order_ref, life in file.execute("SELECT order_ref, life FROM orders").fetchall():
        pairs = [[moment["state"], moment["at"]] for moment in json.loads(life)]
        file.execute("UPDATE orders SET life = ? WHERE order_ref = ?", (json.dumps(pairs), order_ref))


@dataclass(frozen=True, slots=True)
class FirestoreProject:
    """A project of its own at the emulator that FIRESTORE_EMULATOR_HOST names, for every process that inherits it."""

    project: str

    @contextmanager
    def opened(self) -> Generator[Stores]:
        # Imported here: Google's clients are not installed where only the embedded stores are tested.
        from ib_trading.adapters.google.firestore_activity import FirestoreActivity
        from ib_trading.adapters.google.firestore_database import FirestoreDatabase
        from ib_trading.adapters.google.firestore_journal import FirestoreJournal
        from ib_trading.adapters.google.firestore_lease import gateway_lease, trading_lease
        from ib_trading.adapters.google.firestore_positions import FirestorePositions

        database, mode = FirestoreDatabase(self.project, "paper"), TradingMode.PAPER
        try:
            yield Stores(
                FirestoreJournal(database, mode),
                FirestorePositions(database, mode),
                FirestoreActivity(database, mode),
                trading_lease(database, mode),
                gateway_lease(database, mode),
            )
        finally:
            database.close()

    def forget_totals(self) -> None:
        with self._client() as client:
            client.recursive_delete(client.collection(collection_path("paper", TOTALS)))
            client.recursive_delete(client.collection(collection_path("paper", TOTALS_REACH)))

    def forget_what_orders_were(self) -> None:
        from google.cloud.firestore import DELETE_FIELD

        lacking = {camel(name): DELETE_FIELD for name in WERE_MISSING}
        with self._client() as client:
            for collection in (ORDERS, OPEN_ORDERS):
                for document in client.collection(collection_path("paper", collection)).list_documents():
                    document.update(lacking)

    def book_without_totals(self, bookings: Sequence[Booking]) -> None:
        from google.cloud.firestore import SERVER_TIMESTAMP

        from ib_trading.adapters.google.firestore_spelling import fields_of

        with self._client() as client:
            batch = client.batch()
            collection = client.collection(collection_path("paper", BOOKINGS))
            for place, one in enumerate(bookings):
                recorded = {"recordedAt": SERVER_TIMESTAMP, "place": place}
                batch.create(collection.document(document_id(one.booking_id)), fields_of(one) | recorded)
            batch.commit()

    @contextmanager
    def _client(self) -> Generator[FirestoreClient]:
        from google.cloud import firestore

        client = firestore.Client(project=self.project, database="paper")
        try:
            yield client
        finally:
            client.close()


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
        from ib_trading.adapters.google.bigquery_warehouse import BigqueryWarehouse
        from ib_trading.adapters.google.clients import bigquery_client

        return BigqueryWarehouse(bigquery_client(self.project, self.address), self.project, self.dataset)


@dataclass(frozen=True, slots=True)
class SecretFilePlace:
    path: Path

    def write(self, payload: bytes) -> None:
        self.path.unlink(missing_ok=True)
        self.path.touch(0o600)
        self.path.write_bytes(payload)

    def opened(self) -> SecretSource:
        return SecretFile(self.path)


@dataclass(frozen=True, slots=True)
class EmulatedSecret:
    secrets: EmulatedSecrets
    name: str

    def write(self, payload: bytes) -> None:
        from emulators.secret_manager import Version

        self.secrets.versions.setdefault(f"projects/demo/secrets/{self.name}", []).append(Version(payload))

    def opened(self) -> SecretSource:
        from ib_trading.adapters.google.clients import secret_manager_client
        from ib_trading.adapters.google.secret_manager import SecretManagerSource

        return SecretManagerSource(secret_manager_client(self.secrets.address), "demo", self.name)


@dataclass(frozen=True, slots=True)
class StackFilePlace:
    path: Path

    def write(self, section: Mapping[str, object]) -> None:
        self.path.write_text(yaml.safe_dump({"config": {SECTION: dict(section)}}))

    def opened(self) -> TradingConfigSource:
        return StackFile(self.path, TradingMode.PAPER)


@dataclass(frozen=True, slots=True)
class FirestoreConfigPlace:
    project: str

    def write(self, section: Mapping[str, object]) -> None:
        from google.cloud import firestore

        client = firestore.Client(project=self.project, database="paper")
        client.document(configuration_path("paper")).set({TRADING_FIELD: dict(section)})
        client.close()

    def opened(self) -> TradingConfigSource:
        from ib_trading.adapters.google.firestore_config import FirestoreConfig
        from ib_trading.adapters.google.firestore_database import FirestoreDatabase

        return FirestoreConfig(FirestoreDatabase(self.project, "paper"), TradingMode.PAPER)
