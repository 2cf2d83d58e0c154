"""The strategies' ledger in the embedded store. What a booking changes, core decides; this books it once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from ib_trading.adapters.local.sqlite_database import SqliteDatabase
from ib_trading.adapters.local.sqlite_spelling import columns_of, of_row, to_row
from ib_trading.adapters.local.sqlite_totals import (
    ALL_TOTALS,
    ARE_BEHIND,
    FORMER_NAMES,
    add,
    make_if_behind,
    rename,
    totals_of,
)
from ib_trading.core.attribution import Booking
from ib_trading.core.former_names import FormerNames, after, holdings_now
from ib_trading.core.journal import Lease
from ib_trading.core.positions import with_changes
from ib_trading.core.totals import Totals

_HOLDINGS = "SELECT strategy, con_id, quantity FROM holdings ORDER BY strategy, con_id"
_COLUMNS = columns_of(Booking)
_BOOKINGS = f"SELECT {', '.join(_COLUMNS)} FROM bookings"
_BOOK = (
    f"INSERT INTO bookings ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"
    " ON CONFLICT DO NOTHING"
)


class SqlitePositions:
    """PositionWriter in an SQLite file."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    def holdings(self) -> Mapping[str, Mapping[int, Decimal]]:
        return _holdings(self._database.rows(_HOLDINGS))

    def apply(self, bookings: Sequence[Booking], lease: Lease) -> int:
        with self._database.writing(lease) as connection:
            make_if_behind(connection)
            new = [one for one in bookings if connection.execute(_BOOK, to_row(one)).rowcount]
            add(connection, new)
            changes = [(name, one.con_id, share) for one in new for name, share in one.shares.items()]
            holdings = with_changes(_holdings(connection.execute(_HOLDINGS).fetchall()), changes)
            for name, con_id in {(name, con_id) for name, con_id, _ in changes}:
                held = holdings[name].get(con_id)
                if held is None:
                    connection.execute(
                        "DELETE FROM holdings WHERE strategy = ? AND con_id = ?", (name, con_id)
                    )
                else:
                    connection.execute(
                        "INSERT OR REPLACE INTO holdings VALUES (?, ?, ?)", (name, con_id, str(held))
                    )
            return len(new)

    def rename(self, renames: Mapping[str, str], lease: Lease) -> None:
        with self._database.writing(lease) as connection:
            make_if_behind(connection)
            former = after(dict(connection.execute(FORMER_NAMES).fetchall()), renames)
            connection.execute("DELETE FROM former_names")
            connection.executemany("INSERT INTO former_names VALUES (?, ?)", former.items())
            rename(connection, former)
            holdings = holdings_now(_holdings(connection.execute(_HOLDINGS).fetchall()), former)
            connection.execute("DELETE FROM holdings")
            connection.executemany(
                "INSERT INTO holdings VALUES (?, ?, ?)",
                (
                    (name, con_id, str(quantity))
                    for name, held in holdings.items()
                    for con_id, quantity in held.items()
                ),
            )

    def former_names(self) -> FormerNames:
        return dict(self._database.rows(FORMER_NAMES))

    def totals(self) -> Totals:
        if self._database.rows(ARE_BEHIND) != [(0,)]:
            with self._database.writing() as connection:
                make_if_behind(connection)
        return totals_of(self._database.rows(ALL_TOTALS))

    def booked_ids(self, booking_ids: Iterable[str]) -> frozenset[str]:
        # One JSON parameter, because SQLite limits how many parameters a statement may have.
        asked = json.dumps(list(booking_ids), ensure_ascii=False)
        rows = self._database.rows(
            "SELECT booking_id FROM bookings WHERE booking_id IN (SELECT value FROM json_each(?))", asked
        )
        return frozenset(booking_id for (booking_id,) in rows)

    def bookings_for(self, order_refs: Iterable[str]) -> tuple[Booking, ...]:
        asked = json.dumps(list(order_refs), ensure_ascii=False)
        question = f"{_BOOKINGS} WHERE order_ref IN (SELECT value FROM json_each(?)) ORDER BY rowid"
        return tuple(map(_booking, self._database.rows(question, asked)))

    def bookings_of(self, order_ref: str) -> tuple[Booking, ...]:
        question = f"{_BOOKINGS} WHERE order_ref = ? ORDER BY at, rowid"
        return tuple(map(_booking, self._database.rows(question, order_ref)))

    def bookings_in(self, con_ids: Iterable[int]) -> tuple[Booking, ...]:
        asked = json.dumps(list(con_ids))
        question = f"{_BOOKINGS} WHERE con_id IN (SELECT value FROM json_each(?)) ORDER BY at, rowid"
        return tuple(map(_booking, self._database.rows(question, asked)))

    def bookings(self) -> tuple[Booking, ...]:
        return tuple(map(_booking, self._database.rows(f"{_BOOKINGS} ORDER BY at, rowid")))


def _booking(row: tuple) -> Booking:
    return of_row(Booking, row)


def _holdings(rows: list[tuple]) -> dict[str, dict[int, Decimal]]:
    holdings: dict[str, dict[int, Decimal]] = {}
    for strategy, con_id, quantity in rows:
        holdings.setdefault(strategy, {})[con_id] = Decimal(quantity)
    return holdings
