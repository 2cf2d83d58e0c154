"""Decides what a booking is about, by its id."""

from __future__ import annotations

from enum import StrEnum

from ib_trading.core.attribution import Booking


class BookingKind(StrEnum):
    """Each by what its ids begin with; an execId begins with none of them."""

    EXECUTION = ""
    REVERSAL = "reversal:"
    COMMISSION = "commission:"
    CROSS = "cross:"
    REPAIR = "repair:"


def booking_kind(booking: Booking) -> BookingKind:
    head, colon, _ = booking.booking_id.partition(":")
    kinds = {kind.value: kind for kind in BookingKind}
    return kinds.get(head + colon, BookingKind.EXECUTION)
