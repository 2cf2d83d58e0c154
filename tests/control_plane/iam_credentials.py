"""Google's IAM credentials, as far as sessions ask it: identity tokens for a service account.

A token names account and audience as Google's do (https://cloud.google.com/docs/authentication/token-types#id), and is
signed by nobody. Who may not act as an account gets Google's 403, an account that is not there its 404.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.cloud.iam_credentials_v1 import GenerateIdTokenRequest, GenerateIdTokenResponse

from tests.control_plane.server import ControlPlane, Method, refuse

SERVICE = "google.iam.credentials.v1.IAMCredentials"
SIGNATURE = "of-a-stand-in"


@dataclass(slots=True)
class IamCredentials:
    """`impersonable`: the accounts that the caller may act as, None for any. Tokens live `seconds`."""

    impersonable: set[str] | None = None
    seconds: float = 3600.0
    clock: Callable[[], float] = time.time
    issued: list[str] = field(default_factory=list)

    def serve(self, plane: ControlPlane) -> None:
        answered = Method(GenerateIdTokenRequest, GenerateIdTokenResponse, self._generate)
        plane.serve(SERVICE, {"GenerateIdToken": answered})

    def _generate(
        self, request: GenerateIdTokenRequest, context: grpc.ServicerContext
    ) -> GenerateIdTokenResponse:
        account = request.name.removeprefix("projects/-/serviceAccounts/")
        if account == request.name or "@" not in account:
            refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "Invalid form of account ID")
        if not request.audience:
            refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "Audience is required.")
        if self.impersonable is not None and account not in self.impersonable:
            refuse(
                context,
                grpc.StatusCode.PERMISSION_DENIED,
                "Permission 'iam.serviceAccounts.getOpenIdToken' denied on resource (or it may not exist).",
            )
        email = {"email": account, "email_verified": True} if request.include_email else {}
        now = int(self.clock())
        claims = {
            "iss": "https://accounts.google.com",
            "aud": request.audience,
            **email,
            "iat": now,
            "exp": now + int(self.seconds),
            "jti": len(self.issued),
        }
        token = ".".join([_spelled({"alg": "RS256", "typ": "JWT"}), _spelled(claims), SIGNATURE])
        self.issued.append(token)
        return GenerateIdTokenResponse(token=token)


def claims_of(authorization: str | None) -> dict[str, Any] | None:
    """What a request's Authorization header says, None for no token of this stand-in."""
    kind, _, token = (authorization or "").partition(" ")
    parts = token.split(".")
    if kind != "Bearer" or len(parts) != 3 or parts[2] != SIGNATURE:
        return None
    return json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))


def _spelled(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
