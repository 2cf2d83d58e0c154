"""Decides whether a run falls on a day on which nothing of what it is about trades: a holiday, or a weekend.

Nothing is wrong then, and nothing to be done: the run ends well and sends nothing, and a schedule that was due has not
missed anything. A market that is merely shut at this hour is another matter (limits/session.py): somebody's schedule is
wrong, or late.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from ib_trading.core.calendar import session_on, trade_date
from ib_trading.core.instruments import ContractSpec, symbol_of
from ib_trading.core.limits.session import may_leave
from ib_trading.core.markets import market_of_spec
from ib_trading.core.order import DecidedOrder
from ib_trading.core.sessions import day_now, session_of
from ib_trading.core.snapshot import Snapshot


def nothing_trades(snapshot: Snapshot, orders: Sequence[DecidedOrder]) -> str | None:
    """Why `orders` are left out: it is no trading day of anything that they or the strategies name. None where it is
    one, where nothing is ordered, and where an order says that it waits for one."""
    if not orders or any(may_leave(one, snapshot.instruments[one.con_id], snapshot.at) for one in orders):
        return None
    named = {con_id for ids in snapshot.wanted.values() for con_id in ids.values()}
    instruments = [snapshot.instruments[con_id] for con_id in sorted(named | {one.con_id for one in orders})]
    if any(session_of(instrument, day_now(instrument, snapshot.at)) for instrument in instruments):
        return None
    days = {day_now(instrument, snapshot.at) for instrument in instruments}
    symbols = ", ".join(sorted(symbol_of(order.con_id, snapshot.instruments) for order in orders))
    return f"nothing is sent for {symbols}: {' and '.join(map(str, sorted(days)))} is no trading day there"


def no_trading_day(specs: Iterable[ContractSpec], at: datetime) -> bool:
    """Whether `at` lies in a day without a session of any market of `specs`, by the calendars alone. False where there
    are none, or one does not say which market it is of."""
    markets = [market_of_spec(spec) for spec in specs]
    return bool(markets) and all(
        market is not None and session_on(market, trade_date(market, at)) is None for market in markets
    )
