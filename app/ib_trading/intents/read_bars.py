"""Reads the bars that strategies have declared, as they are stored: those that were complete at the instant of the
decision, and none that came later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ib_trading.core.bars import BarColumns, complete_before
from ib_trading.core.instruments import ContractSpec, Instrument
from ib_trading.core.markets import market_of
from ib_trading.core.questions import what_to_show
from ib_trading.core.strategy import Declaration
from ib_trading.ports.warehouse import Warehouse

BarKey = tuple[int, str, str]
"""Contract id, what the broker shows, bar size."""


def read_bars(
    warehouse: Warehouse,
    strategies: Mapping[str, Declaration],
    named: Mapping[ContractSpec, int],
    instruments: Mapping[int, Instrument],
    at: datetime,
) -> dict[BarKey, BarColumns]:
    """As many of each series as the one that wants most of it declares, asked for together where they end together."""
    counts: dict[BarKey, int] = {}
    for declared in strategies.values():
        for history in declared.history:
            for spec in declared.specs:
                con_id = named[spec]
                key = (con_id, what_to_show(instruments[con_id], history), history.bar_size)
                counts[key] = max(counts.get(key, 0), history.bars)
    together: dict[tuple[str, str, datetime], list[int]] = {}
    for con_id, show, bar_size in counts:
        before = complete_before(bar_size, market_of(instruments[con_id]), at)
        together.setdefault((show, bar_size, before), []).append(con_id)
    found: dict[BarKey, BarColumns] = {}
    for (show, bar_size, before), con_ids in together.items():
        count = max(counts[con_id, show, bar_size] for con_id in con_ids)
        told = warehouse.bars(con_ids, show, bar_size, before=before, count=count)
        found |= {(con_id, show, bar_size): bars for con_id, bars in told.items()}
    return found
