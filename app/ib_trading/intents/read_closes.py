"""Reads the stored daily closes of instruments, each from the series that is collected of its kind: of shares the
adjusted one, so that a return is a return, of currency pairs the midpoints, since nobody reports their trades."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ib_trading.core.bars import DAILY
from ib_trading.core.collection import kind_of_price
from ib_trading.core.instruments import Instrument
from ib_trading.core.market import DailyClose
from ib_trading.ports.warehouse import Warehouse


def daily_closes(
    warehouse: Warehouse, instruments: Mapping[int, Instrument], *, before: datetime, count: int
) -> Mapping[int, tuple[DailyClose, ...]]:
    """Contract id → the last `count` closes of days that start before `before`, oldest first."""
    of_kind: dict[str, list[int]] = {}
    for con_id, instrument in instruments.items():
        of_kind.setdefault(kind_of_price(instrument.sec_type, DAILY), []).append(con_id)
    found: dict[int, tuple[DailyClose, ...]] = {}
    for what, con_ids in of_kind.items():
        found |= warehouse.daily_closes(con_ids, what, before, count)
    return found
