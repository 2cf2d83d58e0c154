"""The customer-managed key, where one is configured: who may encrypt and decrypt with it.

The key itself is a person's, made before the stack (docs/deploying.md). Each of Google's services uses it through an
agent of its own in the project, which is granted the one role on the one key.
"""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from infra.component import Component
from infra.components.enabled_apis import EnabledApis

ROLE = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
AGENTS = ("artifactregistry", "firestore", "run", "secretmanager")
BIGQUERY = "serviceAccount:bq-{number}@bigquery-encryption.iam.gserviceaccount.com"
"""No service agent like the others, but an account for this purpose alone, which `bq show --encryption_service_account`
makes before the stack (https://cloud.google.com/bigquery/docs/customer-managed-encryption). Looking it up from here
would make it too, but takes bigquery.jobs.create at every `up`."""


class EncryptionKey(Component):
    """`name` is projects/…/locations/…/keyRings/…/cryptoKeys/…"""

    def __init__(self, name: str, apis: EnabledApis, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("encryption-key", opts)
        self.name = name
        self._grants: dict[str, gcp.kms.CryptoKeyIAMMember] = {}
        for api in AGENTS:
            self._grant(api, apis.agent(api).member, apis)
        account = apis.project_number.apply(lambda number: BIGQUERY.format(number=number))
        self._grant("bigquery", account, apis)
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
