"""`show NAME`: what a strategy declares, its parameters, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ib_trading.core.strategy import Declaration, Instance, Offer
from workbench.trial import declared, offer_of, started, witness


@dataclass(frozen=True, slots=True)
class Shown:
    """`parameters` is name → (type, default, bounds or choices), as texts."""

    offer: Offer
    declaration: Declaration
    parameters: Mapping[str, tuple[str, str, str]]


def shown(name: str, parameters: Mapping[str, str], environment: Mapping[str, str]) -> Shown:
    """NotOffered (trial.py) where there is none of that name, or the parameters do not fit."""
    instance = Instance(name, name, dict(parameters))
    with started(environment) as host:
        offer, declaration = offer_of(host, name), declared(host, instance)
    return Shown(offer, declaration, witness(instance, (), environment).parameters)
