"""Pulumi's configuration → one frozen, validated StackConfig, before any resource is registered.

Everything wrong with a stack file is one sentence here that names file, key and remedy. What `ib-trading:trading`
may say is decided in schema/, for this reader and for the service alike; what the other keys may say, in
infra/stack_rules.py.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pulumi
from pulumi.runtime import config as pulumi_config

from ib_trading.schema.stack_names import STACK_NAME, STACK_NAME_RULE
from ib_trading.schema.strict import FieldError, StrictError, parse
from ib_trading.schema.trading_config import TradingConfig, TradingConfigError, read_trading_config
from infra.caller import Caller, read_caller
from infra.names import Names
from infra.settings import MAY_BE_SECRET, Settings
from infra.stack_rules import contradictions

NAMESPACE = "ib-trading"


class StackConfigError(pulumi.RunError):
    """The stack's configuration is unusable; the text names file, key and remedy. The engine prints it alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackConfig:
    """What the program builds from. `section` is `ib-trading:trading` as it was written: the service gets that, and
    adds the defaults of its own version."""

    names: Names
    mode: Literal["paper", "live"]
    region: str
    caller: Caller
    gateway_lifetime: Literal["request", "always"]
    settings: Settings = field(repr=False)
    trading: TradingConfig = field(repr=False)
    section: Mapping[str, object] = field(repr=False)
    section_is_secret: bool


def this_stack() -> StackConfig:
    """The configuration of the stack that is being deployed."""
    values = {**pulumi_config.get_config_env(), **pulumi_config.CONFIG.get()}
    secret = {key for key in values if pulumi_config.is_config_secret(key)}
    return read_stack_config(values, pulumi.get_stack(), secret)


def read_stack_config(values: Mapping[str, str], stack: str, secret: Collection[str] = ()) -> StackConfig:
    """The configuration of `stack` from Pulumi's `values`: full key → text, structures as JSON; `secret` names the keys
    that are encrypted in the file. StackConfigError."""
    source = f"Pulumi.{stack}.yaml"
    if not STACK_NAME.fullmatch(stack):
        raise StackConfigError(f"stack {stack!r}: {STACK_NAME_RULE}")
    settings = _settings(values, source, secret)
    mode = _mode(settings, stack, source)
    names = Names(_google(values, "project", source), stack, settings.shared_project)
    region = _google(values, "region", source)
    try:
        trading = read_trading_config(settings.trading, source)
    except TradingConfigError as error:
        raise StackConfigError(str(error)) from None
    caller = read_caller(values)
    problems = contradictions(settings, trading, names, mode, region, caller)
    if problems:
        raise StackConfigError(_sentences(source, problems))
    return StackConfig(
        names=names,
        mode=mode,
        region=region,
        caller=caller,
        gateway_lifetime=settings.gateway_lifetime or ("always" if mode == "live" else "request"),
        settings=settings,
        trading=trading,
        section=settings.trading,
        section_is_secret=f"{NAMESPACE}:trading" in secret,
    )


def _settings(values: Mapping[str, str], source: str, secret: Collection[str]) -> Settings:
    document: dict[str, object] = {}
    for full_key, text in values.items():
        namespace, _, key = full_key.partition(":")
        if namespace != NAMESPACE:
            continue
        if "." in key:
            # Written without --path: Pulumi takes it for a key of its own.
            inside = f"write it inside {NAMESPACE}:{key.partition('.')[0]}"
            raise StackConfigError(
                f"{source}: {full_key}: {inside} (pulumi config set --path '{full_key}' …)"
            )
        if full_key in secret and key not in MAY_BE_SECRET:
            raise StackConfigError(
                f"{source}: {full_key}: is encrypted; write it openly (only {_spoken()} may)"
            )
        document[key] = _value(text)
    if not document.get("trading"):
        known = f"{NAMESPACE}:trading is missing; write what may be traded under it, at least its exposure"
        raise StackConfigError(f"{source}: {known} (docs/settings.md)")
    try:
        return parse(document, Settings, coerce_text=True)
    except StrictError as error:
        raise StackConfigError(_sentences(source, error.errors)) from None


def _mode(settings: Settings, stack: str, source: str) -> Literal["paper", "live"]:
    said = settings.trading_mode
    if stack in {"paper", "live"}:
        if said and said != stack:
            raise StackConfigError(
                f"{source}: {NAMESPACE}:tradingMode: is {said}, but the stack is called {stack};"
                f" leave it out, or give the stack another name"
            )
        return "paper" if stack == "paper" else "live"
    if not said:
        raise StackConfigError(
            f"{source}: {NAMESPACE}:tradingMode is missing, and the stack's name does not say it; set paper or live"
        )
    return said


def _value(text: str) -> object:
    """Pulumi hands structures over as JSON and everything else as it stands."""
    if text[:1] in {"{", "["}:
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _google(values: Mapping[str, str], name: str, source: str) -> str:
    value = values.get(f"gcp:{name}", "")
    if not value:
        raise StackConfigError(f"{source}: gcp:{name} is missing; pulumi config set gcp:{name} …")
    return value


def _spoken() -> str:
    return " and ".join(f"{NAMESPACE}:{key}" for key in sorted(MAY_BE_SECRET))


def _sentences(source: str, errors: tuple[FieldError, ...]) -> str:
    return "; ".join(f"{source}: {NAMESPACE}:{error.path}: {error.message}" for error in errors)
