"""Decides what a strategy's answer means: a weight per instrument it named, zero for those it did not mention but holds
or has live orders in. (A live order in an instrument that its strategy had dropped was forgotten: the run put all of
the capital to work again, and the old order filled too.)

A strategy that raises or answers nonsense is never silently dropped and never flattened by accident: by
`onStrategyError` the whole run is refused, or that strategy stays at its present holdings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Protocol

from ib_trading.core.instruments import ContractSpec
from ib_trading.core.refusals import StrategyFailed
from ib_trading.core.snapshot import Snapshot
from ib_trading.core.staleness import stale_history

WEIGHT_STEP = Decimal("0.000001")
"""Weights are rounded to this, so that a plan does not depend on the last bit of a machine's arithmetic."""

WEIGHT_LIMIT = Decimal(1000)
"""A thousand times the strategy's capital is a mistake in the strategy, not a signal."""


@dataclass(frozen=True, slots=True)
class StrategyView:
    """What a strategy may see. `closes` are stored daily closes, oldest first, the last `history_days` of its own at
    most; `holdings` are its own, signed."""

    at: datetime
    seed: int
    holdings: Mapping[ContractSpec, Decimal]
    closes: Mapping[ContractSpec, tuple[float, ...]]


class SignalSource(Protocol):
    """A strategy, as the core sees it."""

    @property
    def instruments(self) -> tuple[ContractSpec, ...]: ...

    @property
    def history_days(self) -> int: ...

    def weights(self, view: StrategyView) -> Mapping[ContractSpec, float | Decimal]: ...


@dataclass(frozen=True, slots=True)
class Signals:
    """`weights` is strategy → contract id → fraction of its capital, signed; `failed` is strategy → its failure
    with its cause."""

    weights: Mapping[str, Mapping[int, Decimal]]
    failed: Mapping[str, StrategyFailed]


def read_signals(snapshot: Snapshot, strategies: Mapping[str, SignalSource]) -> Signals:
    """Every strategy's weights; StrategyFailed if one fails and the configuration says refuse."""
    weights: dict[str, dict[int, Decimal]] = {}
    failed: dict[str, StrategyFailed] = {}
    for name, strategy in sorted(strategies.items()):
        try:
            weights[name] = _weights_of(name, strategy, snapshot)
        except StrategyFailed as error:
            if snapshot.config.on_strategy_error == "refuse":
                raise
            failed[name] = error
    return Signals(weights, failed)


def strategy_seed(seed: int, strategy: str) -> int:
    """One strategy's own chance, the same on every machine and independent of the other strategies."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{strategy}".encode()).digest()[:8], "big")


def _weights_of(name: str, strategy: SignalSource, snapshot: Snapshot) -> dict[int, Decimal]:
    ids = dict(zip(strategy.instruments, snapshot.wanted[name], strict=True))
    if strategy.history_days > 0:
        _check_history(name, ids.values(), snapshot)
    held = snapshot.holdings.get(name, {})
    view = StrategyView(
        at=snapshot.at,
        seed=strategy_seed(snapshot.seed, name),
        holdings={spec: held.get(con_id, Decimal(0)) for spec, con_id in ids.items()},
        closes={spec: _closes(snapshot, con_id, strategy.history_days) for spec, con_id in ids.items()},
    )
    try:
        answer = dict(strategy.weights(view))
    except Exception as error:  # a third party's code: whatever it raises is its failure, told and acted on
        raise StrategyFailed(
            f"strategy {name} raised {type(error).__name__}: {error}", strategy=name
        ) from error
    unfinished = snapshot.working.get(name, {})
    weights = dict.fromkeys((*ids.values(), *held, *unfinished), Decimal(0))
    for spec, weight in answer.items():
        if spec not in ids:
            raise StrategyFailed(
                f"strategy {name} gave a weight to {spec}, which is not among its instruments", strategy=name
            )
        # Two spellings of one contract are two parts of one position.
        weights[ids[spec]] += _exact(name, spec, weight)
    return weights


def _check_history(name: str, con_ids: Iterable[int], snapshot: Snapshot) -> None:
    for con_id in con_ids:
        closes, max_age = snapshot.closes.get(con_id, ()), snapshot.config.history_max_age_days
        reason = stale_history(snapshot.instruments[con_id], closes, snapshot.at, max_age)
        if reason:
            raise StrategyFailed(f"strategy {name} decides on history, but {reason}", strategy=name)


def _closes(snapshot: Snapshot, con_id: int, days: int) -> tuple[float, ...]:
    """What the strategy asked for and no more: its signal must not change with what others read beside it."""
    closes = snapshot.closes.get(con_id, ())
    return tuple(float(bar.close) for bar in closes[max(0, len(closes) - days) :])


def _exact(name: str, spec: ContractSpec, weight: float | Decimal) -> Decimal:
    try:
        exact = Decimal(str(weight))
    except InvalidOperation:
        raise StrategyFailed(
            f"strategy {name} gave {spec} the weight {weight!r}, which is not a number", strategy=name
        ) from None
    if not exact.is_finite():
        raise StrategyFailed(
            f"strategy {name} gave {spec} the weight {weight}; say 0 to hold nothing", strategy=name
        )
    if abs(exact) > WEIGHT_LIMIT:
        raise StrategyFailed(
            f"strategy {name} gave {spec} the weight {weight}; a weight is a fraction of its capital, 1 is all of it",
            strategy=name,
        )
    return exact.quantize(WEIGHT_STEP)
