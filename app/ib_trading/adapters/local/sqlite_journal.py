"""Runs, their keys, their orders and the kill switch in the embedded store.

Only persists: which state follows which is decided in core/journal.py and core/evidence.py.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime

from ib_trading.adapters.local.sqlite_database import SqliteDatabase
from ib_trading.adapters.local.sqlite_spelling import (
    columns_of,
    instant,
    instant_text,
    of_row,
    optional_instant,
    optional_instant_text,
    to_row,
)
from ib_trading.core.journal import Run, RunState, StoredResponse
from ib_trading.core.lease import Lease
from ib_trading.core.memory import NO_MEMORIES, Memories, Memory
from ib_trading.core.order import Order
from ib_trading.core.order_state import OrderState
from ib_trading.core.snapshot import TradingSwitch

_COLUMNS = columns_of(Order)
_ORDERS = f"SELECT {', '.join(_COLUMNS)} FROM orders"
_SAVE_ORDER = f"""
    INSERT INTO orders ({", ".join(_COLUMNS)}) VALUES ({", ".join(f":{name}" for name in _COLUMNS)})
    ON CONFLICT (order_ref) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)}
"""
_UNSETTLED_ORDERS = f"""
    {_ORDERS}
    WHERE state IN (SELECT value FROM json_each(?))
       OR run_id IN (SELECT run_id FROM runs WHERE state IN (SELECT value FROM json_each(?)))
    ORDER BY rowid
"""
_REMEMBER = """
    INSERT INTO memories VALUES (?, ?, ?)
    ON CONFLICT (strategy) DO UPDATE SET memory = excluded.memory, decided_at = excluded.decided_at
    WHERE decided_at < excluded.decided_at
"""
_OPEN_STATES = json.dumps([state.value for state in OrderState if not state.final])
_RUNNING_STATES = json.dumps([state.value for state in RunState if not state.ended])


class SqliteJournal:
    """RunClaims, JournalWriter and TradingSwitchStore in an SQLite file."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    def claim(self, run: Run, not_before: datetime | None) -> Run | None:
        since = "" if not_before is None else instant_text(not_before)
        with self._database.writing() as connection:
            owner = connection.execute(
                "SELECT * FROM runs WHERE key = ? AND claimed_at >= ?"
                " ORDER BY claimed_at DESC, rowid DESC LIMIT 1",
                (run.key, since),
            ).fetchone()
            if owner is not None:
                return _run(owner)
            connection.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", _run_row(run))
            return None

    def withdraw(self, run_id: str) -> None:
        """A run that has orders did come to something: ValueError, and it stays."""
        with self._database.writing() as connection:
            if connection.execute("SELECT 1 FROM orders WHERE run_id = ? LIMIT 1", (run_id,)).fetchone():
                raise ValueError(f"run {run_id} has orders and cannot be withdrawn")
            connection.execute("DELETE FROM runs WHERE run_id = ?", (run_id,))

    def save_run(self, run: Run, lease: Lease, memories: Memories = NO_MEMORIES) -> None:
        """LookupError if the run was never claimed or has been withdrawn."""
        with self._database.writing(lease) as connection:
            _update_run(connection, run)
            connection.executemany(
                _REMEMBER,
                ((name, one.text, instant_text(one.decided_at)) for name, one in memories.items()),
            )

    def save_orders(self, orders: Sequence[Order], lease: Lease) -> None:
        with self._database.writing(lease) as connection:
            connection.executemany(_SAVE_ORDER, map(to_row, orders))

    def save_plan(self, run: Run, orders: Sequence[Order], lease: Lease) -> None:
        with self._database.writing(lease) as connection:
            _update_run(connection, run)
            connection.executemany(_SAVE_ORDER, map(to_row, orders))

    def run(self, run_id: str) -> Run | None:
        rows = self._database.rows("SELECT * FROM runs WHERE run_id = ?", run_id)
        return _run(rows[0]) if rows else None

    def runs(self, limit: int) -> tuple[Run, ...]:
        question = "SELECT * FROM runs ORDER BY claimed_at DESC, rowid DESC LIMIT ?"
        return tuple(map(_run, self._database.rows(question, limit)))

    def orders(self, run_id: str) -> tuple[Order, ...]:
        question = f"{_ORDERS} WHERE run_id = ? ORDER BY rowid"
        return tuple(map(_order, self._database.rows(question, run_id)))

    def order(self, order_ref: str) -> Order | None:
        rows = self._database.rows(f"{_ORDERS} WHERE order_ref = ?", order_ref)
        return _order(rows[0]) if rows else None

    def unsettled_orders(self) -> tuple[Order, ...]:
        rows = self._database.rows(_UNSETTLED_ORDERS, _OPEN_STATES, _RUNNING_STATES)
        return tuple(map(_order, rows))

    def orders_named(self, order_refs: Iterable[str]) -> tuple[Order, ...]:
        asked = json.dumps(list(order_refs), ensure_ascii=False)
        question = f"{_ORDERS} WHERE order_ref IN (SELECT value FROM json_each(?)) ORDER BY rowid"
        return tuple(map(_order, self._database.rows(question, asked)))

    def memories(self) -> Memories:
        rows = self._database.rows("SELECT strategy, memory, decided_at FROM memories")
        return {name: Memory(text, instant(at)) for name, text, at in rows}

    def open_runs(self) -> tuple[Run, ...]:
        question = (
            "SELECT * FROM runs WHERE state IN (SELECT value FROM json_each(?)) ORDER BY claimed_at, rowid"
        )
        return tuple(map(_run, self._database.rows(question, _RUNNING_STATES)))

    def trading_switch(self) -> TradingSwitch:
        rows = self._database.rows("SELECT enabled, reason FROM trading_switch")
        return TradingSwitch(bool(rows[0][0]), rows[0][1]) if rows else TradingSwitch()

    def set_trading_switch(self, switch: TradingSwitch, at: datetime) -> None:
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO trading_switch (id, enabled, reason, set_at) VALUES (1, ?, ?, ?)",
                (switch.enabled, switch.reason, instant_text(at)),
            )


def _update_run(connection: sqlite3.Connection, run: Run) -> None:
    status, body = (run.response.status, run.response.body) if run.response else (None, None)
    saved = connection.execute(
        "UPDATE runs SET key = ?, state = ?, business_at = ?, plan = ?, response_status = ?, response_body = ?"
        " WHERE run_id = ?",
        (
            run.key,
            run.state.value,
            optional_instant_text(run.business_at),
            run.plan,
            status,
            body,
            run.run_id,
        ),
    )
    if not saved.rowcount:
        raise LookupError(f"run {run.run_id} is not in the journal")


def _run_row(run: Run) -> tuple[object, ...]:
    return (
        run.run_id,
        run.key,
        run.body_hash,
        run.intent,
        run.state.value,
        instant_text(run.claimed_at),
        optional_instant_text(run.business_at),
        run.plan,
        run.response.status if run.response else None,
        run.response.body if run.response else None,
    )


def _run(row: tuple) -> Run:
    run_id, key, body_hash, intent, state, claimed_at, business_at, plan, status, body = row
    return Run(
        run_id=run_id,
        key=key,
        body_hash=body_hash,
        intent=intent,
        state=RunState(state),
        claimed_at=instant(claimed_at),
        business_at=optional_instant(business_at),
        plan=plan,
        response=None if status is None else StoredResponse(status, body),
    )


def _order(row: tuple) -> Order:
    return of_row(Order, row)
