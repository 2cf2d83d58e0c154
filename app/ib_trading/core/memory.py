"""Decides when what a strategy wants to remember counts: once the decision that it came with is carried out.

A dry-run, a run that was refused and one that came to nothing leave the memory that was there, and so does a run for
those strategies whose orders were all abandoned, rejected or cancelled unfilled: else they would believe to have bought
what nobody bought, and keep it. It is written in the transaction that ends the run; of two runs the later decided one's
stays, whichever ends later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from ib_trading.core.former_names import FormerNames
from ib_trading.core.journal import Run, RunState, crosses_stand
from ib_trading.core.order import Order
from ib_trading.core.order_state import OrderState

CARRIED_OUT = frozenset({RunState.SETTLING, RunState.SETTLED, RunState.NEEDS_REVIEW})


@dataclass(frozen=True, slots=True)
class Memory:
    """`text` is the strategy's JSON, `decided_at` when the run that it came with was claimed, in real time."""

    text: str
    decided_at: datetime


Memories = Mapping[str, Memory]
"""Strategy → its memory."""

_CAME_TO_NOTHING = frozenset({OrderState.ABANDONED, OrderState.REJECTED, OrderState.CANCELLED})
"""Where nothing of it had filled before."""

NO_MEMORIES: Memories = MappingProxyType({})


def memories_of(run: Run, orders: Sequence[Order]) -> dict[str, Memory]:
    """What is to be remembered of a run whose orders stand like this."""
    if run.state not in CARRIED_OUT or not crosses_stand(run, orders):
        return {}
    plan = run.planned()
    crossed = {name for cross in plan.get("internalCrosses", ()) for name in cross["quantities"]}
    return {
        name: Memory(text, run.claimed_at)
        for name, text in (plan.get("memories") or {}).items()
        if name in crossed or not _brought_nothing(name, orders)
    }


def _brought_nothing(strategy: str, orders: Sequence[Order]) -> bool:
    """Whether something was ordered for it, and nothing of that was or will be filled."""
    own = [order for order in orders if strategy in order.source]
    return bool(own) and all(order.state in _CAME_TO_NOTHING and not order.filled for order in own)


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
