"""The official clients of the services that sessions talk to, all made here, each when it is first asked for.

Decides whose identity they carry, and in which project a person's calls count: the stack's own. What a client needs is
imported when it is made: all of Google's libraries together take seconds, and most sessions need one of them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from delivery.google.endpoints import Endpoints, read_endpoints

if TYPE_CHECKING:
    from google.cloud.artifactregistry_v1 import ArtifactRegistryClient
    from google.cloud.iam_credentials_v1 import IAMCredentialsClient
    from google.cloud.run_v2 import RevisionsClient, ServicesClient
    from google.cloud.secretmanager_v1 import SecretManagerServiceClient

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
STAND_IN_TOKEN = "of-a-stand-in"  # noqa: S105  it opens nothing


@dataclass(frozen=True)
class GoogleClients:
    """For the work on one `project`."""

    project: str
    endpoints: Endpoints = field(default_factory=lambda: read_endpoints(os.environ))

    @cached_property
    def services(self) -> ServicesClient:
        from google.cloud.run_v2 import ServicesClient

        return self._made(ServicesClient)

    @cached_property
    def revisions(self) -> RevisionsClient:
        from google.cloud.run_v2 import RevisionsClient

        return self._made(RevisionsClient)

    @cached_property
    def images(self) -> ArtifactRegistryClient:
        from google.cloud.artifactregistry_v1 import ArtifactRegistryClient

        return self._made(ArtifactRegistryClient)

    @cached_property
    def secrets(self) -> SecretManagerServiceClient:
        from google.cloud.secretmanager_v1 import SecretManagerServiceClient

        return self._made(SecretManagerServiceClient)

    @cached_property
    def identities(self) -> IAMCredentialsClient:
        from google.cloud.iam_credentials_v1 import IAMCredentialsClient

        return self._made(IAMCredentialsClient)

    def access_token(self) -> str:
        """What a registry takes for a password, for about an hour. DefaultCredentialsError, RefreshError."""
        if self.endpoints.registry:
            return STAND_IN_TOKEN
        from google.auth.transport.requests import Request

        credentials = self._identity
        credentials.refresh(Request())
        return credentials.token

    @cached_property
    def _identity(self) -> Any:
        """A service account's calls count in its own project. A person's own login says nothing of that, and most APIs
        refuse it (403 "requires a quota project")."""
        from google.auth import default
        from google.oauth2.credentials import Credentials

        credentials, _ = default(scopes=[SCOPE])
        if isinstance(credentials, Credentials):
            return credentials.with_quota_project(self.project)
        return credentials

    def _made(self, kind: Any) -> Any:
        import grpc
        from google.api_core.client_options import ClientOptions

        if not self.endpoints.control_plane:
            return kind(credentials=self._identity, client_options=ClientOptions(scopes=[SCOPE]))
        transport = kind.get_transport_class("grpc")
        return kind(transport=transport(channel=grpc.insecure_channel(self.endpoints.control_plane)))
