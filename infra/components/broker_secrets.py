"""Where the broker's credentials are kept, and who may read them: the service alone.

Their value is in no code, configuration or state: a person adds a version (docs/deploying.md), the service reads the
latest when it starts the gateway.
"""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from infra.component import Component
from infra.site import Site

DAY = 86_400


class BrokerSecrets(Component):
    """`secret_id` is the secret's short name. `undo_days`: how long a destroyed version can be brought back."""

    def __init__(
        self,
        site: Site,
        reader: pulumi.Input[str],
        undo_days: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("broker-secrets", opts)
        self.secret = gcp.secretmanager.Secret(
            "credentials",
            project=site.project,
            secret_id=site.names.secret,
            replication=_in_region(site),
            version_destroy_ttl=f"{undo_days * DAY}s",
            labels=site.labels,
            deletion_protection=True,
            deletion_policy="PREVENT",
            opts=self.own(*site.needs("secretmanager"), protect=True),
        )
        self.secret_id = self.secret.secret_id
        gcp.secretmanager.SecretIamMember(
            "runtime-reads-credentials",
            project=site.project,
            secret_id=self.secret_id,
            role="roles/secretmanager.secretAccessor",
            member=reader,
            opts=self.own(),
        )
        self.register_outputs({"secretId": self.secret_id})


def _in_region(site: Site) -> gcp.secretmanager.SecretReplicationArgs:
    """Where everything else is; a key, if there is one, is there too."""
    secretmanager = gcp.secretmanager
    encryption = None
    if site.key_name:
        encryption = secretmanager.SecretReplicationUserManagedReplicaCustomerManagedEncryptionArgs(
            kms_key_name=site.key_name
        )
    replica = secretmanager.SecretReplicationUserManagedReplicaArgs(
        location=site.region, customer_managed_encryption=encryption
    )
    return secretmanager.SecretReplicationArgs(
        user_managed=secretmanager.SecretReplicationUserManagedArgs(replicas=[replica])
    )
