"""Reads the stored daily closes of instruments, each from the series that is collected of its kind: of shares the
adjusted one, so that a return is a return, of currency pairs the midpoints, since nobody reports their trades."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from ib_trading.core.bars import DAILY
from ib_trading.core.collection import kind_of_price
from ib_trading.core.history import complete_closes, daily_start, last_complete_day
from ib_trading.core.instruments import Instrument
from ib_trading.core.market import DailyClose
from ib_trading.ports.warehouse import Warehouse


def daily_closes(
    warehouse: Warehouse, instruments: Mapping[int, Instrument], at: datetime, count: int
) -> Mapping[int, tuple[DailyClose, ...]]:
    """Contract id → the last `count` closes that no longer form at `at`, oldest first. Where it is Tuesday already,
    Monday's is there; they are read of all at once, with as many more as days lie between the first market and the
    last."""
    if not instruments:
        return {}
    complete = [last_complete_day(instrument, at) for instrument in instruments.values()]
    before = daily_start(max(complete) + timedelta(days=1))
    apart = (max(complete) - min(complete)).days
    of_kind: dict[str, list[int]] = {}
    for con_id, instrument in instruments.items():
        of_kind.setdefault(kind_of_price(instrument.sec_type, DAILY), []).append(con_id)
    stored: dict[int, tuple[DailyClose, ...]] = {}
    for what, con_ids in of_kind.items():
        stored |= warehouse.daily_closes(con_ids, what, before, count + apart)
    return {
        con_id: complete_closes(instrument, stored.get(con_id, ()), at, count)
        for con_id, instrument in instruments.items()
    }
