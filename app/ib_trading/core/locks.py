"""Decides which instruments are locked: a pure function of what one snapshot shows.

Nothing is stored: a lock that has to be set holds only from then on. When trade-reconciliation alone compared ledger
and broker, an allocation traded on after a split until the next reconciliation had run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ib_trading.core.account import OrderReport
from ib_trading.core.journal import IN_DOUBT
from ib_trading.core.order import Order
from ib_trading.core.reconciliation import Difference, doubt
from ib_trading.core.strays import stray_reason

BY_REPAIR = "accept the repair of what is in doubt there (POST /trade-reconciliation)"


@dataclass(frozen=True, slots=True)
class Lock:
    """An instrument that may not be traded, why, and what a person can do. `order_refs` are the orders in doubt and the
    strays, empty where ledger and broker just differ, or where its exchange is closed."""

    con_id: int
    local_symbol: str
    reason: str
    order_refs: tuple[str, ...] = ()
    remedy: str = BY_REPAIR


def locks(
    found: Iterable[Difference], orders: Iterable[Order], strays: Iterable[OrderReport] = ()
) -> tuple[Lock, ...]:
    """One for each instrument in which ledger and broker differ, one of `orders` is in doubt or one of `strays` lives,
    by contract id."""
    reasons: dict[int, list[str]] = {}
    symbols: dict[int, str] = {}
    refs: dict[int, list[str]] = {}
    for difference in found:
        symbols[difference.con_id] = difference.local_symbol
        reasons.setdefault(difference.con_id, []).append(difference.reason)
    for order in orders:
        if order.state in IN_DOUBT:
            symbols[order.con_id] = order.local_symbol
            reasons.setdefault(order.con_id, []).append(doubt(order))
            refs.setdefault(order.con_id, []).append(order.order_ref)
    for stray in strays:
        symbols[stray.con_id] = stray.local_symbol
        reasons.setdefault(stray.con_id, []).append(stray_reason(stray))
        refs.setdefault(stray.con_id, []).append(stray.order_ref)
    return tuple(
        Lock(con_id, symbols[con_id], "; ".join(reasons[con_id]), tuple(refs.get(con_id, ())))
        for con_id in sorted(reasons)
    )
