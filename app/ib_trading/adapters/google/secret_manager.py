"""The gateway's credentials from Secret Manager: the newest version of one secret.

Decides what a refusal means. A version that is disabled or destroyed stays one: an older one is never used instead.
"""

from __future__ import annotations

from collections.abc import Callable

import google_crc32c
from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import GoogleAuthError
from google.cloud import secretmanager_v1

from ib_trading.core.refusals import GatewayNotReady
from ib_trading.schema.credentials import GatewayCredentials, read_credentials

ANSWER_SECONDS = 5.0
TIMEOUT_SECONDS = 20.0

# Reading changes nothing: whatever may pass is asked again.
_RETRY = Retry(
    predicate=if_exception_type(
        exceptions.ServiceUnavailable, exceptions.DeadlineExceeded, exceptions.InternalServerError
    ),
    initial=0.2,
    maximum=3.0,
    multiplier=2.0,
    timeout=TIMEOUT_SECONDS,
)


class SecretManagerSource:
    """SecretSource from secret `name` of `project`, on the client that `client` gives."""

    def __init__(
        self, client: Callable[[], secretmanager_v1.SecretManagerServiceClient], project: str, name: str
    ) -> None:
        self._client = client
        self._secret = f"projects/{project}/secrets/{name}"

    def credentials(self) -> GatewayCredentials:
        found = read_credentials(self._payload())
        if isinstance(found, str):
            raise GatewayNotReady(f"the newest version of {self._secret} cannot be used: {found}; {_ADD}")
        return found

    def _payload(self) -> bytes:
        try:
            answer = self._client().access_secret_version(
                name=f"{self._secret}/versions/latest", retry=_RETRY, timeout=ANSWER_SECONDS
            )
        except exceptions.RetryError as error:
            raise GatewayNotReady(
                f"Secret Manager did not answer within {TIMEOUT_SECONDS:g} s about {self._secret}; try again"
            ) from error
        except exceptions.GoogleAPICallError as error:
            raise GatewayNotReady(f"{self._meaning(error)} ({error.message})") from error
        except GoogleAuthError as error:
            raise GatewayNotReady(
                f"the service's identity is not accepted where {self._secret} is; check that it exists ({error})"
            ) from error
        data = answer.payload.data
        if answer.payload.data_crc32c != google_crc32c.value(data):
            raise GatewayNotReady(f"{self._secret} did not arrive as it was sent; try again")
        return data

    def _meaning(self, error: exceptions.GoogleAPICallError) -> str:
        if isinstance(error, exceptions.PermissionDenied):
            return f"the service's identity needs roles/secretmanager.secretAccessor on {self._secret}"
        if isinstance(error, exceptions.NotFound):
            return f"{self._secret} is not there, or has no version; {_ADD}"
        if isinstance(error, exceptions.FailedPrecondition):
            return f"the newest version of {self._secret} is disabled or destroyed; enable it, or {_ADD}"
        if isinstance(error, exceptions.ResourceExhausted):
            return f"a quota of Secret Manager is used up; wait a minute before {self._secret} is read again"
        return f"Secret Manager did not give {self._secret}; try again"


_ADD = 'add a version: {"userName": "…", "password": "…"}'
