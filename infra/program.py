"""Composes the components and exports what people and commands need. Makes no resource of its own."""

from __future__ import annotations

import pulumi

from infra.components.runtime_identity import RuntimeIdentity
from infra.stack_config import StackConfig


def deploy(config: StackConfig) -> None:
    """Registers everything that the stack owns."""
    identity = RuntimeIdentity(config.names)
    pulumi.export("runtimeAccount", identity.email)
