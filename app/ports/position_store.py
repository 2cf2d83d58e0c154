"""Where the strategies' ledger is kept: holdings, and the executions that made them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from app.core.attribution import Booking
from app.core.journal import Lease


class PositionStore(Protocol):
    def holdings(self) -> Mapping[str, Mapping[int, Decimal]]:
        """Strategy → contract id → signed quantity; nothing is listed at zero."""
        ...

    def apply(self, bookings: Sequence[Booking], lease: Lease) -> int:
        """Books what is not booked yet: holdings and booking ids in one transaction. Returns how many were new.

        Raises StaleFence if a newer lease has been given since.
        """
        ...

    def booked_ids(self, booking_ids: Iterable[str]) -> frozenset[str]:
        """Those of `booking_ids` that have been applied."""
        ...

    def booked_quantity(self, order_ref: str) -> Decimal:
        """How much (unsigned) of an order the strategies have, what was taken back left out."""
        ...

    def bookings_for(self, order_refs: Iterable[str]) -> tuple[Booking, ...]:
        """Those of these orders, in the sequence in which they were applied."""
        ...

    def bookings_of(self, order_ref: str) -> tuple[Booking, ...]:
        """Those of one order's executions, oldest first."""
        ...

    def bookings_in(self, con_ids: Iterable[int]) -> tuple[Booking, ...]:
        """Those of these contracts, oldest first: what a difference is judged by, and small beside the ledger."""
        ...

    def bookings(self) -> tuple[Booking, ...]:
        """All of them, oldest first."""
        ...
