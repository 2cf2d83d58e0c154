"""What a strategy may decide, and how its answer becomes values that can leave its process.

Which figures make sense, core/signals.py decides; here only what an author may write is told from what nobody can read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from ib_trading.core.instruments import ContractSpec
from ib_trading.core.strategy import Answer, Wanted, Wish

MEMORY_BYTES = 64 * 1024
NOTES, NOTE_CHARACTERS = 50, 240


class _Keep:
    """The type of KEEP, of which there is one."""

    def __repr__(self) -> str:
        return "KEEP"


KEEP: Final = _Keep()
"""Holding and live orders stay as they are, whatever the price did: of one instrument, or as the whole answer."""


@dataclass(frozen=True, slots=True)
class Contracts:
    """That signed number of shares or contracts, whatever they cost."""

    number: int | float | Decimal


Target = float | int | Decimal | Contracts | _Keep
"""What is wanted of one instrument; a number is a weight, the fraction of the strategy's capital."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Targets with what is said beside them. `notes` are numbers or short texts for whoever asks why; `memory` is
    handed back in the next view, None leaves the earlier one."""

    targets: Mapping[ContractSpec, Target] | _Keep
    notes: Mapping[str, float | int | Decimal | str] = field(default_factory=dict)
    memory: Any = None


class AnswerRefused(ValueError):
    """What nobody can read as a decision."""


def answer_of(decided: object) -> Answer:
    """What `decided`, the return value of a strategy, says; AnswerRefused where that is nothing that can be read."""
    decision = decided if isinstance(decided, Decision) else Decision(decided)  # ty: ignore[invalid-argument-type]
    targets = decision.targets
    if isinstance(targets, _Keep):
        wanted, keeps_rest = (), True
    elif isinstance(targets, Mapping):
        wanted, keeps_rest = tuple(_wanted(spec, target) for spec, target in targets.items()), False
    else:
        raise AnswerRefused(
            f"answered with a {type(targets).__name__}; answer with a mapping of instruments to weights, or KEEP"
        )
    return Answer(wanted, keeps_rest, _notes(decision.notes), _memory(decision.memory))


def _wanted(spec: object, target: object) -> Wanted:
    if not isinstance(spec, ContractSpec):
        raise AnswerRefused(
            f"gave a weight to {spec!r}, which is no instrument; use those of self.instruments"
        )
    if isinstance(target, _Keep):
        return Wanted(spec, Wish.KEEP)
    if isinstance(target, Contracts):
        return Wanted(spec, Wish.CONTRACTS, str(target.number))
    # A bool is a number in Python and in numpy, and no weight.
    return Wanted(spec, Wish.WEIGHT, str(target))


def _notes(notes: object) -> dict[str, str]:
    if not isinstance(notes, Mapping):
        raise AnswerRefused(
            f"gave notes that are a {type(notes).__name__}; write a mapping of names to figures"
        )
    if len(notes) > NOTES:
        raise AnswerRefused(f"gave {len(notes)} notes; {NOTES} are kept")
    return {str(name)[:NOTE_CHARACTERS]: str(value)[:NOTE_CHARACTERS] for name, value in notes.items()}


def _memory(memory: object) -> str | None:
    if memory is None:
        return None
    try:
        text = json.dumps(memory, ensure_ascii=False, sort_keys=True, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise AnswerRefused(f"gave a memory that is no JSON value: {error}") from None
    size = len(text.encode())
    if size > MEMORY_BYTES:
        raise AnswerRefused(f"gave a memory of {size:,} bytes; {MEMORY_BYTES:,} are kept")
    return text
