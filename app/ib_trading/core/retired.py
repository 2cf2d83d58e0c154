"""Decides which names are retired: they have something in the market, and are configured no more. No run trades for
them, so that somebody has to say what becomes of it.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from ib_trading.core.positions import UNASSIGNED, Holdings
from ib_trading.schema.trading_config import TradingConfig


def retired(config: TradingConfig, holdings: Holdings, working: Holdings | None = None) -> dict[str, str]:
    """Name → the sentence that says so, with the two ways out. `working` is what live orders may still bring."""
    names = sorted({*holdings, *(working or {})} - {UNASSIGNED, *config.exposure.strategies})
    said: dict[str, str] = {}
    for name in names:
        held = _instruments(holdings.get(name, {}).values())
        ordered = _instruments((working or {}).get(name, {}).values())
        if held or ordered:
            what = " and ".join(
                [*([f"holds {held}"] if held else []), *([f"has orders in {ordered}"] if ordered else [])]
            )
            said[name] = (
                f"{name} {what}, and is configured no more: close it (POST /close-all with"
                f' {{"strategies": ["{name}"]}}), or give it to another strategy (renamedFrom: [{name}])'
            )
    return said


def _instruments(quantities: Collection[Decimal]) -> str:
    count = sum(1 for quantity in quantities if quantity)
    return f"{count} instrument{'s' if count > 1 else ''}" if count else ""
