"""What all components of a stack share: names, place, labels, the APIs they wait for, and the key they encrypt with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from infra.components.enabled_apis import EnabledApis
from infra.components.encryption_key import EncryptionKey
from infra.names import Names


@dataclass(frozen=True, slots=True)
class Site:
    """`key` is None where Google's own keys encrypt."""

    names: Names
    region: str
    labels: Mapping[str, str]
    apis: EnabledApis
    key: EncryptionKey | None

    @property
    def project(self) -> str:
        return self.names.project

    @property
    def key_name(self) -> str | None:
        return self.key.name if self.key else None

    def needs(self, api: str) -> list[pulumi.Resource]:
        """What must be there before a resource of `api`: the API, and the right of its service agent to use the key."""
        return [self.apis[api], *(self.key.users(api) if self.key else ())]
