"""Which of Google's APIs the stack uses. They stay enabled when the stack goes: others in the project may use them."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

from infra.component import Component

ALWAYS = (
    "artifactregistry",
    "bigquery",
    "cloudresourcemanager",
    "cloudscheduler",
    "firestore",
    "iam",
    "iamcredentials",
    "logging",
    "monitoring",
    "run",
    "secretmanager",
)


class EnabledApis(Component):
    """`apis["run"]` is what a resource of run.googleapis.com depends on."""

    def __init__(
        self, project: str, options: Sequence[str] = (), opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("enabled-apis", opts)
        self._services = {
            api: gcp.projects.Service(
                api,
                project=project,
                service=f"{api}.googleapis.com",
                disable_on_destroy=False,
                disable_dependent_services=False,
                deletion_policy="ABANDON",
                opts=self.own(),
            )
            for api in sorted({*ALWAYS, *options})
        }
        self.register_outputs({})

    def __getitem__(self, api: str) -> gcp.projects.Service:
        return self._services[api]
