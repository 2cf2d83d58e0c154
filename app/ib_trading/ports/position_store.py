"""Where the strategies' ledger is kept: holdings, the executions that made them, and what these come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from ib_trading.core.attribution import Booking
from ib_trading.core.former_names import FormerNames
from ib_trading.core.journal import Lease
from ib_trading.core.totals import Totals


class PositionStore(Protocol):
    """To read."""

    def holdings(self) -> Mapping[str, Mapping[int, Decimal]]:
        """Strategy → contract id → signed quantity; nothing is listed at zero."""
        ...

    def totals(self) -> Totals:
        """What all bookings come to (core/totals.py), kept up by every booking: the bookings themselves are not read.

        But for once: where others wrote the ledger, an earlier version of this program, the totals are made from its
        bookings, whole or not at all, and the log says so.
        """
        ...

    def former_names(self) -> FormerNames:
        """The names that strategies had before (core/former_names.py). What was booked and ordered under them stands
        as it was written: who reads it, reads it under the names of today. Holdings and totals are under those."""
        ...

    def booked_ids(self, booking_ids: Iterable[str]) -> frozenset[str]:
        """Those of `booking_ids` that have been applied."""
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
        """All of them, oldest first. As long as the ledger: for tests, and for people who look into it."""
        ...


class PositionWriter(PositionStore, Protocol):
    """To write as well, under the trading lease. Called by intents/leased_ledger.py alone."""

    def apply(self, bookings: Sequence[Booking], lease: Lease) -> int:
        """Books what is not booked yet: holdings, totals and booking ids in one transaction. Returns how many were new.

        StaleFence if a newer lease has been given since: that is checked in the same transaction.
        """
        ...

    def rename(self, renames: Mapping[str, str], lease: Lease) -> None:
        """Gives each name's holdings and totals, and all that was ever booked and ordered under it, to another: all of
        it or nothing, in one transaction, and done again it changes nothing. No name that gives also takes.

        StaleFence as in `apply`.
        """
        ...
