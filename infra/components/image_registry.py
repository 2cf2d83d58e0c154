"""Where the application's images are, who may add one, and which Google deletes by itself.

The registry's rules know nothing of Cloud Run: an image that serves looks like any other to them. So they delete only
what is old and has no tag, and keep whatever carries `deployed-<mode>-…`; those tags are taken away by `cleanup` alone.
Cloud Run's own agent pulls the images; the running service has no right here.
"""

from __future__ import annotations

from typing import Literal

import pulumi
import pulumi_gcp as gcp

from infra.component import Component
from infra.site import Site

DAY = 86_400


class ImageRegistry(Component):
    """`repository_id` is the repository's short name. `keep_days`: how old an image without a tag gets."""

    def __init__(
        self,
        site: Site,
        mode: Literal["paper", "live"],
        keep_days: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("image-registry", opts)
        self._site = site
        policies = gcp.artifactregistry
        self.repository = gcp.artifactregistry.Repository(
            "images",
            project=site.project,
            location=site.region,
            repository_id=site.names.repository,
            description=f"{site.names.service}: the application's images",
            format="DOCKER",
            mode="STANDARD_REPOSITORY",
            kms_key_name=site.key_name,
            cleanup_policy_dry_run=False,
            cleanup_policies=[
                policies.RepositoryCleanupPolicyArgs(
                    id="delete-old-untagged",
                    action="DELETE",
                    condition=policies.RepositoryCleanupPolicyConditionArgs(
                        tag_state="UNTAGGED", older_than=f"{keep_days * DAY}s"
                    ),
                ),
                policies.RepositoryCleanupPolicyArgs(
                    id="keep-deployed",
                    action="KEEP",
                    condition=policies.RepositoryCleanupPolicyConditionArgs(
                        tag_state="TAGGED", tag_prefixes=[f"deployed-{mode}-"]
                    ),
                ),
            ],
            labels=site.labels,
            deletion_policy="PREVENT",
            opts=self.own(*site.needs("artifactregistry"), protect=True),
        )
        self.repository_id = self.repository.repository_id
        self.register_outputs({"repositoryId": self.repository_id})

    def let_write(self, who: str, member: pulumi.Input[str]) -> None:
        """`member` may push images here, and only here."""
        gcp.artifactregistry.RepositoryIamMember(
            f"{who}-pushes-images",
            project=self._site.project,
            location=self._site.region,
            repository=self.repository_id,
            role="roles/artifactregistry.writer",
            member=member,
            opts=self.own(),
        )

    def let_delete(self, who: str, member: pulumi.Input[str], role: pulumi.Input[str]) -> None:
        """`member` may delete what `role` names here, and only here. A role of Google's that deletes images is an
        administrator's."""
        gcp.artifactregistry.RepositoryIamMember(
            f"{who}-deletes-images",
            project=self._site.project,
            location=self._site.region,
            repository=self.repository_id,
            role=role,
            member=member,
            opts=self.own(),
        )
