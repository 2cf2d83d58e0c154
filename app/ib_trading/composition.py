"""Builds the service out of settings: picks the adapters, hands them to the intents. The only importer of adapters."""

from __future__ import annotations

from dataclasses import dataclass
from socket import gethostname
from uuid import uuid4

from flask import Flask

from ib_trading.intents.allocation import Allocation
from ib_trading.intents.cash_balancer import CashBalancer
from ib_trading.intents.close_all import CloseAll
from ib_trading.intents.collect_market_data import CollectMarketData
from ib_trading.intents.current_time import CurrentTime
from ib_trading.intents.leased_ledger import Books
from ib_trading.intents.services import Services
from ib_trading.intents.trade_reconciliation import TradeReconciliation
from ib_trading.intents.trading_enabled import TradingEnabled
from ib_trading.ports.activity_log import ActivityLog
from ib_trading.ports.broker import BrokerSource
from ib_trading.ports.lease import LeaseStore
from ib_trading.ports.run_claims import RunClaims
from ib_trading.ports.secret_source import SecretSource
from ib_trading.ports.trading_config import TradingConfigSource
from ib_trading.ports.trading_switch import TradingSwitchStore
from ib_trading.ports.warehouse import Warehouse
from ib_trading.queries.explain import Explain
from ib_trading.queries.run import RunById
from ib_trading.queries.runs import Runs
from ib_trading.queries.schedule_check import ScheduleCheck
from ib_trading.queries.summary import Summary
from ib_trading.settings import Settings, SettingsError
from ib_trading.web.endpoint import Endpoint, of_intents
from ib_trading.web.responses import HttpResponses
from ib_trading.web.routes import create_app


def check_buildable(settings: Settings) -> None:
    """SettingsError for what these settings ask of the service and it does not have; makes nothing."""
    if not settings.strategy_python.is_file():
        raise SettingsError(
            f"STRATEGY_PYTHON={str(settings.strategy_python)!r} is no Python; give the interpreter of the environment"
            " that has the strategies' libraries, or unset it"
        )
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
    from ib_trading.adapters.local.clock import SystemClock
    from ib_trading.adapters.local.strategy_host import StrategyHost

    mode = settings.mode
    stores = _google_stores(settings) if settings.backend == "google" else _local_stores(settings)
    return Services(
        name=settings.service,
        project_id=settings.project_id,
        mode=mode,
        broker_clock=settings.clock == "broker",
        clock=SystemClock(),
        gateway=_broker_source(settings, stores),
        config=stores.config,
        claims=stores.claims,
        switch=stores.switch,
        books=stores.books,
        activity=stores.activity,
        warehouse=stores.warehouse,
        strategies=StrategyHost(settings.strategy_python, settings.strategy_environment),
        responses=HttpResponses(mode),
    )


def _broker_source(settings: Settings, stores: _Stores) -> BrokerSource:
    from ib_trading.adapters.ib.session import IbGateway

    address, client_id = settings.gateway, settings.mode.client_id
    if address is not None:
        return IbGateway(address.host, address.port, client_id)
    from ib_trading.adapters.ib.gateway.installation import Installation
    from ib_trading.adapters.ib.gateway.session_lease import SessionLease
    from ib_trading.adapters.ib.gateway.source import SupervisedGateway
    from ib_trading.adapters.ib.gateway.supervisor import Supervisor
    from ib_trading.adapters.ib.gateway.timeouts import GatewayTimeouts
    from ib_trading.adapters.local.clock import SystemClock

    own, timeouts = settings.own_gateway, GatewayTimeouts()
    supervisor = Supervisor(
        Installation(
            own.ibc_path,
            own.tws_path,
            own.folder,
            own.port,
            settings.mode,
            own.environment,
            own.second_factor_device,
            own.log_components,
        ),
        build_secret_source(settings),
        SessionLease(
            stores.gateway_lease, SystemClock(), f"{gethostname()}-{uuid4().hex[:8]}", timeouts.lease
        ),
        timeouts,
        persistent=own.always,
    )
    return SupervisedGateway(
        supervisor,
        IbGateway("127.0.0.1", own.port, client_id),
        lambda: stores.config.read().gateway_start_seconds,
        timeouts,
        always=own.always,
    )


def build_secret_source(settings: Settings) -> SecretSource:
    """Where the gateway's credentials are; opens nothing. SettingsError where BACKEND=google names no secret."""
    if settings.backend == "google":
        if not settings.secret_name:
            raise SettingsError("SECRET_NAME is not set; give the name of the secret with the credentials")
        from ib_trading.adapters.google.clients import secret_manager_client
        from ib_trading.adapters.google.secret_manager import SecretManagerSource

        client = secret_manager_client(settings.secret_manager_emulator)
        return SecretManagerSource(client, settings.project_id, settings.secret_name)
    from ib_trading.adapters.local.secret_file import SecretFile

    return SecretFile(settings.local_data_dir / f"{settings.mode.value}.credentials.json")


@dataclass(frozen=True, slots=True)
class _Stores:
    """What a backend is."""

    config: TradingConfigSource
    claims: RunClaims
    switch: TradingSwitchStore
    books: Books
    activity: ActivityLog
    warehouse: Warehouse
    gateway_lease: LeaseStore


def _local_stores(settings: Settings) -> _Stores:
    from ib_trading.adapters.local.duckdb_warehouse import DuckdbWarehouse
    from ib_trading.adapters.local.sqlite_activity import SqliteActivity
    from ib_trading.adapters.local.sqlite_database import SqliteDatabase
    from ib_trading.adapters.local.sqlite_journal import SqliteJournal
    from ib_trading.adapters.local.sqlite_lease import gateway_lease, trading_lease
    from ib_trading.adapters.local.sqlite_positions import SqlitePositions
    from ib_trading.adapters.local.stack_file import StackFile

    mode = settings.mode
    database = SqliteDatabase(settings.local_data_dir / f"{mode.value}.sqlite")
    journal = SqliteJournal(database)
    return _Stores(
        config=StackFile(settings.trading_config, mode, settings.trading_account),
        claims=journal,
        switch=journal,
        books=Books(journal, SqlitePositions(database), trading_lease(database)),
        activity=SqliteActivity(database),
        warehouse=DuckdbWarehouse(settings.local_data_dir / f"{mode.value}.duckdb"),
        gateway_lease=gateway_lease(database),
    )


def _google_stores(settings: Settings) -> _Stores:
    from ib_trading.adapters.google.bigquery_warehouse import BigqueryWarehouse
    from ib_trading.adapters.google.clients import bigquery_client
    from ib_trading.adapters.google.firestore_activity import FirestoreActivity
    from ib_trading.adapters.google.firestore_config import FirestoreConfig
    from ib_trading.adapters.google.firestore_database import FirestoreDatabase
    from ib_trading.adapters.google.firestore_journal import FirestoreJournal
    from ib_trading.adapters.google.firestore_lease import gateway_lease, trading_lease
    from ib_trading.adapters.google.firestore_positions import FirestorePositions

    mode, project = settings.mode, settings.project_id
    database = FirestoreDatabase(project, settings.firestore_database)
    client = bigquery_client(project, settings.bigquery_emulator)
    journal = FirestoreJournal(database, mode)
    return _Stores(
        config=FirestoreConfig(database, mode),
        claims=journal,
        switch=journal,
        books=Books(journal, FirestorePositions(database, mode), trading_lease(database, mode)),
        activity=FirestoreActivity(database, mode),
        warehouse=BigqueryWarehouse(client, project, settings.bigquery_dataset),
        gateway_lease=gateway_lease(database, mode),
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
