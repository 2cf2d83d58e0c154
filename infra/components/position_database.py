"""Where holdings, runs and the journal are: the Firestore database, its indexes and backups, and one document.

The document is the trading configuration: this program is its only writer, the service reads it anew for every run.
Paths, indexes and what expires are schema/documents.py's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_gcp as gcp

from ib_trading.schema.documents import COMPOSITE_INDEXES, EXPIRY_FIELDS, UNINDEXED, configuration_path
from infra.component import Component
from infra.site import Site

DAY = 86_400


@dataclass(frozen=True, slots=True)
class PositionDatabaseSettings:
    """`backup_days`: how long a daily backup is kept, up to 98. `any_minute`: whether the last seven days can be read
    and restored as of any minute (point-in-time recovery)."""

    mode: Literal["paper", "live"]
    backup_days: int
    any_minute: bool


class PositionDatabase(Component):
    """`name` is the database's."""

    def __init__(
        self,
        site: Site,
        configuration: pulumi.Input[str],
        settings: PositionDatabaseSettings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("position-database", opts)
        self._site = site
        recovery = "ENABLED" if settings.any_minute else "DISABLED"
        self.database = gcp.firestore.Database(
            "positions",
            project=site.project,
            name=site.names.database,
            location_id=site.region,
            type="FIRESTORE_NATIVE",
            database_edition="STANDARD",
            concurrency_mode="PESSIMISTIC",
            app_engine_integration_mode="DISABLED",
            point_in_time_recovery_enablement=f"POINT_IN_TIME_RECOVERY_{recovery}",
            cmek_config=gcp.firestore.DatabaseCmekConfigArgs(kms_key_name=site.key_name)
            if site.key_name
            else None,
            delete_protection_state="DELETE_PROTECTION_ENABLED",
            deletion_policy="PREVENT",
            opts=self.own(*site.needs("firestore"), protect=True),
        )
        self.name = self.database.name
        gcp.firestore.BackupSchedule(
            "daily-backup",
            project=site.project,
            database=self.name,
            retention=f"{settings.backup_days * DAY}s",
            daily_recurrence=gcp.firestore.BackupScheduleDailyRecurrenceArgs(),
            deletion_policy="DELETE",
            opts=self.own(),
        )
        self._index()
        self._write_configuration(settings.mode, configuration)
        self.register_outputs({"name": self.name})

    def _index(self) -> None:
        for index in COMPOSITE_INDEXES:
            gcp.firestore.Index(
                "-".join((index.collection, "by", *(field for field, _ in index.fields))),
                project=self._site.project,
                database=self.name,
                collection=index.collection,
                query_scope="COLLECTION",
                fields=[
                    gcp.firestore.IndexFieldArgs(field_path=field, order=direction)
                    for field, direction in index.fields
                ],
                deletion_policy="DELETE",
                opts=self.own(),
            )
        for collection, names in UNINDEXED.items():
            for name in names:
                self._field(
                    f"{collection}-{name}-unindexed",
                    collection,
                    name,
                    index_config=gcp.firestore.FieldIndexConfigArgs(),
                )
        for collection, name in EXPIRY_FIELDS.items():
            self._field(
                f"{collection}-expire-by-{name}",
                collection,
                name,
                ttl_config=gcp.firestore.FieldTtlConfigArgs(),
            )

    def _field(
        self,
        name: str,
        collection: str,
        field: str,
        index_config: gcp.firestore.FieldIndexConfigArgs | None = None,
        ttl_config: gcp.firestore.FieldTtlConfigArgs | None = None,
    ) -> None:
        gcp.firestore.Field(
            name,
            project=self._site.project,
            database=self.name,
            collection=collection,
            field=field,
            index_config=index_config,
            ttl_config=ttl_config,
            deletion_policy="DELETE",
            opts=self.own(),
        )

    def _write_configuration(self, mode: str, configuration: pulumi.Input[str]) -> None:
        collection, _, document = configuration_path(mode).rpartition("/")
        gcp.firestore.Document(
            "trading-configuration",
            project=self._site.project,
            database=self.name,
            collection=collection,
            document_id=document,
            fields=configuration,
            deletion_policy="DELETE",
            opts=self.own(),
        )
