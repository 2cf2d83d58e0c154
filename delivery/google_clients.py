"""The official clients of the services that sessions talk to, all made here, each when it is first asked for.

Decides whose identity they carry, and in which project a person's calls count: the stack's own.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import google.auth
import google.auth.transport.requests
import google.oauth2.credentials
import grpc
from google.api_core.client_options import ClientOptions
from google.cloud import artifactregistry_v1, iam_credentials_v1, run_v2, secretmanager_v1

from delivery.endpoints import Endpoints, read_endpoints

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
STAND_IN_TOKEN = "of-a-stand-in"  # noqa: S105  it opens nothing


@dataclass(frozen=True)
class GoogleClients:
    """For the work on one `project`."""

    project: str
    endpoints: Endpoints = field(default_factory=lambda: read_endpoints(os.environ))

    @cached_property
    def services(self) -> run_v2.ServicesClient:
        return self._made(run_v2.ServicesClient)

    @cached_property
    def revisions(self) -> run_v2.RevisionsClient:
        return self._made(run_v2.RevisionsClient)

    @cached_property
    def images(self) -> artifactregistry_v1.ArtifactRegistryClient:
        return self._made(artifactregistry_v1.ArtifactRegistryClient)

    @cached_property
    def secrets(self) -> secretmanager_v1.SecretManagerServiceClient:
        return self._made(secretmanager_v1.SecretManagerServiceClient)

    @cached_property
    def identities(self) -> iam_credentials_v1.IAMCredentialsClient:
        return self._made(iam_credentials_v1.IAMCredentialsClient)

    def access_token(self) -> str:
        """What a registry takes for a password, for about an hour. DefaultCredentialsError, RefreshError."""
        if self.endpoints.registry:
            return STAND_IN_TOKEN
        credentials = self._identity
        credentials.refresh(google.auth.transport.requests.Request())
        return credentials.token

    @cached_property
    def _identity(self) -> Any:
        """A service account's calls count in its own project. A person's own login says nothing of that, and most APIs
        refuse it (403 "requires a quota project")."""
        credentials, _ = google.auth.default(scopes=[SCOPE])
        if isinstance(credentials, google.oauth2.credentials.Credentials):
            return credentials.with_quota_project(self.project)
        return credentials

    def _made(self, kind: Any) -> Any:
        if not self.endpoints.control_plane:
            return kind(credentials=self._identity, client_options=ClientOptions(scopes=[SCOPE]))
        transport = kind.get_transport_class("grpc")
        return kind(transport=transport(channel=grpc.insecure_channel(self.endpoints.control_plane)))
