"""What outlives the process: orders, executions, holdings and the time, in a SQLite file.

Decides the form on disk. Everything of one step is written in one transaction, before anybody is told of it,
so that a process that is killed remembers what it had said.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ib_trading_simulator.brokerage.account import Holdings
from ib_trading_simulator.brokerage.accounts import Opening
from ib_trading_simulator.brokerage.broker import Broker, Changes
from ib_trading_simulator.brokerage.documents import document, record_of
from ib_trading_simulator.brokerage.executions import Execution
from ib_trading_simulator.brokerage.orders import Order

_SCHEMA = """
create table if not exists orders (perm_id integer primary key, document text not null);
create table if not exists executions (exec_id text primary key, document text not null);
create table if not exists accounts (account text primary key, document text not null);
create table if not exists facts (name text primary key, value text not null);
"""

# Raised when the form of a document changes.
_FORM = "4"


_PUT = {
    "orders": "insert or replace into orders values (?, ?)",
    "executions": "insert or replace into executions values (?, ?)",
    "accounts": "insert or replace into accounts values (?, ?)",
    "facts": "insert or replace into facts values (?, ?)",
}


@dataclass(frozen=True, slots=True)
class KeptAccount:
    """An account as it is kept; `opening` is None if it never changed."""

    holdings: Holdings
    opening: Opening | None


class StoreError(Exception):
    """A state file that cannot be used; the text says why and what to do."""


def _unusable(path: Path, error: sqlite3.Error) -> StoreError:
    return StoreError(f"{path} cannot be used as state file: {error}")


class Store:
    """One state file, open until `close`."""

    def __init__(self, path: Path) -> None:
        self._written_at: datetime | None = None
        try:
            self._file = sqlite3.connect(path)
        except sqlite3.Error as error:
            raise _unusable(path, error) from None
        try:
            self._open(path)
        except BaseException:
            self._file.close()
            raise

    def _open(self, path: Path) -> None:
        try:
            self._file.execute("pragma journal_mode = wal")
            self._file.execute("pragma synchronous = normal")
            self._file.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise _unusable(path, error) from None
        if self._fact("form") not in {None, _FORM}:
            raise StoreError(f"{path} was written by another version of the simulator; use another file")

    def close(self) -> None:
        self._file.close()

    def now(self) -> datetime | None:
        """The time at which the file was last written, None for a new one."""
        spelled = self._fact("now")
        return datetime.fromisoformat(spelled) if spelled else None

    def restore(self, broker: Broker) -> None:
        """Gives a broker that has just been made everything that was kept.

        Raises StoreError when the file is of other accounts than the broker's.
        """
        accounts = dict(self._file.execute("select account, document from accounts"))
        if accounts and set(accounts) != set(broker.accounts.names):
            raise StoreError(
                f"the state file is of {', '.join(sorted(accounts))}, not of {', '.join(sorted(broker.accounts.names))}"
            )
        for account, spelled in accounts.items():
            kept = record_of(KeptAccount, spelled)
            broker.accounts.holdings[account] = kept.holdings
            if kept.opening:
                broker.accounts.openings[account] = kept.opening
        for (spelled,) in self._file.execute("select document from orders order by perm_id"):
            broker.orders.put(record_of(Order, spelled))
        for (spelled,) in self._file.execute("select document from executions order by exec_id"):
            broker.executions.append(record_of(Execution, spelled))

    def keep(self, broker: Broker) -> None:
        """Writes what changed since the last time; nothing if nothing did."""
        broker.keep_trailed()
        changes, broker.changes = broker.changes, Changes()
        if broker.now == self._written_at and not (changes.orders or changes.executions or changes.accounts):
            return
        accounts = changes.accounts if self._written_at else set(broker.accounts.names)
        with self._file:
            self._put_fact("form", _FORM)
            self._put_fact("now", broker.now.isoformat())
            self._put("orders", ((o.perm_id, document(o)) for o in changes.orders.values()))
            self._put("executions", ((e.exec_id, document(e)) for e in changes.executions))
            self._put("accounts", ((a, document(_account(broker, a))) for a in accounts))
        self._written_at = broker.now

    def _put(self, table: str, rows: Iterable[tuple[str | int, str]]) -> None:
        self._file.executemany(_PUT[table], rows)

    def _put_fact(self, name: str, value: str) -> None:
        self._put("facts", [(name, value)])

    def _fact(self, name: str) -> str | None:
        row = self._file.execute("select value from facts where name = ?", (name,)).fetchone()
        return row[0] if row else None


def _account(broker: Broker, account: str) -> KeptAccount:
    return KeptAccount(broker.accounts.holdings[account], broker.accounts.openings.get(account))
