"""The customer-managed key, where one is configured: who may encrypt and decrypt with it.

The key itself is a person's, made before the stack (docs/deploying.md). Each of Google's services uses it through an
agent of its own in the project, which is made here, where it is not yet, and granted the one role on the one key.
"""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from infra.component import Component
from infra.components.enabled_apis import EnabledApis

ROLE = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
AGENTS = ("artifactregistry", "firestore", "run", "secretmanager")
"""BigQuery's is no service agent like the others, but an account that the project has for this purpose alone."""


class EncryptionKey(Component):
    """`name` is projects/…/locations/…/keyRings/…/cryptoKeys/…"""

    def __init__(
        self, name: str, project: str, apis: EnabledApis, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("encryption-key", opts)
        self.name = name
        self._grants: dict[str, gcp.kms.CryptoKeyIAMMember] = {}
        for api in AGENTS:
            agent = gcp.projects.ServiceIdentity(
                f"{api}-agent", project=project, service=f"{api}.googleapis.com", opts=self.own(apis[api])
            )
            self._grant(api, agent.member, apis)
        account = gcp.bigquery.get_default_service_account_output(
            project=project, opts=pulumi.InvokeOutputOptions(parent=self, depends_on=[apis["bigquery"]])
        )
        self._grant("bigquery", account.member, apis)
        self.register_outputs({"name": name})

    def _grant(self, api: str, member: pulumi.Input[str], apis: EnabledApis) -> None:
        self._grants[api] = gcp.kms.CryptoKeyIAMMember(
            f"{api}-uses-key",
            crypto_key_id=self.name,
            role=ROLE,
            member=member,
            opts=self.own(apis["cloudkms"]),
        )

    def users(self, api: str) -> list[pulumi.Resource]:
        """The grant that a resource of `api` needs before it can be encrypted; none for an API that stores nothing."""
        return [self._grants[api]] if api in self._grants else []
