"""Builds the service out of settings: picks the adapters, hands them to the intents. The only importer of adapters."""

from __future__ import annotations

from flask import Flask

from app.intents.allocation import Allocation
from app.intents.cash_balancer import CashBalancer
from app.intents.close_all import CloseAll
from app.intents.collect_market_data import CollectMarketData
from app.intents.current_time import CurrentTime
from app.intents.services import Services
from app.intents.trade_reconciliation import TradeReconciliation
from app.intents.trading_enabled import TradingEnabled
from app.queries.explain import Explain
from app.queries.run import RunById
from app.queries.runs import Runs
from app.queries.schedule_check import ScheduleCheck
from app.queries.summary import Summary
from app.settings import Settings, SettingsError
from app.strategies.registry import load_strategies
from app.web.endpoint import Endpoint, of_intents
from app.web.routes import create_app


def check_buildable(settings: Settings) -> None:
    """SettingsError for what these settings ask of the service and it does not have; makes nothing."""
    if settings.backend == "google":
        raise SettingsError("BACKEND=google is not built yet; use BACKEND=local")
    if settings.gateway is None:
        raise SettingsError("IB_GATEWAY=ibc is not built yet; give the host:port of a running gateway")


def build_services(settings: Settings) -> Services:
    """Adapters for `settings`. Connects to nothing and opens nothing: that happens at the first request."""
    check_buildable(settings)
    assert settings.gateway is not None
    # Imported here, so that one backend does not load the other's libraries.
    from app.adapters.ib.session import IbGateway
    from app.adapters.local.clock import SystemClock
    from app.adapters.local.duckdb_warehouse import DuckdbWarehouse
    from app.adapters.local.sqlite_activity import SqliteActivity
    from app.adapters.local.sqlite_database import SqliteDatabase
    from app.adapters.local.sqlite_journal import SqliteJournal
    from app.adapters.local.sqlite_positions import SqlitePositions
    from app.adapters.local.stack_file import StackFile

    mode = settings.mode
    database = SqliteDatabase(settings.local_data_dir / f"{mode.value}.sqlite")
    return Services(
        name=settings.service,
        mode=mode,
        broker_clock=settings.clock == "broker",
        clock=SystemClock(),
        gateway=IbGateway(settings.gateway.host, settings.gateway.port, mode.client_id),
        config=StackFile(settings.trading_config, mode, settings.trading_account),
        journal=SqliteJournal(database),
        positions=SqlitePositions(database),
        activity=SqliteActivity(database),
        warehouse=DuckdbWarehouse(settings.local_data_dir / f"{mode.value}.duckdb"),
        strategies=load_strategies(),
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
