"""Decides who holds what: the strategies' ledger beside the broker's positions.

The invariant: Σ strategies + unassigned + fills not yet applied = broker, per contract.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

UNASSIGNED = "unassigned"
"""The pseudo-strategy for what no strategy ordered: manual trades, exercises, liquidations, splits."""

Quantities = Mapping[int, Decimal]
"""Contract id → signed quantity; a contract that is not there is held at zero."""

Holdings = Mapping[str, Quantities]
"""Strategy → what it holds."""


def total(holdings: Holdings) -> dict[int, Decimal]:
    """All strategies together, contracts at zero left out."""
    sums: dict[int, Decimal] = {}
    for quantities in holdings.values():
        for con_id, quantity in quantities.items():
            sums[con_id] = sums.get(con_id, Decimal(0)) + quantity
    return {con_id: quantity for con_id, quantity in sums.items() if quantity}


def unassigned(holdings: Holdings, broker: Quantities) -> dict[int, Decimal]:
    """What the broker shows beyond the strategies' holdings; negative where it shows less."""
    ours = total({name: held for name, held in holdings.items() if name != UNASSIGNED})
    differences = {
        con_id: broker.get(con_id, Decimal(0)) - ours.get(con_id, Decimal(0)) for con_id in {*ours, *broker}
    }
    return {con_id: quantity for con_id, quantity in differences.items() if quantity}


def with_changes(
    holdings: Holdings, changes: Iterable[tuple[str, int, Decimal]]
) -> dict[str, dict[int, Decimal]]:
    """`holdings` after (strategy, contract id, signed quantity) changes, contracts at zero left out."""
    result = {name: dict(held) for name, held in holdings.items()}
    for strategy, con_id, quantity in changes:
        held = result.setdefault(strategy, {})
        held[con_id] = held.get(con_id, Decimal(0)) + quantity
        if not held[con_id]:
            del held[con_id]
    return result
