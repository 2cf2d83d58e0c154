"""Decides when what a strategy wants to remember counts: once the decision that it came with is carried out.

A dry-run, a run that was refused, one that came to nothing, and one whose orders were all abandoned leave the memory
that was there: else a strategy would believe to have bought what nobody bought. It is written in the transaction that
ends the run; of two runs the later decided one's stays, whichever ends later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def memories_of(run: Run, orders: Sequence[Order]) -> dict[str, Memory]:
    """What is to be remembered of a run whose orders stand like this."""
    if run.state not in CARRIED_OUT or not crosses_stand(run, orders):
        return {}
    told = run.planned().get("memories") or {}
    return {name: Memory(text, run.claimed_at) for name, text in told.items()}


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
