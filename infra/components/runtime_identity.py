"""Who the service is: its own service account and what that may do in the project."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from infra.names import Names


class RuntimeIdentity(pulumi.ComponentResource):
    """`email` is the service account's."""

    def __init__(self, names: Names, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ib-trading:index:RuntimeIdentity", "runtime-identity", None, opts)
        self.account = gcp.serviceaccount.Account(
            "runtime",
            account_id=names.runtime_account,
            display_name=f"{names.service}: the running service",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.email = self.account.email
        gcp.projects.IAMMember(
            "runtime-runs-queries",
            project=names.project,
            role="roles/bigquery.jobUser",
            member=self.account.member,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"email": self.email})
