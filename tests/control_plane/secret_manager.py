"""Google's Secret Manager, as far as sessions ask it: versions are added, listed, read, disabled, enabled, destroyed.

After its reference (https://cloud.google.com/secret-manager/docs/reference/rpc/google.cloud.secretmanager.v1): numbers
begin at 1 and are never used again, `latest` is the one that was added last whatever its state, a list begins with the
newest, and where the secret has a destroy TTL, destroying disables first and destroys later. Whether the service can
read what was added is seen with emulators/secret_manager.py and the real adapter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import google_crc32c
import grpc
from google.cloud.secretmanager_v1 import (
    AccessSecretVersionRequest,
    AccessSecretVersionResponse,
    AddSecretVersionRequest,
    DestroySecretVersionRequest,
    DisableSecretVersionRequest,
    EnableSecretVersionRequest,
    GetSecretVersionRequest,
    ListSecretVersionsRequest,
    ListSecretVersionsResponse,
    SecretPayload,
    SecretVersion,
)

from tests.control_plane.server import ControlPlane, Method, refuse

SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"
MAX_PAYLOAD = 65_536
State = SecretVersion.State


@dataclass(slots=True)
class Version:
    """`payload` is None once it is destroyed."""

    shown: SecretVersion
    payload: bytes | None


@dataclass(slots=True)
class SecretManager:
    """`secrets`: full name (projects/P/secrets/S) → versions, oldest first. `undo`: the secrets' destroy TTL."""

    secrets: dict[str, list[Version]] = field(default_factory=dict)
    undo: timedelta = timedelta()
    page: int = 2
    """Versions on a page of a list, whatever is asked for: a reader that stops after the first shows itself."""

    def serve(self, plane: ControlPlane) -> None:
        methods = {
            "AddSecretVersion": Method(AddSecretVersionRequest, SecretVersion, self._add),
            "GetSecretVersion": Method(GetSecretVersionRequest, SecretVersion, self._get),
            "ListSecretVersions": Method(ListSecretVersionsRequest, ListSecretVersionsResponse, self._list),
            "AccessSecretVersion": Method(
                AccessSecretVersionRequest, AccessSecretVersionResponse, self._access
            ),
            "DisableSecretVersion": Method(DisableSecretVersionRequest, SecretVersion, self._disable),
            "EnableSecretVersion": Method(EnableSecretVersionRequest, SecretVersion, self._enable),
            "DestroySecretVersion": Method(DestroySecretVersionRequest, SecretVersion, self._destroy),
        }
        plane.serve(SERVICE, methods)

    def payloads(self, secret: str) -> list[bytes | None]:
        return [version.payload for version in self.secrets[secret]]

    def _add(self, request: AddSecretVersionRequest, context: grpc.ServicerContext) -> SecretVersion:
        versions = self._versions(request.parent, context)
        data = request.payload.data
        if len(data) > MAX_PAYLOAD:
            refuse(
                context,
                grpc.StatusCode.INVALID_ARGUMENT,
                "The payload is larger than the maximum of 65536 bytes.",
            )
        told = "data_crc32c" in request.payload
        if told and request.payload.data_crc32c != google_crc32c.value(data):
            refuse(
                context,
                grpc.StatusCode.INVALID_ARGUMENT,
                "The checksum of the payload does not match the one that was sent.",
            )
        shown = SecretVersion(
            name=f"{request.parent}/versions/{len(versions) + 1}",
            create_time=datetime.now(UTC),
            state=State.ENABLED,
            client_specified_payload_checksum=told,
        )
        versions.append(Version(shown, data))
        return shown

    def _get(self, request: GetSecretVersionRequest, context: grpc.ServicerContext) -> SecretVersion:
        return self._found(request.name, context).shown

    def _list(
        self, request: ListSecretVersionsRequest, context: grpc.ServicerContext
    ) -> ListSecretVersionsResponse:
        shown = [version.shown for version in reversed(self._versions(request.parent, context))]
        begin = int(request.page_token or 0)
        end = begin + self.page
        return ListSecretVersionsResponse(
            versions=shown[begin:end],
            next_page_token=str(end) if end < len(shown) else "",
            total_size=len(shown),
        )

    def _access(
        self, request: AccessSecretVersionRequest, context: grpc.ServicerContext
    ) -> AccessSecretVersionResponse:
        version = self._found(request.name, context)
        if version.shown.state is not State.ENABLED or version.payload is None:
            refuse(
                context,
                grpc.StatusCode.FAILED_PRECONDITION,
                f"Secret Version [{version.shown.name}] is in {version.shown.state.name} state.",
            )
        payload = SecretPayload(data=version.payload, data_crc32c=google_crc32c.value(version.payload))
        return AccessSecretVersionResponse(name=version.shown.name, payload=payload)

    def _disable(self, request: Any, context: grpc.ServicerContext) -> SecretVersion:
        return self._turned(request, context, State.DISABLED)

    def _enable(self, request: Any, context: grpc.ServicerContext) -> SecretVersion:
        shown = self._turned(request, context, State.ENABLED)
        shown.scheduled_destroy_time = None
        return shown

    def _destroy(self, request: Any, context: grpc.ServicerContext) -> SecretVersion:
        if self.undo:
            shown = self._turned(request, context, State.DISABLED)
            shown.scheduled_destroy_time = datetime.now(UTC) + self.undo
            return shown
        shown = self._turned(request, context, State.DESTROYED)
        shown.destroy_time = datetime.now(UTC)
        self._found(request.name, context).payload = None
        return shown

    def _turned(
        self, request: Any, context: grpc.ServicerContext, state: SecretVersion.State
    ) -> SecretVersion:
        shown = self._found(request.name, context).shown
        if shown.state is State.DESTROYED:
            refuse(
                context,
                grpc.StatusCode.FAILED_PRECONDITION,
                f"Secret Version [{shown.name}] is in DESTROYED state.",
            )
        shown.state = state
        return shown

    def _found(self, name: str, context: grpc.ServicerContext) -> Version:
        secret, _, number = name.partition("/versions/")
        versions = self._versions(secret, context)
        index = len(versions) if number == "latest" else int(number)
        if not 1 <= index <= len(versions):
            refuse(
                context,
                grpc.StatusCode.NOT_FOUND,
                f"Secret [{secret}] not found or has no versions."
                if number == "latest"
                else f"Secret Version [{name}] not found.",
            )
        return versions[index - 1]

    def _versions(self, secret: str, context: grpc.ServicerContext) -> list[Version]:
        if secret not in self.secrets:
            refuse(context, grpc.StatusCode.NOT_FOUND, f"Secret [{secret}] not found.")
        return self.secrets[secret]
