"""Composes the components and exports what people and commands need. Makes no resource of its own."""

from __future__ import annotations

import pulumi

from ib_trading.schema.documents import TRADING_FIELD
from infra.components.alerts import Alerts
from infra.components.broker_secrets import BrokerSecrets
from infra.components.budget import Budget, BudgetSettings
from infra.components.build_pipeline import BuildPipeline, BuildPipelineSettings
from infra.components.enabled_apis import EnabledApis
from infra.components.encryption_key import EncryptionKey
from infra.components.image_registry import ImageRegistry
from infra.components.network import Network
from infra.components.position_database import PositionDatabase, PositionDatabaseSettings
from infra.components.runtime_identity import RuntimeIdentity
from infra.components.schedules import Schedules
from infra.components.trading_service import TradingService, TradingServiceSettings
from infra.components.warehouse import Warehouse, WarehouseSettings
from infra.firestore_values import document_fields
from infra.site import Site
from infra.stack_config import StackConfig


def deploy(config: StackConfig) -> None:
    """Registers everything that the stack owns. Without an image that is all but the service and what rests on it."""
    settings, site = config.settings, _site(config)
    identity = RuntimeIdentity(site, settings.operators)
    registry = ImageRegistry(site, config.mode, settings.retention.image_days)
    environment = _stores(config, site, identity)
    network = Network(site) if settings.static_egress_address else None
    service = None
    if settings.image:
        service = TradingService(
            site,
            identity.email,
            TradingServiceSettings(settings.image, config.gateway_lifetime, environment),
            network,
        )
        service.let_invoke("operator", identity.operator_member)
        Schedules(site, service, config.trading.schedules, paused=settings.schedules_paused)
    # Secret whether or not the file keeps it so: it is a person's.
    address = settings.notification_address
    alerts = Alerts(
        site, pulumi.Output.secret(address) if address else None, with_service=service is not None
    )
    _options(config, site, registry, identity, service, alerts)
    _export(config, environment, registry, identity, service, network)


def _site(config: StackConfig) -> Site:
    settings = config.settings
    options = {
        "compute": settings.static_egress_address,
        "cloudbuild": bool(settings.build.repository),
        "cloudkms": bool(settings.customer_managed_key or settings.build.state_key),
        "billingbudgets": bool(settings.budget.amount),
    }
    names = config.names
    apis = EnabledApis(names.project, [api for api, wanted in options.items() if wanted])
    key_name = settings.customer_managed_key
    key = EncryptionKey(key_name, apis) if key_name else None
    return Site(names, config.region, names.labels(settings.labels), apis, key)


def _stores(config: StackConfig, site: Site, identity: RuntimeIdentity) -> dict[str, pulumi.Input[str]]:
    """Everything that keeps something; answers the environment in which the service finds it."""
    retention = config.settings.retention
    secrets = BrokerSecrets(site, identity.member, retention.secret_version_days)
    warehouse = Warehouse(
        site,
        identity.member,
        WarehouseSettings(retention.history_undo_days * 24, test_table=config.mode == "paper"),
    )
    fields: pulumi.Input[str] = document_fields({TRADING_FIELD: config.section})
    database = PositionDatabase(
        site,
        pulumi.Output.secret(fields) if config.section_is_secret else fields,
        PositionDatabaseSettings(config.mode, retention.backup_days, retention.point_in_time_recovery),
    )
    return {
        "PROJECT_ID": site.project,
        "TRADING_MODE": config.mode,
        "BACKEND": "google",
        "FIRESTORE_DATABASE": database.name,
        "BIGQUERY_DATASET": warehouse.dataset_id,
        "SECRET_NAME": secrets.secret_id,
        "GATEWAY_LIFETIME": config.gateway_lifetime,
    }


def _options(
    config: StackConfig,
    site: Site,
    registry: ImageRegistry,
    identity: RuntimeIdentity,
    service: TradingService | None,
    alerts: Alerts,
) -> None:
    build, budget = config.settings.build, config.settings.budget
    if build.repository:
        pipeline = BuildPipelineSettings(
            build.repository,
            build.branch,
            build.state_bucket,
            build.state_key,
            counted=bool(config.caller.counted_in),
        )
        BuildPipeline(site, pipeline, registry, identity, service)
    if budget.amount:
        month = BudgetSettings(budget.amount, budget.currency, budget.billing_account)
        Budget(site, month, alerts.channels)


def _export(
    config: StackConfig,
    environment: dict[str, pulumi.Input[str]],
    registry: ImageRegistry,
    identity: RuntimeIdentity,
    service: TradingService | None,
    network: Network | None,
) -> None:
    """`nextCommand` is "" once the service is there."""
    names = config.names
    next_command = "" if service else f"./nox -s credentials -- {names.stack}"
    if next_command:
        # Live gets what ran on paper, and nothing else.
        image = f"./nox -s deploy -- {names.stack}" if config.mode == "paper" else "./nox -s promote"
        pulumi.log.info(f"No image yet, so no service. Next: {next_command}, then {image}")
    outputs = {
        "tradingMode": config.mode,
        "serviceName": config.names.service,
        "serviceUrl": service.uri if service else "",
        "image": config.settings.image,
        "repository": registry.repository_id.apply(lambda _: config.names.images(config.region).rstrip("/")),
        "database": environment["FIRESTORE_DATABASE"],
        "dataset": environment["BIGQUERY_DATASET"],
        "secret": environment["SECRET_NAME"],
        "runtimeAccount": identity.email,
        "operatorAccount": identity.operator.email,
        "egressAddress": network.address if network else "",
        "nextCommand": next_command,
    }
    for name, value in outputs.items():
        pulumi.export(name, value)
