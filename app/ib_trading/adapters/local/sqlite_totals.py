"""What the bookings of the embedded store come to, a row a contract and strategy; core decides what is added.

`totals_reach` says which booking is the last one in there. Where the ledger has a later one, somebody booked it who
knew of no totals, an earlier version of this program: then all are made anew from all bookings. Reading the last rowid
costs the same however long the ledger is: https://sqlite.org/optoverview.html, "The MIN/MAX optimization".
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from decimal import Decimal

import structlog

from ib_trading.adapters.local.sqlite_spelling import columns_of, of_row, parts, parts_text
from ib_trading.core.attribution import Booking
from ib_trading.core.former_names import FormerNames, booking_now
from ib_trading.core.totals import Total, Totals, totals_now, with_bookings

log = structlog.stdlib.get_logger("app.ledger")

_BOOKINGS = f"SELECT {', '.join(columns_of(Booking))} FROM bookings"
_TOTALS = "SELECT con_id, strategy, quantity, flow, commissions FROM totals"
ALL_TOTALS = f"{_TOTALS} ORDER BY con_id, strategy"
_TOTALS_IN = f"{_TOTALS} WHERE con_id IN (SELECT value FROM json_each(?))"
_TOTALS_UNDER = (
    f"{_TOTALS} WHERE con_id IN"
    " (SELECT con_id FROM totals WHERE strategy IN (SELECT value FROM json_each(?)))"
)
_LAST_BOOKING = "SELECT coalesce(max(rowid), 0) FROM bookings"
FORMER_NAMES = "SELECT former, name FROM former_names ORDER BY former"
ARE_BEHIND = f"SELECT ({_LAST_BOOKING}) <> coalesce((SELECT last_booking FROM totals_reach), 0)"


def totals_of(rows: Iterable[tuple]) -> dict[int, dict[str, Total]]:
    totals: dict[int, dict[str, Total]] = {}
    for con_id, strategy, quantity, flow, commissions in rows:
        total = Total(Decimal(quantity), Decimal(flow), parts(commissions))
        totals.setdefault(con_id, {})[strategy] = total
    return totals


def make_if_behind(connection: sqlite3.Connection) -> None:
    """Within the caller's transaction, so that of two that find them behind the second one finds them made."""
    if connection.execute(ARE_BEHIND).fetchone() == (0,):
        return
    former = dict(connection.execute(FORMER_NAMES).fetchall())
    booked = (booking_now(of_row(Booking, row), former) for row in connection.execute(_BOOKINGS))
    totals = with_bookings({}, booked)
    connection.execute("DELETE FROM totals")
    _write(connection, totals)
    [counted] = connection.execute("SELECT count(*) FROM bookings").fetchone()
    log.warning("totals made from the bookings", bookings=counted, contracts=len(totals))


def rename(connection: sqlite3.Connection, former: FormerNames) -> None:
    """Within the transaction that makes these the former names, and after `make_if_behind` before it."""
    totals = totals_now(totals_of(connection.execute(_TOTALS_UNDER, (json.dumps(list(former)),))), former)
    connection.executemany("DELETE FROM totals WHERE strategy = ?", ((name,) for name in former))
    _write(connection, totals)


def add(connection: sqlite3.Connection, new: Sequence[Booking]) -> None:
    """Within the transaction that books `new`, and after `make_if_behind` before it."""
    if not new:
        return
    asked = json.dumps(sorted({one.con_id for one in new}))
    _write(connection, with_bookings(totals_of(connection.execute(_TOTALS_IN, (asked,))), new))


def _write(connection: sqlite3.Connection, totals: Totals) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO totals VALUES (?, ?, ?, ?, ?)",
        (
            (con_id, name, str(total.quantity), str(total.flow), parts_text(total.commissions))
            for con_id, by_strategy in totals.items()
            for name, total in by_strategy.items()
        ),
    )
    connection.execute(f"INSERT OR REPLACE INTO totals_reach VALUES (1, ({_LAST_BOOKING}))")
