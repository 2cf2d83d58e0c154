"""Builds the service out of settings: picks the adapters, hands them to the intents. The only importer of adapters."""

from __future__ import annotations

from dataclasses import dataclass
from socket import gethostname
from uuid import uuid4

from flask import Flask

from app.intents.allocation import Allocation
from app.intents.cash_balancer import CashBalancer
from app.intents.close_all import CloseAll
from app.intents.collect_market_data import CollectMarketData
from app.intents.current_time import CurrentTime
from app.intents.services import Services
from app.intents.trade_reconciliation import TradeReconciliation
from app.intents.trading_enabled import TradingEnabled
from app.ports.activity_log import ActivityLog
from app.ports.broker import BrokerSource
from app.ports.gateway_lease import GatewayLease
from app.ports.journal_store import JournalStore
from app.ports.position_store import PositionStore
from app.ports.secret_source import SecretSource
from app.ports.trading_config import TradingConfigSource
from app.ports.warehouse import Warehouse
from app.queries.explain import Explain
from app.queries.run import RunById
from app.queries.runs import Runs
from app.queries.schedule_check import ScheduleCheck
from app.queries.summary import Summary
from app.settings import Settings, SettingsError
from app.strategies.registry import load_strategies
from app.web.endpoint import Endpoint, of_intents
from app.web.routes import create_app
from schema.documents import gateway_lease_path


def check_buildable(settings: Settings) -> None:
    """SettingsError for what these settings ask of the service and it does not have; makes nothing."""
    if settings.gateway is not None:
        return
    script = settings.own_gateway.ibc_path / "scripts" / "ibcstart.sh"
    if not script.is_file():
        raise SettingsError(
            f"IB_GATEWAY=ibc needs IBC, and {script} is not there; run the image, or give host:port"
        )
    if settings.backend == "google" and not settings.secret_name:
        raise SettingsError("SECRET_NAME is not set; give the name of the secret with the credentials")


def build_services(settings: Settings) -> Services:
    """Adapters for `settings`. Connects to nothing and opens nothing: that happens at the first request."""
    check_buildable(settings)
    # Imported here, so that one backend does not load the other's libraries.
    from app.adapters.local.clock import SystemClock

    mode = settings.mode
    stores = _google_stores(settings) if settings.backend == "google" else _local_stores(settings)
    return Services(
        name=settings.service,
        mode=mode,
        broker_clock=settings.clock == "broker",
        clock=SystemClock(),
        gateway=_broker_source(settings, stores),
        config=stores.config,
        journal=stores.journal,
        positions=stores.positions,
        activity=stores.activity,
        warehouse=stores.warehouse,
        strategies=load_strategies(),
    )


def _broker_source(settings: Settings, stores: _Stores) -> BrokerSource:
    from app.adapters.ib.session import IbGateway

    address, client_id = settings.gateway, settings.mode.client_id
    if address is not None:
        return IbGateway(address.host, address.port, client_id)
    from app.adapters.ib.gateway.installation import Installation
    from app.adapters.ib.gateway.patience import Patience
    from app.adapters.ib.gateway.possession import Possession
    from app.adapters.ib.gateway.source import SupervisedGateway
    from app.adapters.ib.gateway.supervisor import Supervisor
    from app.adapters.local.clock import SystemClock

    own, patience = settings.own_gateway, Patience()
    supervisor = Supervisor(
        Installation(own.ibc_path, own.tws_path, own.folder, own.port, settings.mode, own.environment),
        build_secret_source(settings),
        Possession(stores.gateway_lease, SystemClock(), f"{gethostname()}-{uuid4().hex[:8]}", patience.lease),
        patience,
        persistent=own.always,
    )
    return SupervisedGateway(
        supervisor,
        IbGateway("127.0.0.1", own.port, client_id),
        lambda: stores.config.read().gateway_start_seconds,
        patience,
        always=own.always,
    )


def build_secret_source(settings: Settings) -> SecretSource:
    """Where the gateway's credentials are; opens nothing. SettingsError where BACKEND=google names no secret."""
    if settings.backend == "google":
        if not settings.secret_name:
            raise SettingsError("SECRET_NAME is not set; give the name of the secret with the credentials")
        from app.adapters.google.clients import secret_manager_client
        from app.adapters.google.secret_manager import SecretManagerSource

        client = secret_manager_client(settings.secret_manager_emulator)
        return SecretManagerSource(client, settings.project_id, settings.secret_name)
    from app.adapters.local.secret_file import SecretFile

    return SecretFile(settings.local_data_dir / f"{settings.mode.value}.credentials.json")


@dataclass(frozen=True, slots=True)
class _Stores:
    """What a backend is."""

    config: TradingConfigSource
    journal: JournalStore
    positions: PositionStore
    activity: ActivityLog
    warehouse: Warehouse
    gateway_lease: GatewayLease


def _local_stores(settings: Settings) -> _Stores:
    from app.adapters.local.duckdb_warehouse import DuckdbWarehouse
    from app.adapters.local.sqlite_activity import SqliteActivity
    from app.adapters.local.sqlite_database import SqliteDatabase
    from app.adapters.local.sqlite_journal import SqliteJournal
    from app.adapters.local.sqlite_lease import SqliteLease
    from app.adapters.local.sqlite_positions import SqlitePositions
    from app.adapters.local.stack_file import StackFile

    mode = settings.mode
    database = SqliteDatabase(settings.local_data_dir / f"{mode.value}.sqlite")
    return _Stores(
        config=StackFile(settings.trading_config, mode, settings.trading_account),
        journal=SqliteJournal(database),
        positions=SqlitePositions(database),
        activity=SqliteActivity(database),
        warehouse=DuckdbWarehouse(settings.local_data_dir / f"{mode.value}.duckdb"),
        gateway_lease=SqliteLease(database, "gateway_lease", "gateway session"),
    )


def _google_stores(settings: Settings) -> _Stores:
    from app.adapters.google.bigquery_warehouse import BigqueryWarehouse
    from app.adapters.google.clients import bigquery_client
    from app.adapters.google.firestore_activity import FirestoreActivity
    from app.adapters.google.firestore_config import FirestoreConfig
    from app.adapters.google.firestore_database import FirestoreDatabase
    from app.adapters.google.firestore_journal import FirestoreJournal
    from app.adapters.google.firestore_lease import FirestoreLease
    from app.adapters.google.firestore_positions import FirestorePositions

    mode, project = settings.mode, settings.project_id
    database = FirestoreDatabase(project, settings.firestore_database)
    client = bigquery_client(project, settings.bigquery_emulator)
    return _Stores(
        config=FirestoreConfig(database, mode),
        # Without `locks`, which the port is losing: a lock follows from the facts of the snapshot.
        journal=FirestoreJournal(database, mode),
        positions=FirestorePositions(database, mode),
        activity=FirestoreActivity(database, mode),
        warehouse=BigqueryWarehouse(client, project, settings.bigquery_dataset),
        gateway_lease=FirestoreLease(database, gateway_lease_path(mode.value), "gateway session"),
    )


def create(services: Services) -> Flask:
    """The application over `services`, with every intent there is."""
    intents = (
        Allocation(services),
        CashBalancer(services),
        CloseAll(services),
        CollectMarketData(services),
        CurrentTime(services),
        ScheduleCheck(services),
        Summary(services),
        TradeReconciliation(services),
    )
    others = (
        Endpoint("PUT", "/trading-enabled", TradingEnabled(services), recorded=True),
        Endpoint("GET", "/runs", Runs(services)),
        Endpoint("GET", "/runs/{runId}", RunById(services)),
        Endpoint("GET", "/explain/{orderRef}", Explain(services)),
    )
    return create_app(services, of_intents(intents) + others)
