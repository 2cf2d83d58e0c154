"""When the service is called: one Cloud Scheduler job a configured schedule, and one that asks every hour whether they
all happened. Their identity may call this service and do nothing else.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

from ib_trading.schema.cron import as_documented
from ib_trading.schema.intents import INTENTS
from ib_trading.schema.schedules import Schedule
from infra.component import Component
from infra.components.trading_service import TIMEOUT_SECONDS, TradingService
from infra.site import Site

HOURLY = Schedule(intent="schedule-check", cron="5 * * * *", time_zone="Etc/UTC", name="hourly-check")
"""The dead-man's switch: what it logs when all is well is what an alert misses when it is not."""

METHODS = {intent.name: intent.method for intent in INTENTS}


class Schedules(Component):
    """`member` is the account that calls."""

    def __init__(
        self,
        site: Site,
        service: TradingService,
        schedules: Sequence[Schedule],
        *,
        paused: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("schedules", opts)
        account = gcp.serviceaccount.Account(
            "scheduler",
            project=site.project,
            account_id=site.names.scheduler_account,
            display_name=f"{site.names.service}: its schedules",
            deletion_policy="DELETE",
            opts=self.own(site.apis["iam"]),
        )
        self.member = account.member
        invoker = service.let_invoke("scheduler", account.member)
        for schedule in (*schedules, HOURLY):
            gcp.cloudscheduler.Job(
                schedule.title,
                project=site.project,
                region=site.region,
                name=schedule.job(site.names.service),
                description=f"Calls {schedule.intent}",
                schedule=as_documented(schedule.cron),
                time_zone=schedule.time_zone,
                paused=paused,
                attempt_deadline=f"{TIMEOUT_SECONDS}s",
                # A repeated attempt carries the same job and time: the service answers it with what it did before.
                retry_config=gcp.cloudscheduler.JobRetryConfigArgs(
                    retry_count=3,
                    min_backoff_duration="60s",
                    max_backoff_duration="300s",
                    max_doublings=2,
                    max_retry_duration="0s",
                ),
                http_target=_call(schedule, service, account),
                deletion_policy="DELETE",
                opts=self.own(site.apis["cloudscheduler"], invoker),
            )
        self.register_outputs({})


def _call(
    schedule: Schedule, service: TradingService, account: gcp.serviceaccount.Account
) -> gcp.cloudscheduler.JobHttpTargetArgs:
    """The request. A GET carries no body, and Google refuses one."""
    method = METHODS[schedule.intent]
    posts = method == "POST"
    return gcp.cloudscheduler.JobHttpTargetArgs(
        uri=service.uri.apply(lambda uri: f"{uri}/{schedule.intent}"),
        http_method=method,
        headers={"Content-Type": "application/json"} if posts else None,
        body=_base64(schedule.body or {}) if posts else None,
        oidc_token=gcp.cloudscheduler.JobHttpTargetOidcTokenArgs(
            service_account_email=account.email, audience=service.uri
        ),
    )


def _base64(body: object) -> str:
    return base64.b64encode(json.dumps(body, sort_keys=True).encode()).decode()
