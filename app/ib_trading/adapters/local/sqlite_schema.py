"""The tables of the embedded store, and the steps that bring an older file up to them.

A released step is never edited: a change of the schema is one more step, and `PRAGMA user_version` counts those that
a file has taken. Values stand in their columns as sqlite_spelling.py says.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from ib_trading.adapters.local.sqlite_earlier_orders import complete

Change = str | Callable[[sqlite3.Connection], None]
"""A statement, or what no statement can say."""

STEPS: tuple[tuple[Change, ...], ...] = (
    (
        """
        CREATE TABLE runs (
            run_id TEXT PRIMARY KEY,
            key TEXT NOT NULL,
            body_hash TEXT NOT NULL,
            intent TEXT NOT NULL,
            state TEXT NOT NULL,
            claimed_at TEXT NOT NULL,
            business_at TEXT,
            plan BLOB,
            response_status INTEGER,
            response_body BLOB
        )
        """,
        # Not unique: a key that is only a signature may be used again once it has expired.
        "CREATE INDEX runs_by_key ON runs (key, claimed_at)",
        "CREATE INDEX runs_by_age ON runs (claimed_at)",
        "CREATE INDEX runs_by_state ON runs (state)",
        """
        CREATE TABLE orders (
            order_ref TEXT PRIMARY KEY,
            run_id TEXT NOT NULL REFERENCES runs (run_id),
            con_id INTEGER NOT NULL,
            local_symbol TEXT NOT NULL,
            action TEXT NOT NULL,
            quantity TEXT NOT NULL,
            increment TEXT NOT NULL,
            source TEXT NOT NULL,
            state TEXT NOT NULL,
            order_id INTEGER,
            perm_id INTEGER,
            filled TEXT NOT NULL,
            average_price TEXT,
            messages TEXT NOT NULL
        )
        """,
        "CREATE INDEX orders_by_run ON orders (run_id)",
        "CREATE INDEX orders_by_state ON orders (state)",
        # One row. It stays when the lease is given back (holder and expires_at are then NULL): the fence only rises.
        """
        CREATE TABLE lease (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            fence INTEGER NOT NULL,
            holder TEXT,
            expires_at TEXT
        )
        """,
        """
        CREATE TABLE trading_switch (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            enabled INTEGER NOT NULL,
            reason TEXT NOT NULL,
            set_at TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE holdings (
            strategy TEXT NOT NULL,
            con_id INTEGER NOT NULL,
            quantity TEXT NOT NULL,
            PRIMARY KEY (strategy, con_id)
        )
        """,
        """
        CREATE TABLE bookings (
            booking_id TEXT PRIMARY KEY,
            order_ref TEXT NOT NULL,
            con_id INTEGER NOT NULL,
            price TEXT NOT NULL,
            at TEXT NOT NULL,
            shares TEXT NOT NULL,
            commissions TEXT NOT NULL,
            commission_currency TEXT NOT NULL
        )
        """,
        "CREATE INDEX bookings_by_order ON bookings (order_ref)",
        "CREATE INDEX bookings_by_age ON bookings (at)",
        """
        CREATE TABLE activity (
            at TEXT NOT NULL,
            intent TEXT NOT NULL,
            run_id TEXT NOT NULL,
            dry_run INTEGER NOT NULL,
            outcome INTEGER NOT NULL,
            facts TEXT NOT NULL
        )
        """,
        "CREATE INDEX activity_by_age ON activity (at)",
    ),
    (
        "ALTER TABLE orders ADD COLUMN life TEXT NOT NULL DEFAULT '[]'",
        """
        CREATE TABLE locks (
            con_id INTEGER PRIMARY KEY,
            local_symbol TEXT NOT NULL,
            reason TEXT NOT NULL,
            repair_id TEXT NOT NULL
        )
        """,
    ),
    # Locks follow from the facts at every snapshot, and are stored nowhere any more.
    ("DROP TABLE locks",),
    # Who runs the gateway, apart from who trades; one row that stays, as in `lease`.
    (
        """
        CREATE TABLE gateway_lease (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            fence INTEGER NOT NULL,
            holder TEXT,
            expires_at TEXT
        )
        """,
    ),
    ("CREATE INDEX bookings_by_contract ON bookings (con_id)",),
    # What the bookings come to, and the rowid of the last one that is in there: sqlite_totals.py fills them.
    (
        """
        CREATE TABLE totals (
            con_id INTEGER NOT NULL,
            strategy TEXT NOT NULL,
            quantity TEXT NOT NULL,
            flow TEXT NOT NULL,
            commissions TEXT NOT NULL,
            PRIMARY KEY (con_id, strategy)
        )
        """,
        """
        CREATE TABLE totals_reach (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            last_booking INTEGER NOT NULL
        )
        """,
    ),
    # The journal keeps an order whole; what it lacked stood in the plan.
    (
        "ALTER TABLE orders ADD COLUMN order_type TEXT",
        "ALTER TABLE orders ADD COLUMN tif TEXT",
        "ALTER TABLE orders ADD COLUMN adaptive_priority TEXT",
        "ALTER TABLE orders ADD COLUMN leg TEXT NOT NULL DEFAULT '1'",
        "ALTER TABLE orders ADD COLUMN limit_price TEXT",
        "ALTER TABLE orders ADD COLUMN good_after TEXT",
        "ALTER TABLE orders ADD COLUMN good_after_at_exchange TEXT",
        "ALTER TABLE orders ADD COLUMN outside_rth INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE orders ADD COLUMN stop_price TEXT",
        "ALTER TABLE orders ADD COLUMN trailing_percent TEXT",
        "ALTER TABLE orders ADD COLUMN limit_offset TEXT",
        complete,
    ),
    # The names that strategies had before, and who has their past by now.
    ("CREATE TABLE former_names (former TEXT PRIMARY KEY, name TEXT NOT NULL)",),
)
