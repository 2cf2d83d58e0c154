"""The stacks that tests deploy: both modes, alone in a project or sharing one, with every option or with none."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from infra.names import Names
from infra.stack_config import StackConfig, read_stack_config

REGION = "europe-west6"
SHARED_PROJECT = "trading"

TRADING: dict[str, Any] = {
    "exposure": {"overall": "0.95", "strategies": {"dummy": "0.1", "trend": "0.8"}},
    "schedules": [
        {"intent": "allocation", "cron": "30 15 * * mon-fri", "timeZone": "America/New_York"},
        {"intent": "summary", "cron": "0 9 * * mon-fri", "timeZone": "America/New_York"},
    ],
}


BUILD: dict[str, Any] = {
    "repository": f"projects/trading/locations/{REGION}/connections/github/repositories/ib-trading",
    "stateBucket": "ib-trading-state-paper",
    "stateKey": f"projects/trading/locations/{REGION}/keyRings/state/cryptoKeys/paper",
}


def project_of(stack: str, *, shared: bool) -> str:
    return SHARED_PROJECT if shared else f"{SHARED_PROJECT}-{stack}"


def image_of(stack: str, *, shared: bool) -> str:
    names = Names(project_of(stack, shared=shared), stack, shared)
    return f"{names.images(REGION)}application@sha256:{'a1' * 32}"


def values(stack: str, settings: Mapping[str, Any], *, shared: bool = False) -> dict[str, str]:
    """As Pulumi hands them over: texts, structures in JSON. A setting that is None is left out; with a budget comes
    what it takes of the provider."""
    project = project_of(stack, shared=shared)
    counted = (
        {"gcp:userProjectOverride": "true", "gcp:billingProject": project} if settings.get("budget") else {}
    )
    given: dict[str, Any] = {"trading": TRADING, "sharedProject": shared, **settings}
    texts = {f"ib-trading:{key}": _text(value) for key, value in given.items() if value is not None}
    return {"gcp:project": project, "gcp:region": REGION, **counted, **texts}


def config(
    stack: str = "paper", *, shared: bool = False, secret: Collection[str] = (), **settings: Any
) -> StackConfig:
    return read_stack_config(values(stack, settings, shared=shared), stack, secret)


def deployed(stack: str = "paper", *, shared: bool = False, **settings: Any) -> StackConfig:
    """With an image."""
    return config(stack, shared=shared, image=image_of(stack, shared=shared), **settings)


def everything(stack: str = "paper", *, shared: bool = False) -> StackConfig:
    """Every option that the stack may have."""
    return deployed(
        stack,
        shared=shared,
        staticEgressAddress=True,
        notificationAddress="ann@example.com",
        operators=["user:ann@example.com", "group:desk@example.com"],
        labels={"team": "trading"},
        budget={"amount": 50, "currency": "CHF", "billingAccount": "012345-6789AB-CDEF01"},
        customerManagedKey=f"projects/trading/locations/{REGION}/keyRings/data/cryptoKeys/{stack}",
        build=BUILD if stack == "paper" else None,
    )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value)
