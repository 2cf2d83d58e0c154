"""The history of prices: the dataset, its tables as schema/tables.py describes them, the service's right to write.

The paper stack has one more table, `test`, for integration tests; nothing protects it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from ib_trading.schema.tables import DATASET, TABLES, Column, Table
from infra.component import Component
from infra.site import Site

TEST_TABLE = "test"


@dataclass(frozen=True, slots=True)
class WarehouseSettings:
    """`undo_hours`: how far back deleted or overwritten rows can be read, 48 to 168."""

    undo_hours: int
    test_table: bool


class Warehouse(Component):
    """`dataset_id` is the dataset's short name."""

    def __init__(
        self,
        site: Site,
        writer: pulumi.Input[str],
        settings: WarehouseSettings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("warehouse", opts)
        self._site = site
        self.dataset = gcp.bigquery.Dataset(
            "history",
            project=site.project,
            dataset_id=site.names.dataset(DATASET),
            location=site.region,
            description=f"{site.names.service}: bars, and the days that were asked for",
            default_encryption_configuration=gcp.bigquery.DatasetDefaultEncryptionConfigurationArgs(
                kms_key_name=site.key_name
            )
            if site.key_name
            else None,
            max_time_travel_hours=str(settings.undo_hours),
            labels=site.labels,
            delete_contents_on_destroy=False,
            deletion_policy="PREVENT",
            opts=self.own(*site.needs("bigquery"), protect=True),
        )
        self.dataset_id = self.dataset.dataset_id
        for table in TABLES:
            self._table(table, table.name, keep=True)
        if settings.test_table:
            self._table(TABLES[0], TEST_TABLE, keep=False)
        gcp.bigquery.DatasetIamMember(
            "runtime-writes-history",
            project=site.project,
            dataset_id=self.dataset_id,
            role="roles/bigquery.dataEditor",
            member=writer,
            opts=self.own(),
        )
        self.register_outputs({"datasetId": self.dataset_id})

    def _table(self, table: Table, name: str, *, keep: bool) -> None:
        partition = table.partitioned_by
        gcp.bigquery.Table(
            name,
            project=self._site.project,
            dataset_id=self.dataset_id,
            table_id=name,
            schema=json.dumps([_field(column) for column in table.columns]),
            time_partitioning=gcp.bigquery.TableTimePartitioningArgs(field=partition[0], type=partition[1])
            if partition
            else None,
            clusterings=list(table.clustered_by),
            labels=self._site.labels,
            deletion_protection=keep,
            deletion_policy="PREVENT" if keep else "DELETE",
            opts=self.own(protect=keep),
        )


def _field(column: Column) -> dict[str, str]:
    """As BigQuery answers it, in its older names of types: another spelling would be a difference at every `up`."""
    kind = {"INT64": "INTEGER"}.get(column.kind, column.kind)
    return {"name": column.name, "type": kind, "mode": "REQUIRED" if column.required else "NULLABLE"}
