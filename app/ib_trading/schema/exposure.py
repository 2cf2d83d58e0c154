"""Decides what a stack file may say about who trades with how much: each strategy's share, class, parameters and the
names that it had before.

A strategy's name here is its name in the ledger. Two forms say the same: `trend: "0.5"`, and
`trend: {share: "0.5"}`, which takes more. Whether a class is there, the service knows; whether the parameters are its
own, the class.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

import msgspec

from ib_trading.schema.strict import FieldError, StrictError, parse

RESERVED = frozenset({"unassigned", "overall"})
"""No strategy's name: what is nobody's goes by the first in the ledger, and the whole by the second in a plan."""


class StrategyInstance(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True
):
    """One strategy at work. `share` is its fraction of what works. `strategy` is the name of its class, "" stands for
    the instance's own; `parameters` are that class's, as they were written; `renamed_from` are the names that the
    ledger may know it by."""

    share: Decimal
    strategy: str = ""
    parameters: dict[str, object] = {}
    renamed_from: tuple[str, ...] = ()


class Exposure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """How much of the net liquidation value works, and for whom. All shares are fractions, "0.5" is half.

    A strategy's capital is net liquidation × overall × its own share. Above 1 in `overall` or in the sum of the
    shares only with `allow_leverage`.
    """

    overall: Decimal
    strategies: dict[str, StrategyInstance]
    allow_leverage: bool = False

    def share(self, name: str) -> Decimal:
        """The fraction of what works that is `name`'s: none where it is no strategy's name, or no longer one's."""
        one = self.strategies.get(name)
        return one.share if one is not None else Decimal(0)


def with_instances(section: object) -> object:
    """The section as it was written, with an instance for each strategy, whichever form it has; StrictError names the
    strategy that is none. What is no section is left to who reads it."""
    exposure = section.get("exposure") if isinstance(section, dict) else None
    strategies = exposure.get("strategies") if isinstance(exposure, dict) else None
    if not isinstance(section, dict) or not isinstance(exposure, dict) or not isinstance(strategies, dict):
        return section
    read: dict[str, StrategyInstance] = {}
    errors: list[FieldError] = []
    for name, written in strategies.items():
        try:
            read[name] = _instance(written)
        except StrictError as error:
            place = f"exposure.strategies.{name}"
            errors += [FieldError(_below(place, one.path), one.message) for one in error.errors]
    if errors:
        raise StrictError(tuple(errors))
    return section | {"exposure": exposure | {"strategies": read}}


def _instance(written: object) -> StrategyInstance:
    if isinstance(written, dict):
        return parse(written, StrategyInstance, coerce_text=True)
    return StrategyInstance(share=parse(written, Decimal, coerce_text=True))


def exposure_errors(exposure: Exposure) -> list[FieldError]:
    """Everything that is wrong with it and that the types cannot say, each with its remedy."""
    problems = [
        FieldError(path, f'{value} is not a fraction of the capital; write e.g. "0.5" for half')
        for path, value in _fractions(exposure)
        if not value.is_finite() or value < 0
    ]
    if problems:
        return problems
    problems = [*_wrong_names(exposure.strategies), *_wrong_successions(exposure.strategies)]
    for name, one in exposure.strategies.items():
        problems += _wrong_values(one.parameters, f"exposure.strategies.{name}.parameters")
    if exposure.allow_leverage:
        return problems
    remedy = "lower it, or say exposure.allowLeverage: true if borrowing is meant"
    if exposure.overall > 1:
        problems.append(
            FieldError("exposure.overall", f"{exposure.overall} is more than the whole account; {remedy}")
        )
    total = sum((one.share for one in exposure.strategies.values()), Decimal(0))
    if total > 1:
        problems.append(
            FieldError("exposure.strategies", f"add up to {total}, more than the whole; {remedy}")
        )
    return problems


def _fractions(exposure: Exposure) -> Iterator[tuple[str, Decimal]]:
    yield "exposure.overall", exposure.overall
    for name, one in exposure.strategies.items():
        yield f"exposure.strategies.{name}", one.share


def _wrong_names(strategies: Mapping[str, StrategyInstance]) -> Iterator[FieldError]:
    for name in strategies:
        if name in RESERVED or not name.strip():
            yield FieldError(
                f"exposure.strategies.{name}", f"{name!r} cannot name a strategy; give it another name"
            )


def _wrong_successions(strategies: Mapping[str, StrategyInstance]) -> Iterator[FieldError]:
    """One past cannot be two strategies', nor that of one which goes on under its name: so names go in no circle."""
    claimed: dict[str, str] = {}
    for name, one in strategies.items():
        for index, old in enumerate(one.renamed_from):
            path = f"exposure.strategies.{name}.renamedFrom[{index}]"
            if old == name:
                yield FieldError(path, "is the name that it has; take it out")
            elif old in RESERVED or not old.strip():
                yield FieldError(path, f"{old!r} is no strategy's name; take it out")
            elif old in strategies:
                yield FieldError(
                    path,
                    f"{old} is still among exposure.strategies; take it out there, or here if it is another one",
                )
            elif claimed.setdefault(old, name) != name:
                yield FieldError(
                    path, f"{old} is already the former name of {claimed[old]}; leave it with one of them"
                )


def _wrong_values(value: object, path: str, *, in_list: bool = False) -> Iterator[FieldError]:
    """Parameters stand in a Firestore document: https://cloud.google.com/firestore/docs/concepts/data-types has no
    array in an array, and no binary fraction gets there as it was written."""
    if isinstance(value, float):
        yield FieldError(path, f'write this figure in quotes, "{value}": a binary fraction is not exact')
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _wrong_values(member, _below(path, str(key)))
    elif isinstance(value, list):
        if in_list:
            yield FieldError(path, "is a list in a list, which cannot be stored; write a mapping instead")
        for index, member in enumerate(value):
            yield from _wrong_values(member, f"{path}[{index}]", in_list=True)


def _below(path: str, member: str) -> str:
    return f"{path}.{member}" if member else path
