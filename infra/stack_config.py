"""Pulumi's configuration → one frozen, validated StackConfig, before any resource is registered.

Everything wrong with a stack file is one sentence here that names file, key and remedy. What `ib-trading:trading`
may say is decided in schema/, for this reader and for the service alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Literal

import msgspec
import pulumi
from pulumi.runtime import config as pulumi_config

from infra.names import STACK_NAME, Names
from schema.strict import FieldError, StrictError, parse
from schema.trading_config import TradingConfig, TradingConfigError, read_trading_config

NAMESPACE = "ib-trading"
DIGEST = re.compile(r"[a-z0-9][a-z0-9./_-]*(:[0-9]+)?[a-z0-9./_-]*@sha256:[0-9a-f]{64}")


class StackConfigError(ValueError):
    """The stack's configuration is unusable; the text names file, key and remedy."""


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The base of every section: strict, camelCase."""


class Settings(_Section, frozen=True):
    """The keys under `ib-trading:`, with every default but those of `trading`."""

    trading: dict[str, object]
    trading_mode: Literal["", "paper", "live"] = ""
    """"": the stack's name says it."""
    image: str = ""
    """The application image by digest. "": not pushed yet, so no service is made."""
    shared_project: bool = False
    """Whether the Google project hosts other stacks of this program: names then carry the stack's."""
    operators: tuple[str, ...] = ()
    """Who may call the service by hand, as IAM members: user:ann@example.com, group:…"""
    notification_address: str = ""
    labels: dict[str, str] = {}


class StackConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the program builds from."""

    names: Names
    mode: Literal["paper", "live"]
    region: str
    settings: Settings
    trading: TradingConfig


def this_stack() -> StackConfig:
    """The configuration of the stack that is being deployed."""
    values = {**pulumi_config.get_config_env(), **pulumi_config.CONFIG.get()}
    return read_stack_config(values, pulumi.get_stack())


def read_stack_config(values: Mapping[str, str], stack: str) -> StackConfig:
    """The configuration of `stack` from Pulumi's `values`: full key → text, structures as JSON. StackConfigError."""
    source = f"Pulumi.{stack}.yaml"
    if not STACK_NAME.fullmatch(stack):
        raise StackConfigError(f"stack {stack!r}: name it with 4 to 18 small letters, digits and hyphens")
    document = {
        key.partition(":")[2]: _value(text) for key, text in values.items() if key.startswith(f"{NAMESPACE}:")
    }
    try:
        settings = parse(document, Settings, coerce_text=True)
    except StrictError as error:
        raise StackConfigError(_sentences(source, error.errors)) from None
    try:
        trading = read_trading_config(document["trading"], source)
    except TradingConfigError as error:
        raise StackConfigError(str(error)) from None
    mode = settings.trading_mode or stack
    return StackConfig(
        names=Names(_google(values, "project", source), stack, settings.shared_project),
        mode=mode,
        region=_google(values, "region", source),
        settings=settings,
        trading=trading,
    )


def _value(text: str) -> object:
    """Pulumi hands structures over as JSON and everything else as it stands."""
    if text[:1] in {"{", "["}:
        return json.loads(text)
    return text


def _google(values: Mapping[str, str], name: str, source: str) -> str:
    value = values.get(f"gcp:{name}", "")
    if not value:
        raise StackConfigError(f"{source}: gcp:{name} is missing; pulumi config set gcp:{name} …")
    return value


def _sentences(source: str, errors: tuple[FieldError, ...]) -> str:
    return "; ".join(f"{source}: {NAMESPACE}:{error.path}: {error.message}" for error in errors)
