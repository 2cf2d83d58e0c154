"""Reads from a stack's file, `Pulumi.<stack>.yaml`, what the sessions need of it: where the stack lives, which image
it says, whether its schedules are paused.

The trading configuration and all the other keys are infra/'s and schema/'s to judge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delivery.console.refusal import Refusal
from ib_trading.schema.stack_names import STACK_NAME, STACK_NAME_RULE
from ib_trading.schema.stack_yaml import StackYamlError, read_config

PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")


class StackFileError(Refusal):
    """The file does not say where the stack lives; the text names file, key and remedy."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stack's Google project and region."""

    stack: str
    project: str
    region: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a stack's file wants of its service: `image` by digest, "" for none yet."""

    image: str
    schedules_paused: bool
    mode: str


def read_place(stack: str, folder: Path) -> Place:
    """From the stack's file in `folder`. StackFileError."""
    given, source = _config(stack, folder)
    return Place(
        stack,
        _said(given, "gcp:project", PROJECT, "my-project-123456", source),
        _said(given, "gcp:region", REGION, "europe-west6", source),
    )


def read_wanted(stack: str, folder: Path) -> Wanted:
    """From the stack's file in `folder`. StackFileError."""
    given, _ = _config(stack, folder)
    return Wanted(
        image=str(given.get("ib-trading:image") or ""),
        schedules_paused=str(given.get("ib-trading:schedulesPaused", "")).lower() == "true",
        mode=str(given.get("ib-trading:tradingMode") or stack),
    )


def is_placed(stack: str, folder: Path) -> bool:
    """Whether the stack's file names a project at all: one that does not was never set up. StackFileError."""
    given, _ = _config(stack, folder)
    return "gcp:project" in given


def stacks(folder: Path) -> tuple[str, ...]:
    """The stacks that have a file in `folder`, sorted."""
    return tuple(sorted(path.name.split(".")[1] for path in folder.glob("Pulumi.*.yaml")))


def _config(stack: str, folder: Path) -> tuple[dict[str, Any], str]:
    if not STACK_NAME.fullmatch(stack):
        raise StackFileError(f"stack {stack!r}: {STACK_NAME_RULE}")
    path = folder / f"Pulumi.{stack}.yaml"
    try:
        return read_config(path.read_bytes()) or {}, path.name
    except FileNotFoundError:
        raise StackFileError(f"{path.name} is not there; copy Pulumi.paper.yaml, and edit it") from None
    except StackYamlError as error:
        raise StackFileError(f"{path.name}: is not YAML: {error}") from None


def _said(config: dict[str, Any], key: str, pattern: re.Pattern[str], example: str, source: str) -> str:
    value = config.get(key)
    if value is None:
        raise StackFileError(f"{source}: {key} is missing; write it under config:, such as {key}: {example}")
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise StackFileError(f"{source}: {key}: {value!r} is none; write one such as {example}")
    return value
