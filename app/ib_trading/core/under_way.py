"""Decides what our live orders may still make of the positions: each may fill, and may not."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ib_trading.core.forex import is_forex
from ib_trading.core.positions import UNASSIGNED
from ib_trading.core.snapshot import Snapshot


def under_way(snapshot: Snapshot) -> Mapping[int, tuple[Decimal, Decimal]]:
    """Contract id → what all strategies' live orders may sell (not above 0) and what they may buy (not below 0).

    Conversions of cash are left out: they leave no position behind.
    """
    sides: dict[int, tuple[Decimal, Decimal]] = {}
    for name, quantities in snapshot.working.items():
        for con_id, quantity in quantities.items():
            if not quantity or (name == UNASSIGNED and is_forex(snapshot, con_id)):
                continue
            sold, bought = sides.get(con_id, (Decimal(0), Decimal(0)))
            sides[con_id] = (sold + min(quantity, Decimal(0)), bought + max(quantity, Decimal(0)))
    return sides
