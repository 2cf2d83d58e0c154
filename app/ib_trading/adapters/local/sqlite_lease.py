"""A lease in the embedded store: one row, which stays when the lease is given back, so that the fence only rises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ib_trading.adapters.local.sqlite_database import SqliteDatabase, refuse_stale
from ib_trading.adapters.local.sqlite_spelling import instant_text
from ib_trading.core.lease import Lease
from ib_trading.core.refusals import StaleFence


@dataclass(frozen=True, slots=True)
class SqliteLease:
    """LeaseStore in an SQLite file. `table` has the one row, `name` is what its sentences call it."""

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
            refuse_stale(lease, connection.execute(self._newest_fence).fetchall(), self.name)
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
        refuse_stale(lease, self.database.rows(self._newest_fence), self.name)

    @property
    def _newest_fence(self) -> str:
        return f"SELECT fence FROM {self.table}"


def trading_lease(database: SqliteDatabase) -> SqliteLease:
    """The one under which SqliteDatabase.writing lets journal and positions write."""
    return SqliteLease(database, "lease", "trading lease")


def gateway_lease(database: SqliteDatabase) -> SqliteLease:
    return SqliteLease(database, "gateway_lease", "gateway session")
