"""The official clients: each made once, when it is first asked for, with the service's own identity.

A client that is pointed at an emulator carries no identity: what it is given must not be worth anything.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

import grpc
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import DefaultCredentialsError
from google.cloud import bigquery, secretmanager_v1
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
)

from ib_trading.core.refusals import StoreUnavailable

C = TypeVar("C")


class Once(Generic[C]):
    """What `make` makes, made at the first call, however many threads ask at once."""

    def __init__(self, make: Callable[[], C]) -> None:
        self._make = make
        self._made: C | None = None
        self._turn = threading.Lock()

    def __call__(self) -> C:
        """StoreUnavailable where this process has no Google identity; the next call tries again."""
        with self._turn:
            if self._made is None:
                try:
                    self._made = self._make()
                except DefaultCredentialsError as error:
                    remedy = "run `gcloud auth application-default login` here, or run in Google Cloud"
                    raise StoreUnavailable(f"no Google identity found; {remedy}") from error
            return self._made


def bigquery_client(project: str, emulator: str | None = None) -> Once[bigquery.Client]:
    """For the jobs of `project`; `emulator` is host:port."""

    def make() -> bigquery.Client:
        if emulator is None:
            return bigquery.Client(project=project)
        options = ClientOptions(api_endpoint=f"http://{emulator}")
        return bigquery.Client(project=project, credentials=AnonymousCredentials(), client_options=options)

    return Once(make)


def secret_manager_client(emulator: str | None = None) -> Once[secretmanager_v1.SecretManagerServiceClient]:
    """`emulator` is host:port."""

    def make() -> secretmanager_v1.SecretManagerServiceClient:
        if emulator is None:
            return secretmanager_v1.SecretManagerServiceClient()
        channel = grpc.insecure_channel(emulator)
        return secretmanager_v1.SecretManagerServiceClient(
            transport=SecretManagerServiceGrpcTransport(channel=channel)
        )

    return Once(make)
