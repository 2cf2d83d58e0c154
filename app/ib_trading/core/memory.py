"""Decides when what a strategy wants to remember counts: once something of the decision that it came with is done.

A dry-run, a run that was refused and one that came to nothing leave the memory that was there, and so does a run for
those strategies whose orders were all abandoned, rejected or cancelled unfilled: else they would believe to have bought
what nobody bought, and keep it. While their orders may still fill, whoever asks is told as if they had; it is written
down with the transaction that says so, or not at all. Of two runs the later decided one's stays, whichever ends later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from ib_trading.core.former_names import FormerNames
from ib_trading.core.journal import Run, RunState, crosses_stand
from ib_trading.core.order import Order

CARRIED_OUT = frozenset({RunState.SETTLING, RunState.SETTLED, RunState.NEEDS_REVIEW})


@dataclass(frozen=True, slots=True)
class Memory:
    """`text` is the strategy's JSON, `decided_at` when the run that it came with was claimed, in real time."""

    text: str
    decided_at: datetime


Memories = Mapping[str, Memory]
"""Strategy → its memory."""

NO_MEMORIES: Memories = MappingProxyType({})
NOBODY: FormerNames = MappingProxyType({})


def memories_of(run: Run, orders: Sequence[Order], former: FormerNames = NOBODY) -> dict[str, Memory]:
    """What is to be remembered for good of a run whose orders, by the names of today, stand like this."""
    return _memories(run, orders, former, lambda order: bool(order.filled))


def memories_awaited(run: Run, orders: Sequence[Order], former: FormerNames = NOBODY) -> dict[str, Memory]:
    """The same, with what counts as long as nobody knows better."""
    return _memories(run, orders, former, lambda order: bool(order.filled) or not order.state.final)


def _memories(
    run: Run, orders: Sequence[Order], former: FormerNames, brings: Callable[[Order], bool]
) -> dict[str, Memory]:
    if run.state not in CARRIED_OUT or not crosses_stand(run, orders):
        return {}
    plan = run.planned()
    crossed = {name for cross in plan.get("internalCrosses", ()) for name in cross["quantities"]}
    ordered = {name for order in orders for name in order.source}
    brought = {name for order in orders if brings(order) for name in order.source}
    return {
        name: Memory(text, run.claimed_at)
        for name, text in (plan.get("memories") or {}).items()
        if name in crossed or (now := former.get(name, name)) in brought or now not in ordered
    }


def newest(*told: Memories) -> dict[str, Memory]:
    """Of each strategy the one that was decided last."""
    found: dict[str, Memory] = {}
    for memories in told:
        for name, memory in memories.items():
            if name not in found or found[name].decided_at < memory.decided_at:
                found[name] = memory
    return found


def memories_now(memories: Memories, former: FormerNames) -> dict[str, Memory]:
    """By the names of today: of two that have become one, the later decided."""
    return newest(*({former.get(name, name): memory} for name, memory in memories.items()))
