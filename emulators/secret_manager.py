"""A Secret Manager on this machine: a gRPC server of the official protocol, for the official client unchanged.

Holds versions of secrets, of which `latest` is the one that was added last, whatever its state.
"""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn

import google_crc32c
import grpc
from google.cloud.secretmanager_v1 import (
    AccessSecretVersionRequest,
    AccessSecretVersionResponse,
    SecretPayload,
    SecretVersion,
)

SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"


@dataclass(slots=True)
class Version:
    payload: bytes
    state: SecretVersion.State = SecretVersion.State.ENABLED


@dataclass(slots=True)
class EmulatedSecrets:
    """`versions` is secret's full name → its versions, oldest first; those in `denied` may not be read."""

    versions: dict[str, list[Version]] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    damaged: bool = False
    """Whether the checksum that is sent is another one."""
    address: str = ""

    def access(
        self, request: AccessSecretVersionRequest, context: grpc.ServicerContext
    ) -> AccessSecretVersionResponse:
        secret, _, alias = request.name.partition("/versions/")
        if secret in self.denied:
            _abort(
                context,
                grpc.StatusCode.PERMISSION_DENIED,
                f"Permission 'secretmanager.versions.access' denied for resource '{request.name}'.",
            )
        versions = self.versions.get(secret, [])
        number = len(versions) if alias == "latest" else int(alias)
        if not 1 <= number <= len(versions):
            _abort(
                context,
                grpc.StatusCode.NOT_FOUND,
                f"Secret [{secret}] not found or has no versions.",
            )
        version = versions[number - 1]
        name = f"{secret}/versions/{number}"
        if version.state is not SecretVersion.State.ENABLED:
            _abort(
                context,
                grpc.StatusCode.FAILED_PRECONDITION,
                f"Secret Version [{name}] is in {version.state.name} state.",
            )
        checksum = google_crc32c.value(version.payload) + self.damaged
        return AccessSecretVersionResponse(
            name=name, payload=SecretPayload(data=version.payload, data_crc32c=checksum)
        )


def _abort(context: grpc.ServicerContext, code: grpc.StatusCode, details: str) -> NoReturn:
    context.abort(code, details)
    raise AssertionError("abort raises")


@contextmanager
def emulated_secret_manager() -> Generator[EmulatedSecrets]:
    """Serves on a free port of this machine; `address` is its host:port."""
    secrets = EmulatedSecrets()
    server = grpc.server(ThreadPoolExecutor(4))
    handler = grpc.unary_unary_rpc_method_handler(
        secrets.access,
        request_deserializer=AccessSecretVersionRequest.deserialize,
        response_serializer=AccessSecretVersionResponse.serialize,
    )
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(SERVICE, {"AccessSecretVersion": handler}),)
    )
    secrets.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield secrets
    finally:
        server.stop(grace=None).wait()
