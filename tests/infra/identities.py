"""What makes a resource the same one to Google: two with one identity are one thing with two owners."""

from __future__ import annotations

from tests.infra.recorded import Registration

ENABLED_ONCE = {"projects.Service", "projects.ServiceIdentity"}
"""An API, and the agent that comes with it, is the project's: enabled twice is enabled, and no stack takes it away."""

BY: dict[str, tuple[str, ...]] = {
    "artifactregistry.Repository": ("project", "location", "repositoryId"),
    "artifactregistry.RepositoryIamMember": ("project", "location", "repository", "role", "member"),
    "bigquery.Dataset": ("project", "datasetId"),
    "bigquery.DatasetIamMember": ("project", "datasetId", "role", "member"),
    "bigquery.Table": ("project", "datasetId", "tableId"),
    "billing.Budget": ("billingAccount", "displayName"),
    "cloudbuild.Trigger": ("project", "location", "name"),
    "cloudrunv2.Service": ("project", "location", "name"),
    "cloudrunv2.ServiceIamMember": ("project", "location", "name", "role", "member"),
    "cloudscheduler.Job": ("project", "region", "name"),
    "compute.Address": ("project", "region", "name"),
    "compute.Network": ("project", "name"),
    "compute.Router": ("project", "region", "name"),
    "compute.RouterNat": ("project", "region", "router", "name"),
    "compute.Subnetwork": ("project", "region", "name"),
    "firestore.BackupSchedule": ("project", "database", "dailyRecurrence"),
    "firestore.Database": ("project", "name"),
    "firestore.Document": ("project", "database", "collection", "documentId"),
    "firestore.Field": ("project", "database", "collection", "field"),
    "firestore.Index": ("project", "database", "collection", "fields"),
    "kms.CryptoKeyIAMMember": ("cryptoKeyId", "role", "member"),
    "logging.Metric": ("project", "name"),
    "monitoring.AlertPolicy": ("project", "displayName"),
    "monitoring.NotificationChannel": ("project", "displayName"),
    "projects.IAMCustomRole": ("project", "roleId"),
    "projects.IAMMember": ("project", "role", "member", "condition"),
    "secretmanager.Secret": ("project", "secretId"),
    "secretmanager.SecretIamMember": ("project", "secretId", "role", "member"),
    "serviceaccount.Account": ("project", "accountId"),
    "serviceaccount.IAMMember": ("serviceAccountId", "role", "member"),
    "storage.BucketIAMMember": ("bucket", "role", "member"),
}


def identity(one: Registration) -> tuple[str, ...]:
    """KeyError for a kind that nobody has thought about yet. A condition is part of what a grant is; a policy's and a
    channel's name is a number of Google's, so what a person reads tells them apart."""
    return (one.kind, *(repr(one.inputs.get(name)) for name in BY[one.kind]))
