"""The stack files that the scenarios deploy: what a person adds to those of the repository."""

from __future__ import annotations

from typing import Any

REGION = "europe-west6"


def image(repository: str, figure: str = "a") -> str:
    return f"{REGION}-docker.pkg.dev/{repository}/app@sha256:{figure * 64}"


IMAGE = image("ib-paper-project/ib-trading")
NEXT_IMAGE = image("ib-paper-project/ib-trading", "b")


def in_own_project(stack: str) -> dict[str, Any]:
    """Each stack in a Google project of its own."""
    return {
        "gcp:project": f"ib-{stack}-project",
        "gcp:region": REGION,
        "ib-trading:operators": ["user:ann@example.com"],
        "ib-trading:notificationAddress": "ann@example.com",
    }


def in_one_project(stack: str) -> dict[str, Any]:
    """Both stacks in one, each with its image."""
    return {
        **in_own_project(stack),
        "gcp:project": "ib-one-project",
        "ib-trading:sharedProject": True,
        "ib-trading:image": image(f"ib-one-project/ib-trading-{stack}"),
    }


KEY = f"projects/ib-keys/locations/{REGION}/keyRings/ib/cryptoKeys"

EVERY_OPTION: dict[str, Any] = {
    "gcp:userProjectOverride": True,
    "gcp:billingProject": "ib-paper-project",
    "ib-trading:image": IMAGE,
    "ib-trading:gatewayLifetime": "always",
    "ib-trading:staticEgressAddress": True,
    "ib-trading:labels": {"owner": "ann"},
    "ib-trading:budget": {"amount": 50, "currency": "CHF", "billingAccount": "000000-AAAAAA-111111"},
    "ib-trading:customerManagedKey": f"{KEY}/data",
    "ib-trading:build": {
        "repository": f"projects/ib-paper-project/locations/{REGION}/connections/host/repositories/ib",
        "stateBucket": "ib-paper-state",
        "stateKey": f"{KEY}/state",
    },
}
"""All that a stack can have besides what it always has."""
