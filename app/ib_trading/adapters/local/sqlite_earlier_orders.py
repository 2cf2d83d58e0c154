"""Brings the orders of an earlier version up to date: what they were, from their runs' plans, and their lives.

Once, within the step of sqlite_schema.py that adds the columns. core/earlier_orders.py decides what a plan tells.
"""

from __future__ import annotations

import json
import sqlite3

from ib_trading.core.earlier_orders import members_in_plan


def complete(connection: sqlite3.Connection) -> None:
    """Fills the new columns of every order. A life stood as pairs, and stands as what its moments are called."""
    question = "SELECT order_ref, con_id, life, plan FROM orders LEFT JOIN runs USING (run_id)"
    for order_ref, con_id, life, plan in connection.execute(question).fetchall():
        moments = [{"state": state, "at": at} for state, at in json.loads(life)]
        told = members_in_plan(plan, con_id) | {"life": json.dumps(moments)}
        changes = ", ".join(f"{name} = :{name}" for name in told)
        connection.execute(
            f"UPDATE orders SET {changes} WHERE order_ref = :order_ref", told | {"order_ref": order_ref}
        )
