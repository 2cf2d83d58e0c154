"""Decides the states of an order's life.

planned → sending → acknowledged → working → filled | partly_filled | cancelled | rejected | inactive | unknown
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
class OrderMoment:
    """`at` is real time: when this process learnt of the state, or made it."""

    state: OrderState
    at: datetime
