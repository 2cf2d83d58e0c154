"""A lease in the embedded store: one row, which stays when the lease is given back, so that the fence only rises."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from ib_trading.adapters.local.sqlite_database import SqliteDatabase
from ib_trading.adapters.local.sqlite_spelling import instant_text
from ib_trading.core.journal import Lease
from ib_trading.errors import StaleFence


@dataclass(frozen=True, slots=True)
class SqliteLease:
    """`table` has the one row, `name` is what its sentences call it."""

    database: SqliteDatabase
    table: str
    name: str

    def acquire(self, holder: str, now: datetime, expires_at: datetime) -> Lease | None:
        with self.database.writing() as connection:
            row = connection.execute(f"SELECT fence, holder, expires_at FROM {self.table}").fetchone()
            fence, present_holder, present_expiry = row or (0, None, "")
            if present_holder not in {None, holder} and present_expiry > instant_text(now):
                return None
            connection.execute(
                f"INSERT OR REPLACE INTO {self.table} (id, fence, holder, expires_at) VALUES (1, ?, ?, ?)",
                (fence + 1, holder, instant_text(expires_at)),
            )
            return Lease(holder, fence + 1, expires_at)

    def renew(self, lease: Lease, expires_at: datetime) -> Lease:
        """One that has been given back stays so: StaleFence."""
        with self.database.writing() as connection:
            self._refuse_stale(lease, connection)
            renewed = connection.execute(
                f"UPDATE {self.table} SET expires_at = ? WHERE holder IS NOT NULL",
                (instant_text(expires_at),),
            )
            if not renewed.rowcount:
                raise StaleFence(f"the {self.name} {lease.fence} of {lease.holder} has been given back; stop")
        return Lease(lease.holder, lease.fence, expires_at)

    def release(self, lease: Lease) -> None:
        with self.database.writing() as connection:
            connection.execute(
                f"UPDATE {self.table} SET holder = NULL, expires_at = NULL WHERE fence = ?", (lease.fence,)
            )

    def check(self, lease: Lease) -> None:
        with self.database.writing() as connection:
            self._refuse_stale(lease, connection)

    def _refuse_stale(self, lease: Lease, connection: sqlite3.Connection) -> None:
        [newest] = connection.execute(f"SELECT max(fence) FROM {self.table}").fetchone()
        if newest != lease.fence:
            raise StaleFence(
                f"the {self.name} {lease.fence} of {lease.holder} is not the newest ({newest or 'none'}); stop"
            )
