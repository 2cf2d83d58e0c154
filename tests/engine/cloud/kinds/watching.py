"""What tells people: notification channels, alert policies, and the budget.

Facts are from the reference of the Terraform provider that pulumi_gcp wraps (registry.terraform.io/providers/
hashicorp/google/latest/docs/resources): google_monitoring_notification_channel, google_monitoring_alert_policy,
google_logging_metric, google_billing_budget ("If you are using User ADCs …"). Google numbers all but metrics, and takes
two that are equal.
"""

from __future__ import annotations

from tests.engine.cloud.kinds.kind import Kind

MONITORING = "monitoring.googleapis.com"

KINDS = {
    "gcp:monitoring/notificationChannel:NotificationChannel": Kind(
        "projects/{project}/notificationChannels/{number}",
        MONITORING,
        immutable=("project",),
        computed=lambda given: {"verificationStatus": "", "name": given["id"]},
    ),
    "gcp:monitoring/alertPolicy:AlertPolicy": Kind(
        "projects/{project}/alertPolicies/{number}",
        MONITORING,
        immutable=("project",),
        computed=lambda given: {"name": given["id"]},
        # A channel is named in full, by the id that Google gave it.
        needs=lambda given: given.get("notificationChannels", ()),
    ),
    "gcp:logging/metric:Metric": Kind(
        "{project}/metrics/{name}",
        "logging.googleapis.com",
        immutable=("name", "project"),
        named=("name",),
    ),
    "gcp:billing/budget:Budget": Kind(
        "billingAccounts/{billingAccount}/budgets/{number}",
        "billingbudgets.googleapis.com",
        immutable=("billingAccount",),
        counts=True,
        computed=lambda given: {"name": given["id"]},
    ),
}
