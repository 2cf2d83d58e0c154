"""Runs the program without an engine and keeps a record of every resource that it registered.

What is asserted is the record, read after the program has ended: an output that nobody awaited would hide its assertion.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import mocks, rpc, rpc_manager, stack

from infra.program import deploy
from infra.stack_config import read_stack_config


@dataclass(frozen=True, slots=True)
class Registration:
    """`inputs` as the engine gets them: camelCase, without what was left out; secrets without their wrapping."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    parent: str
    protect: bool
    depends_on: tuple[str, ...]
    secret: frozenset[str]
    """The inputs that are, or contain, secrets."""

    @property
    def kind(self) -> str:
        """gcp:bigquery/table:Table → bigquery.Table"""
        module, _, name = self.type.removeprefix("gcp:").partition(":")
        return f"{module.partition('/')[0]}.{name}" if self.type.startswith("gcp:") else self.type


@dataclass(slots=True)
class Record:
    registrations: list[Registration] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def of(self, kind: str) -> dict[str, Registration]:
        """Name → registration, of one kind."""
        return {one.name: one for one in self.registrations if one.kind == kind}

    def resources(self) -> list[Registration]:
        """What is Google's: no component, and not the stack itself."""
        return [one for one in self.registrations if one.type.startswith("gcp:")]
