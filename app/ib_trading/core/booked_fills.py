"""Decides which fills an order's bookings came from: the ledger is what is left of executions once their day is over.

Each fill in its last correction, with what was taken back and what commissions came late counted in.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from ib_trading.core.attribution import Booking, Execution, booked_execution, revision


def booked_fills(bookings: Iterable[Booking]) -> tuple[Execution, ...]:
    """By time. The commission is None as long as none was told, and the permId 0 and the account empty: no booking has
    them. An accepted repair that booked a fill is one, under its own id."""
    fills = [fill for of_one in by_execution(bookings) if (fill := _fill(of_one)) is not None]
    return tuple(sorted(fills, key=lambda fill: (fill.at, fill.exec_id)))


def by_execution(bookings: Iterable[Booking]) -> tuple[list[Booking], ...]:
    """Those of one execution and its corrections together, in the sequence of the first of each; a cross and a repair
    are one by themselves."""
    about: dict[str, list[Booking]] = {}
    for booking in bookings:
        about.setdefault(revision(booked_execution(booking))[0], []).append(booking)
    return tuple(about.values())


def last_told(bookings: Iterable[Booking]) -> Booking | None:
    """Of the bookings of one execution the one of its last correction; None where none of them tells of a fill."""
    told = [booking for booking in bookings if booked_execution(booking) == booking.booking_id]
    return max(told, key=lambda booking: revision(booking.booking_id)[1], default=None)


def _fill(bookings: list[Booking]) -> Execution | None:
    """What the bookings of one execution and its corrections come to; None where that is nothing."""
    last = last_told(bookings)
    quantity = sum((share for one in bookings for share in one.shares.values()), Decimal(0))
    if last is None or not quantity:
        return None
    commissions = [amount for one in bookings for amount in one.commissions.values()]
    currencies = [one.commission_currency for one in bookings if one.commission_currency]
    return Execution(
        exec_id=last.booking_id,
        order_ref=last.order_ref,
        perm_id=0,
        account="",
        con_id=last.con_id,
        quantity=quantity,
        price=last.price,
        at=last.at,
        # One of nothing leaves no amount, but its currency.
        commission=sum(commissions, Decimal(0)) if commissions or currencies else None,
        commission_currency=currencies[-1] if currencies else "",
    )
