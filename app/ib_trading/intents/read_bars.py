"""Reads the bars that strategies have declared, as they are stored: those that were complete at the instant of the
decision, and none that came later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ib_trading.core.bars import BarColumns, complete_before
from ib_trading.core.collection import kind_of_price
from ib_trading.core.instruments import ContractSpec, Instrument
from ib_trading.core.markets import market_of
from ib_trading.core.snapshot import BarKey
from ib_trading.core.strategy import Declaration
from ib_trading.core.whole_history import read_series, why_not_whole
from ib_trading.ports.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class ReadBars:
    """`none` are days of which the broker has said that there are no bars, where some are missing."""

    columns: Mapping[BarKey, BarColumns]
    none: Mapping[BarKey, frozenset[date]]


def read_bars(
    warehouse: Warehouse,
    strategies: Mapping[str, Declaration],
    named: Mapping[ContractSpec, int],
    instruments: Mapping[int, Instrument],
    at: datetime,
) -> ReadBars:
    """One more of each series than the strategy that wants most of it declares, for a day that has to be cut off; asked
    for together where they end together."""
    counts = _counts(strategies, named, instruments)
    together: dict[tuple[str, str, datetime], list[int]] = {}
    for con_id, show, bar_size in counts:
        before = complete_before(bar_size, market_of(instruments[con_id]), at)
        together.setdefault((show, bar_size, before), []).append(con_id)
    columns: dict[BarKey, BarColumns] = {}
    none: dict[BarKey, frozenset[date]] = {}
    for (show, bar_size, before), con_ids in together.items():
        count = max(counts[con_id, show, bar_size] for con_id in con_ids)
        told = warehouse.bars(con_ids, show, bar_size, before=before, count=count + 1)
        columns |= {(con_id, show, bar_size): bars for con_id, bars in told.items()}
        holes = [
            con_id
            for con_id, bars in told.items()
            if why_not_whole([read_series(instruments[con_id], bar_size, bars, 0)], at)
        ]
        for con_id, stored in warehouse.stored(holes, show, bar_size).items() if holes else ():
            none[con_id, show, bar_size] = frozenset(
                span.first + timedelta(days=number)
                for span in stored.empty
                for number in range((span.last - span.first).days + 1)
            )
    return ReadBars(columns, none)


def _counts(
    strategies: Mapping[str, Declaration],
    named: Mapping[ContractSpec, int],
    instruments: Mapping[int, Instrument],
) -> dict[BarKey, int]:
    counts: dict[BarKey, int] = {}
    for declared in strategies.values():
        for history in declared.history:
            for con_id in (named[spec] for spec in declared.specs):
                show = kind_of_price(
                    instruments[con_id].sec_type, history.bar_size, adjusted=history.adjusted
                )
                key = (con_id, show, history.bar_size)
                counts[key] = max(counts.get(key, 0), history.bars)
    return counts
