"""What keeps something: Firestore, BigQuery, Secret Manager, Artifact Registry.

Facts are from the reference of the Terraform provider that pulumi_gcp wraps (registry.terraform.io/providers/
hashicorp/google/latest/docs/resources) and its schema (resource_firestore_database.go: ForceNew on name, location_id,
database_edition, cmek_config, tags, project; `deletion_policy` "ABANDON" by default, which drops the database from the
state and leaves it at Google): google_firestore_database, _document, _index, _field, _backup_schedule;
google_bigquery_dataset (`delete_contents_on_destroy`), _table (`deletion_protection` true by default), _dataset_iam;
google_secret_manager_secret; google_artifact_registry_repository.
"""

from __future__ import annotations

import json
from typing import Any

from tests.engine.cloud.kinds.kind import Kind, Properties, figures, grant, guarded_by, told, within

CREATED = "2026-01-02T03:04:05.000006Z"
DATABASE = "projects/{project}/databases/{database}"
DATASET = "projects/{project}/datasets/{datasetId}"
FIRESTORE = "firestore.googleapis.com"
BIGQUERY = "bigquery.googleapis.com"
SECRETS = "secretmanager.googleapis.com"
IMAGES = "artifactregistry.googleapis.com"


def _database(given: Properties) -> list[str]:
    return [DATABASE.format_map(given)]


def _secret(given: Properties) -> str:
    return within(f"projects/{given['project']}/secrets", given["secretId"])


def _repository(given: Properties) -> str:
    folder = f"projects/{given['project']}/locations/{given['location']}/repositories"
    return within(folder, given["repository"])


def _fields(text: str) -> str:
    """A document's fields as Firestore answers them: protocol buffers in JSON leave out what is empty, and the provider
    keeps the answer (resource_firestore_document.go, flattenFirestoreDocumentFields)."""
    return json.dumps({name: _answered(value) for name, value in json.loads(text).items()}, sort_keys=True)


def _answered(value: dict[str, Any]) -> dict[str, Any]:
    match value:
        case {"mapValue": {"fields": {**fields}}}:
            told = {name: _answered(member) for name, member in fields.items()}
            return {"mapValue": {"fields": told} if told else {}}
        case {"arrayValue": {"values": [*members]}}:
            return {"arrayValue": {"values": [_answered(each) for each in members]} if members else {}}
        case _:
            return value


FIRESTORE_KINDS = {
    "gcp:firestore/database:Database": Kind(
        "projects/{project}/databases/{name}",
        FIRESTORE,
        immutable=("name", "locationId", "databaseEdition", "cmekConfig", "tags", "project"),
        named=("name",),
        defaults={
            "deletionPolicy": "ABANDON",
            "pointInTimeRecoveryEnablement": "POINT_IN_TIME_RECOVERY_DISABLED",
        },
        computed=lambda given: {
            "uid": figures(given["name"]),
            "etag": "IJzz",
            "keyPrefix": "g",
            "createTime": CREATED,
        },
        guard=guarded_by("deleteProtectionState", "DELETE_PROTECTION_ENABLED"),
    ),
    "gcp:firestore/document:Document": Kind(
        f"{DATABASE}/documents/{{collection}}/{{documentId}}",
        FIRESTORE,
        immutable=("project", "database", "collection", "documentId"),
        retold={"fields": _fields},
        computed=lambda given: {"name": given["id"], "createTime": CREATED},
        needs=_database,
    ),
    "gcp:firestore/index:Index": Kind(
        f"{DATABASE}/collectionGroups/{{collection}}/indexes/{{queryScope}}/{{fields}}",
        FIRESTORE,
        immutable=("project", "database", "collection", "fields", "queryScope", "apiScope"),
        defaults={"queryScope": "COLLECTION", "apiScope": "ANY_API"},
        computed=lambda given: {"name": given["id"]},
        needs=_database,
    ),
    "gcp:firestore/field:Field": Kind(
        f"{DATABASE}/collectionGroups/{{collection}}/fields/{{field}}",
        FIRESTORE,
        immutable=("project", "database", "collection", "field"),
        computed=lambda given: {"name": given["id"]},
        needs=_database,
    ),
    "gcp:firestore/backupSchedule:BackupSchedule": Kind(
        f"{DATABASE}/backupSchedules/{{number}}",
        FIRESTORE,
        immutable=("project", "database", "dailyRecurrence", "weeklyRecurrence"),
        computed=lambda given: {"name": given["id"]},
        needs=_database,
    ),
}

BIGQUERY_KINDS = {
    "gcp:bigquery/dataset:Dataset": Kind(
        DATASET,
        BIGQUERY,
        immutable=("datasetId", "location", "project"),
        named=("datasetId",),
        defaults={"location": "US", "deleteContentsOnDestroy": False},
        computed=lambda given: {"etag": "9kk", "selfLink": f"https://bigquery/{DATASET.format_map(given)}"},
    ),
    "gcp:bigquery/table:Table": Kind(
        f"{DATASET}/tables/{{tableId}}",
        BIGQUERY,
        immutable=(
            *("datasetId", "tableId", "project", "encryptionConfiguration", "rangePartitioning"),
            *("timePartitioning.type", "timePartitioning.field"),
        ),
        defaults={"deletionProtection": True},
        computed=told(etag="9kk", type="TABLE"),
        needs=lambda given: [DATASET.format_map(given)],
        guard=guarded_by("deletionProtection"),
    ),
    "gcp:bigquery/datasetIamMember:DatasetIamMember": grant(
        DATASET, BIGQUERY, immutable=("datasetId", "project"), whole=DATASET.format_map
    ),
}

OTHER_KINDS = {
    "gcp:secretmanager/secret:Secret": Kind(
        "projects/{project}/secrets/{secretId}",
        SECRETS,
        immutable=("secretId", "replication", "project"),
        defaults={"deletionProtection": False},
        computed=lambda given: {
            "name": f"projects/{figures(given['project'], 12)}/secrets/{given['secretId']}",
            "createTime": CREATED,
        },
        guard=guarded_by("deletionProtection"),
    ),
    "gcp:secretmanager/secretIamMember:SecretIamMember": grant(
        "projects/{project}/secrets/{secretId}", SECRETS, immutable=("secretId", "project"), whole=_secret
    ),
    "gcp:artifactregistry/repository:Repository": Kind(
        "projects/{project}/locations/{location}/repositories/{repositoryId}",
        IMAGES,
        immutable=("repositoryId", "location", "format", "mode", "kmsKeyName", "project"),
        computed=lambda given: {
            "name": given["repositoryId"],
            "registryUri": f"{given['location']}-docker.pkg.dev/{given['project']}/{given['repositoryId']}",
            "createTime": CREATED,
        },
    ),
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": grant(
        "projects/{project}/locations/{location}/repositories/{repository}",
        IMAGES,
        immutable=("repository", "location", "project"),
        whole=_repository,
    ),
}

KINDS = FIRESTORE_KINDS | BIGQUERY_KINDS | OTHER_KINDS
