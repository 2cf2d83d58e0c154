"""Optional: a build on every push, which deploys paper and nothing else.

Its identity may push images, replace the service by another revision, call it to see whether it works, delete what is
no longer needed, and write the state of this stack. It can change nobody's rights: whatever a pushed change wants
beyond a new image stops here and waits for a person's `pulumi up`. So the program as a whole asks Google nothing at an
`up` (an invoke would need a right that the build has not).
The connection to the repository needs a person's consent and is made by hand (docs/deploying.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.component import Component
from infra.components.image_registry import ImageRegistry
from infra.components.runtime_identity import RuntimeIdentity
from infra.components.trading_service import TradingService
from infra.site import Site


@dataclass(frozen=True, slots=True)
class BuildPipelineSettings:
    """`repository` is the connected one, projects/…/locations/…/connections/…/repositories/…; `state_bucket` and
    `state_key` are those that `./nox -s bootstrap` made."""

    repository: str
    branch: str
    state_bucket: str
    state_key: str
    counted: bool
    """Whether every call says which project it counts in, which takes a right of its own."""


class BuildPipeline(Component):
    """`service` is None before the first deployment, which a person makes."""

    def __init__(
        self,
        site: Site,
        settings: BuildPipelineSettings,
        registry: ImageRegistry,
        identity: RuntimeIdentity,
        service: TradingService | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("build-pipeline", opts)
        account = gcp.serviceaccount.Account(
            "build",
            project=site.project,
            account_id=site.names.build_account,
            display_name=f"{site.names.service}: builds and deploys",
            deletion_policy="DELETE",
            opts=self.own(site.apis["iam"]),
        )
        self.member = account.member
        registry.let_write("build", account.member)
        registry.let_delete("build", account.member, self._cleanup_role(site).name)
        identity.let_deploy("build", account.member)
        identity.let_call("build", account.member)
        if service is not None:
            service.let_deploy("build", account.member)
        grants = self._grant(site, settings)
        gcp.cloudbuild.Trigger(
            "push",
            project=site.project,
            location=site.region,
            name=site.names.part("push"),
            description=f"A push to {settings.branch} is built, tested and deployed",
            service_account=account.name,
            filename="cloudbuild.yaml",
            substitutions={"_STACK": site.names.stack},
            repository_event_config=gcp.cloudbuild.TriggerRepositoryEventConfigArgs(
                repository=settings.repository,
                push=gcp.cloudbuild.TriggerRepositoryEventConfigPushArgs(branch=f"^{settings.branch}$"),
            ),
            disabled=False,
            deletion_policy="DELETE",
            opts=self.own(site.apis["cloudbuild"], *grants),
        )
        self.register_outputs({})

    def _grant(self, site: Site, settings: BuildPipelineSettings) -> list[pulumi.Resource]:
        """Logs are written in a project; state is one bucket, and its secrets one key."""
        role = self._role(site, counted=settings.counted)
        return [
            gcp.projects.IAMMember(
                "build-waits",
                project=site.project,
                role=role.name,
                member=self.member,
                opts=self.own(site.apis["cloudresourcemanager"]),
            ),
            gcp.projects.IAMMember(
                "build-writes-logs",
                project=site.project,
                role="roles/logging.logWriter",
                member=self.member,
                opts=self.own(site.apis["cloudresourcemanager"]),
            ),
            gcp.storage.BucketIAMMember(
                "build-writes-state",
                bucket=settings.state_bucket,
                role="roles/storage.objectUser",
                member=self.member,
                opts=self.own(),
            ),
            gcp.kms.CryptoKeyIAMMember(
                "build-uses-state-key",
                crypto_key_id=settings.state_key,
                role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
                member=self.member,
                opts=self.own(site.apis["cloudkms"]),
            ),
        ]

    def _cleanup_role(self, site: Site) -> gcp.projects.IAMCustomRole:
        """What a failed deployment and a cleanup take of the repository beyond pushing to it: a tag and an image go
        (https://cloud.google.com/artifact-registry/docs/audit-logging has the permission of each call). Made in the
        project as any role, and granted on the repository alone."""
        return gcp.projects.IAMCustomRole(
            "build-deletes-images",
            project=site.project,
            role_id=site.names.build_cleanup_role,
            title=f"{site.names.service}: the build cleans up",
            description="deletes tags and images",
            permissions=["artifactregistry.tags.delete", "artifactregistry.versions.delete"],
            stage="GA",
            deletion_policy="DELETE",
            opts=self.own(site.apis["iam"]),
        )

    def _role(self, site: Site, *, counted: bool) -> gcp.projects.IAMCustomRole:
        """What only a project can grant, and no role of Google's has alone: looking whether a deployment is done (an
        operation is no part of the service: https://cloud.google.com/run/docs/reference/iam/permissions), and which
        images the revisions of the project's services run, so that none of those is deleted.

        Google keeps the name of a deleted role for up to 37 days: brought back within the first 7 it is undeleted by
        the provider, after that only the wait helps."""
        return gcp.projects.IAMCustomRole(
            "build-waits",
            project=site.project,
            role_id=site.names.build_role,
            title=f"{site.names.service}: the build waits",
            description="sees whether its deployment is done and which images the project's services run"
            + (", and may count its calls in the project" if counted else ""),
            permissions=[
                "run.operations.get",
                "run.revisions.list",
                *(["serviceusage.services.use"] if counted else []),
            ],
            stage="GA",
            deletion_policy="DELETE",
            opts=self.own(site.apis["iam"]),
        )
