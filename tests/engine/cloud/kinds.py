"""The resource types that the stand-in knows: how Google names them, what must be given, what cannot be changed, and
what only Google can tell.

Facts are from the reference of the Terraform provider that `pulumi_gcp` wraps (registry.terraform.io,
hashicorp/google): "Forces new resource", required arguments, attributes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Properties = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """`id` is a format of the inputs; two with the same one are the same thing to Google. `immutable` inputs force a
    replacement; `guard` is the output that, while true, refuses deletion."""

    id: str
    required: tuple[str, ...] = ()
    immutable: tuple[str, ...] = ()
    computed: Callable[[Properties], Properties] = lambda _: {}
    guard: str = ""


def unique_id(text: str) -> str:
    """21 digits, as Google numbers its accounts; the same for the same text."""
    return str(10**20 + int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))


def _account(given: Properties) -> Properties:
    email = f"{given['accountId']}@{given['project']}.iam.gserviceaccount.com"
    return {
        "email": email,
        "member": f"serviceAccount:{email}",
        "name": f"projects/{given['project']}/serviceAccounts/{email}",
        "uniqueId": unique_id(email),
    }


KINDS: dict[str, Kind] = {
    "gcp:serviceaccount/account:Account": Kind(
        "projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com",
        required=("accountId",),
        immutable=("accountId", "project"),
        computed=_account,
    ),
    "gcp:projects/iAMMember:IAMMember": Kind(
        "{project}/{role}/{member}",
        required=("project", "role", "member"),
        immutable=("project", "role", "member", "condition"),
        computed=lambda _: {"etag": "BwXhqDoJ+dA="},
    ),
}
