"""As whom, and in which project's account, the deployment calls Google: what the provider's own keys in the file say.

The provider reads them by itself; here they are read because of what rests on them: a budget, and what the build may.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """`impersonated` is the account that the deployment acts as, "" for whoever is logged in; `counted_in` the project
    that every call names as the one it counts in, "" if none does."""

    impersonated: str
    counted_in: str


def read_caller(values: Mapping[str, str]) -> Caller:
    """From Pulumi's `values`. A billing project counts only where gcp:userProjectOverride is true."""
    overrides = values.get("gcp:userProjectOverride") == "true"
    billed = values.get("gcp:billingProject", "")
    return Caller(values.get("gcp:impersonateServiceAccount", ""), billed if overrides else "")
