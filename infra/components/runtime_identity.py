"""Who the service is, who a person is when calling it, and what cannot be granted on anything smaller than the project.

Everything else that the service may do is granted by the component that owns the single resource.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

from infra.component import Component
from infra.site import Site


class RuntimeIdentity(Component):
    """`member` is the service's account as IAM writes it, `operator_member` that which people impersonate."""

    def __init__(
        self, site: Site, operators: Sequence[str] = (), opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("runtime-identity", opts)
        names = site.names
        self.account = self._account(site, "runtime", names.runtime_account, "the running service")
        self.operator = self._account(site, "operator", names.operator_account, "people who call it")
        self.email, self.member = self.account.email, self.account.member
        self.operator_member = self.operator.member
        self._grant_in_project(site)
        for operator in operators:
            gcp.serviceaccount.IAMMember(
                f"{operator}-is-operator",
                service_account_id=self.operator.name,
                role="roles/iam.serviceAccountTokenCreator",
                member=operator,
                opts=self.own(),
            )
        if operators:
            self._let_count(site, operators)
        self.register_outputs({"email": self.email, "operatorEmail": self.operator.email})

    def let_deploy(self, who: str, member: pulumi.Input[str]) -> None:
        """`member` may deploy a service that runs as this identity."""
        gcp.serviceaccount.IAMMember(
            f"{who}-deploys-as-runtime",
            service_account_id=self.account.name,
            role="roles/iam.serviceAccountUser",
            member=member,
            opts=self.own(),
        )

    def let_call(self, who: str, member: pulumi.Input[str]) -> None:
        """`member` may call the service as its operator; unlike a person it may do nothing else in the operator's name:
        it gets tokens that say who calls, none for Google's APIs."""
        gcp.serviceaccount.IAMMember(
            f"{who}-calls-as-operator",
            service_account_id=self.operator.name,
            role="roles/iam.serviceAccountOpenIdTokenCreator",
            member=member,
            opts=self.own(),
        )

    def _let_count(self, site: Site, operators: Sequence[str]) -> None:
        """A person's own login says nothing of the project in which a call counts, so the sessions say this one
        (delivery/google/clients.py), which takes a right in it (https://cloud.google.com/docs/quotas/set-quota-project).
        A role of that right alone: roles/serviceusage.serviceUsageConsumer has more, and granted by two stacks in one
        project it would be one thing with two owners."""
        role = gcp.projects.IAMCustomRole(
            "operator-counts",
            project=site.project,
            role_id=site.names.operator_role,
            title=f"{site.names.service}: people's calls",
            description="may count calls in the project",
            permissions=["serviceusage.services.use"],
            stage="GA",
            deletion_policy="DELETE",
            opts=self.own(site.apis["iam"]),
        )
        for operator in operators:
            gcp.projects.IAMMember(
                f"{operator}-counts",
                project=site.project,
                role=role.name,
                member=operator,
                opts=self.own(site.apis["cloudresourcemanager"]),
            )

    def _account(self, site: Site, name: str, account_id: str, purpose: str) -> gcp.serviceaccount.Account:
        return gcp.serviceaccount.Account(
            name,
            project=site.project,
            account_id=account_id,
            display_name=f"{site.names.service}: {purpose}",
            deletion_policy="DELETE",
            opts=self.own(site.apis["iam"]),
        )

    def _grant_in_project(self, site: Site) -> None:
        """Jobs are run in a project, and Firestore's rights are a project's: a condition narrows them to a database."""
        gcp.projects.IAMMember(
            "runtime-runs-queries",
            project=site.project,
            role="roles/bigquery.jobUser",
            member=self.member,
            opts=self.own(site.apis["cloudresourcemanager"]),
        )
        database = f"projects/{site.project}/databases/{site.names.database}"
        gcp.projects.IAMMember(
            "runtime-uses-database",
            project=site.project,
            role="roles/datastore.user",
            member=self.member,
            condition=gcp.projects.IAMMemberConditionArgs(
                title=f"only-database-{site.names.database}",
                description="The database of this stack, and no other in the project",
                expression=f'resource.type == "firestore.googleapis.com/Database" && resource.name == "{database}"',
            ),
            opts=self.own(site.apis["cloudresourcemanager"]),
        )
