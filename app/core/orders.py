"""Decides what an order is: its properties, its reference, and the states of its life.

planned → sending → acknowledged → working → filled | partly_filled | cancelled | rejected | inactive | unknown
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.core.instruments import Instrument
from app.core.mode import TradingMode
from app.core.netting import NetTrade


class Action(StrEnum):
    BUY = "BUY"
    SELL = "SELL"


class OrderState(StrEnum):
    PLANNED = "planned"
    SENDING = "sending"
    """Durably marked before the first byte leaves: from here on the broker may have it."""
    ACKNOWLEDGED = "acknowledged"
    WORKING = "working"
    FILLED = "filled"
    PARTLY_FILLED = "partly_filled"
    """Final: the rest was cancelled."""
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    INACTIVE = "inactive"
    """Not final: the broker holds it without working it; it has to be cancelled and confirmed."""
    UNKNOWN = "unknown"
    """The broker does not explain it; a person has to look."""
    ABANDONED = "abandoned"
    """Planned, but provably never sent."""

    @property
    def final(self) -> bool:
        return self in _FINAL

    @property
    def well(self) -> bool:
        """Whether a run that leaves an order like this may call itself done."""
        return self in {OrderState.FILLED, OrderState.WORKING}


_FINAL = {
    OrderState.FILLED,
    OrderState.PARTLY_FILLED,
    OrderState.CANCELLED,
    OrderState.REJECTED,
    OrderState.ABANDONED,
}


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """One order of a plan. `quantity` is positive; `source` is strategy → its signed part."""

    con_id: int
    local_symbol: str
    action: Action
    quantity: Decimal
    order_type: str
    tif: str
    adaptive_priority: str | None
    source: Mapping[str, Decimal]
    leg: str = "1"
    """Tells apart several orders of one run on one contract."""


def order_ref(mode: TradingMode, run_id: str, order: PlannedOrder) -> str:
    """The name under which the broker's own records know the order: a pure function of run, contract and leg.

    It hashes the run's unique id and never the request: tomorrow's identical request must not adopt today's orders.
    """
    digest = hashlib.sha256(f"{run_id}/{order.con_id}/{order.leg}".encode()).digest()
    return f"ib-{mode.letter}{base64.b32encode(digest).decode()[:16].lower()}"


def names_an_order_of(mode: TradingMode, ref: str) -> bool:
    """Whether an orderRef at the broker is one that this mode's service gives out."""
    return ref.startswith(f"ib-{mode.letter}") and len(ref) == len(f"ib-{mode.letter}") + 16


def market_order(trade: NetTrade, instrument: Instrument, adaptive_priority: str | None) -> PlannedOrder:
    """The default order for a net trade: market, DAY, with the Adaptive algo where the contract takes it."""
    return PlannedOrder(
        con_id=trade.con_id,
        local_symbol=instrument.local_symbol,
        action=Action.BUY if trade.quantity > 0 else Action.SELL,
        quantity=abs(trade.quantity),
        order_type="MKT",
        tif="DAY",
        adaptive_priority=adaptive_priority if instrument.takes_adaptive() else None,
        source=trade.source,
    )
