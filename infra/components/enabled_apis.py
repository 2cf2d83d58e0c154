"""Which of Google's APIs the stack uses, and Google's own agents in the project that come with them.

Both stay when the stack goes: others in the project may use them. The provider can enable an API only where
cloudresourcemanager is enabled already, that one itself included (terraform-provider-google #6101, #11435): hence
`./nox -s bootstrap` enables it before there is a stack.
"""

from __future__ import annotations

import re
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


AGENT = re.compile(r"service-(?P<number>\d+)@\S+")
"""What Google calls its agents (https://cloud.google.com/iam/docs/service-agents)."""


class EnabledApis(Component):
    """`apis["run"]` is what a resource of run.googleapis.com depends on."""

    def __init__(
        self, project: str, options: Sequence[str] = (), opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("enabled-apis", opts)
        self._project = project
        self._agents: dict[str, gcp.projects.ServiceIdentity] = {}
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

    def agent(self, api: str) -> gcp.projects.ServiceIdentity:
        """Google's own account for that API, made where it is not yet."""
        if api not in self._agents:
            self._agents[api] = gcp.projects.ServiceIdentity(
                f"{api}-agent",
                project=self._project,
                service=f"{api}.googleapis.com",
                opts=self.own(self[api]),
            )
        return self._agents[api]

    @property
    def project_number(self) -> pulumi.Output[str]:
        """Read from an agent's name. Asking Google would take rights at every `up`, which the build has not."""
        return self.agent("secretmanager").email.apply(_number)


def _number(email: str) -> str:
    found = AGENT.fullmatch(email)
    if not found:
        raise pulumi.RunError(f"Google calls its agent {email!r}, which does not say the project's number")
    return found["number"]
