"""Who is told what: a mail when a run failed, when a person is needed, and when something did *not* happen.

The messages looked for are schema/log_events.py's and the line that the service writes for each request. The absence of
a success is asked as a query and not as "metric absent": that one knows no never, and would stay silent where the
first check never came (https://cloud.google.com/monitoring/alerts/metric-absence).
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from ib_trading.schema.intents import INTENTS
from ib_trading.schema.log_events import (
    GATEWAY_NOT_READY,
    NEEDS_REVIEW,
    SCHEDULES_MISSING,
    SCHEDULES_OK,
    SECOND_FACTOR_NEEDED,
)
from infra.component import Component
from infra.site import Site

TRADING = " OR ".join(f'"{intent.name}"' for intent in INTENTS if intent.trades)


@dataclass(frozen=True, slots=True)
class LogAlert:
    """`filter` is on top of "a line of this service". `advice` is what the mail says; at most one mail in `seconds`."""

    name: str
    title: str
    filter: str
    advice: str
    seconds: int
    severity: str = "ERROR"


ALERTS = (
    LogAlert(
        "run-failed",
        "a trading run failed",
        f"jsonPayload.intent=({TRADING}) AND jsonPayload.status>=500",
        "`/runs/{runId}` with the line's runId says what was sent. The scheduler tries again by itself.",
        seconds=900,
    ),
    LogAlert(
        "needs-review",
        "a run needs review",
        f'jsonPayload.message="{NEEDS_REVIEW}"',
        "An order's fate is unknown. Compare with the broker's own pages, then call trade-reconciliation.",
        seconds=300,
        severity="CRITICAL",
    ),
    LogAlert(
        "second-factor",
        "the gateway waits for the second factor",
        f'jsonPayload.message="{SECOND_FACTOR_NEEDED}"',
        "Confirm the login on the phone. Until then nothing trades.",
        seconds=900,
    ),
    LogAlert(
        "gateway-not-ready",
        "the gateway is not ready",
        f'jsonPayload.message="{GATEWAY_NOT_READY}"',
        "Nothing was sent. `/ready` says what the gateway waits for; before the open there is time to help it.",
        seconds=1800,
    ),
    LogAlert(
        "schedules-missing",
        "a scheduled run did not succeed",
        f'jsonPayload.message="{SCHEDULES_MISSING}"',
        "The line's `missing` says which, `schedule-check` what each was answered; a refusal (409, 422, 423) has no"
        " other mail. This one comes again every 6 hours for as long as something is missing.",
        seconds=21600,
    ),
)


class Alerts(Component):
    """`channels` are the notification channels' names; none where nobody is to be told. The policies come with the
    service: before it there is nothing that could fail."""

    def __init__(
        self,
        site: Site,
        address: pulumi.Input[str] | None,
        *,
        with_service: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("alerts", opts)
        self._site = site
        self.channels: list[pulumi.Input[str]] = []
        if address is not None:
            channel = gcp.monitoring.NotificationChannel(
                "mail",
                project=site.project,
                display_name=f"{site.names.service}: whom to tell",
                type="email",
                labels={"email_address": address},
                user_labels=site.labels,
                enabled=True,
                force_delete=False,
                deletion_policy="DELETE",
                opts=self.own(site.apis["monitoring"]),
            )
            self.channels.append(channel.name)
        if with_service:
            for alert in ALERTS:
                self._log_alert(alert)
            self._dead_man()
        self.register_outputs({})

    def _lines(self, filter_: str) -> str:
        """`filter_` on the lines of this service alone."""
        service = self._site.names.service
        return (
            f'resource.type="cloud_run_revision" AND resource.labels.service_name="{service}" AND {filter_}'
        )

    def _log_alert(self, alert: LogAlert) -> None:
        matched = gcp.monitoring.AlertPolicyConditionConditionMatchedLogArgs(filter=self._lines(alert.filter))
        limit = gcp.monitoring.AlertPolicyAlertStrategyNotificationRateLimitArgs(period=f"{alert.seconds}s")
        self._policy(
            alert.name,
            alert.title,
            alert.advice,
            alert.severity,
            gcp.monitoring.AlertPolicyConditionArgs(display_name=alert.title, condition_matched_log=matched),
            gcp.monitoring.AlertPolicyAlertStrategyArgs(auto_close="86400s", notification_rate_limit=limit),
        )

    def _dead_man(self) -> None:
        """No success in an hour, for an hour: two hours without one."""
        name = self._site.names.part("schedules-ok")
        metric = gcp.logging.Metric(
            "schedules-ok",
            project=self._site.project,
            name=name,
            description="Checks that found every due schedule done",
            filter=self._lines(f'jsonPayload.message="{SCHEDULES_OK}"'),
            metric_descriptor=gcp.logging.MetricMetricDescriptorArgs(
                metric_kind="DELTA", value_type="INT64", unit="1"
            ),
            disabled=False,
            deletion_policy="DELETE",
            opts=self.own(self._site.apis["logging"]),
        )
        # In PromQL the metric's punctuation becomes _, but for the first slash, which becomes a colon.
        series = (
            f'logging_googleapis_com:user_{name.replace("-", "_")}{{monitored_resource="cloud_run_revision"}}'
        )
        missing = gcp.monitoring.AlertPolicyConditionConditionPrometheusQueryLanguageArgs(
            query=f"(sum(increase({series}[1h])) or vector(0)) < 0.5",
            duration="3600s",
            evaluation_interval="300s",
            disable_metric_validation=True,
        )
        title = "not everything that was scheduled has happened"
        self._policy(
            "dead-man",
            title,
            "`schedule-check` says what is missing; if it cannot be called, the service or the scheduler is down.",
            "CRITICAL",
            gcp.monitoring.AlertPolicyConditionArgs(
                display_name=title, condition_prometheus_query_language=missing
            ),
            gcp.monitoring.AlertPolicyAlertStrategyArgs(auto_close="86400s"),
            metric,
        )

    def _policy(
        self,
        name: str,
        title: str,
        advice: str,
        severity: str,
        condition: gcp.monitoring.AlertPolicyConditionArgs,
        strategy: gcp.monitoring.AlertPolicyAlertStrategyArgs,
        *needs: pulumi.Resource,
    ) -> None:
        service = self._site.names.service
        gcp.monitoring.AlertPolicy(
            name,
            project=self._site.project,
            display_name=f"{service}: {title}",
            combiner="OR",
            enabled=True,
            conditions=[condition],
            alert_strategy=strategy,
            documentation=gcp.monitoring.AlertPolicyDocumentationArgs(
                content=advice, mime_type="text/markdown", subject=f"{service}: {title}"
            ),
            notification_channels=self.channels,
            severity=severity,
            user_labels=self._site.labels,
            deletion_policy="DELETE",
            opts=self.own(self._site.apis["monitoring"], *needs),
        )
