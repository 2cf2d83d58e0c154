"""Decides what an order is: its properties, its reference, and the states of its life.

planned → sending → acknowledged → working → filled | partly_filled | cancelled | rejected | inactive | unknown
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from ib_trading.core.mode import TradingMode


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
    limit_price: Decimal | None = None
    """In the quoted unit; None for orders that are not limit orders."""
    good_after: datetime | None = None
    """The broker holds the order until then."""
    good_after_at_exchange: str | None = None
    """The same for people, in the exchange's zone."""
    outside_rth: bool = False

    @property
    def signed(self) -> Decimal:
        """The quantity, negative for a sale."""
        return self.quantity if self.action is Action.BUY else -self.quantity

    @property
    def is_conversion(self) -> bool:
        """Whether it changes cash into cash: nobody's holding, and nothing is booked for it."""
        return not self.source

    @property
    def outlives_request(self) -> bool:
        """Whether it may fill after the run has answered, so that a later reconciliation must book it."""
        return self.good_after is not None or self.order_type == "MOC" or self.tif in {"GTC", "OPG"}


def order_ref(mode: TradingMode, run_id: str, order: PlannedOrder) -> str:
    """The name under which the broker's own records know the order: a pure function of run, contract and leg.

    It hashes the run's unique id and never the request: tomorrow's identical request must not adopt today's orders.
    """
    digest = hashlib.sha256(f"{run_id}/{order.con_id}/{order.leg}".encode()).digest()
    return f"ib-{mode.letter}{base64.b32encode(digest).decode()[:16].lower()}"


def names_an_order_of(mode: TradingMode, ref: str) -> bool:
    """Whether an orderRef at the broker is one that this mode's service gives out."""
    return ref.startswith(f"ib-{mode.letter}") and len(ref) == len(f"ib-{mode.letter}") + 16
