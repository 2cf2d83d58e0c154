"""Decides what a strategy's answer means: what it wants of each instrument it named, zero for those it did not mention
but holds or has live orders in. (A live order in an instrument that its strategy had dropped was forgotten: the run put
all of the capital to work again, and the old order filled too.)

A strategy that fails or answers nonsense is never silently dropped and never flattened by accident: by
`onStrategyError` the whole run is refused, or that strategy stays at its present holdings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from ib_trading.core.refusals import StrategyFailed
from ib_trading.core.snapshot import Snapshot
from ib_trading.core.strategy import Answer, Failure, Wanted, Wish

WEIGHT_STEP = Decimal("0.000001")
"""Weights are rounded to this, so that a plan does not depend on the last bit of a machine's arithmetic."""

WEIGHT_LIMIT = Decimal(1000)
"""A thousand times the strategy's capital is a mistake in the strategy, not a signal."""

CONTRACTS_LIMIT = Decimal("1e12")


@dataclass(frozen=True, slots=True)
class Signals:
    """Strategy → contract id → what is wanted: `weights` are fractions of its capital and `contracts` quantities, both
    signed; what is `kept` stays as it is. Each contract of a strategy is in one of the three. `failed` is strategy →
    its failure."""

    weights: Mapping[str, Mapping[int, Decimal]]
    failed: Mapping[str, StrategyFailed]
    contracts: Mapping[str, Mapping[int, Decimal]] = field(default_factory=dict)
    kept: Mapping[str, frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Decided:
    weights: Mapping[int, Decimal]
    contracts: Mapping[int, Decimal]
    kept: frozenset[int]


def read_signals(snapshot: Snapshot) -> Signals:
    """What every strategy that was asked wants; StrategyFailed if one fails and the configuration says refuse."""
    decided: dict[str, _Decided] = {}
    failed: dict[str, StrategyFailed] = {}
    for name, answer in sorted(snapshot.answers.items()):
        try:
            decided[name] = _decided(name, answer, snapshot)
        except StrategyFailed as error:
            if snapshot.config.on_strategy_error == "refuse":
                raise
            failed[name] = error
    return Signals(
        {name: one.weights for name, one in decided.items()},
        failed,
        {name: one.contracts for name, one in decided.items() if one.contracts},
        {name: one.kept for name, one in decided.items() if one.kept},
    )


def failed_with(name: str, failure: Failure) -> StrategyFailed:
    """A strategy's failure as a refusal."""
    return StrategyFailed(f"strategy {name} {failure.sentence}", strategy=name, failure=failure)


def _decided(name: str, answer: Answer | StrategyFailed, snapshot: Snapshot) -> _Decided:
    if isinstance(answer, StrategyFailed):
        raise answer
    named = snapshot.wanted[name]
    touched = dict.fromkeys(
        (*named.values(), *snapshot.holdings.get(name, {}), *snapshot.working.get(name, {}))
    )
    weights: dict[int, Decimal] = {}
    contracts: dict[int, Decimal] = {}
    kept: set[int] = set()
    for wanted in answer.wanted:
        if wanted.spec not in named:
            raise StrategyFailed(
                f"strategy {name} gave a weight to {wanted.spec}, which is not among its instruments",
                strategy=name,
            )
        con_id = named[wanted.spec]
        match wanted.wish:
            case Wish.KEEP:
                kept.add(con_id)
            case Wish.CONTRACTS:
                contracts[con_id] = contracts.get(con_id, Decimal(0)) + _contracts(name, wanted)
            case Wish.WEIGHT:
                # Two spellings of one contract are two parts of one position.
                weights[con_id] = weights.get(con_id, Decimal(0)) + _weight(name, wanted)
    twice = (weights.keys() & contracts.keys()) | (kept & (weights.keys() | contracts.keys()))
    if twice:
        symbols = ", ".join(sorted(snapshot.instruments[con_id].local_symbol for con_id in twice))
        raise StrategyFailed(f"strategy {name} said two different things of {symbols}", strategy=name)
    if answer.keeps_rest:
        kept |= touched.keys() - weights.keys() - contracts.keys()
    elsewhere = contracts.keys() | kept
    weights = {con_id: weights.get(con_id, Decimal(0)) for con_id in touched if con_id not in elsewhere}
    return _Decided(weights, contracts, frozenset(kept))


def _contracts(name: str, wanted: Wanted) -> Decimal:
    number = _figure(name, wanted, "contracts")
    if abs(number) > CONTRACTS_LIMIT:
        raise StrategyFailed(f"strategy {name} wants {number} contracts of {wanted.spec}", strategy=name)
    return number


def _weight(name: str, wanted: Wanted) -> Decimal:
    weight = _figure(name, wanted, "the weight")
    if abs(weight) > WEIGHT_LIMIT:
        raise StrategyFailed(
            f"strategy {name} gave {wanted.spec} the weight {weight}; a weight is a fraction of its capital, 1 is all"
            " of it",
            strategy=name,
        )
    return weight.quantize(WEIGHT_STEP)


def _figure(name: str, wanted: Wanted, what: str) -> Decimal:
    try:
        exact = Decimal(wanted.figure)
    except InvalidOperation:
        raise StrategyFailed(
            f"strategy {name} gave {wanted.spec} {what} {wanted.figure}, which is not a number", strategy=name
        ) from None
    if not exact.is_finite():
        raise StrategyFailed(
            f"strategy {name} gave {wanted.spec} {what} {exact}; say 0 to hold nothing", strategy=name
        )
    return exact
