"""Decides how values stand in SQLite columns, which know neither Decimals nor instants.

A Decimal is its own text, so that 2.50 comes back as 2.50. An instant is ISO 8601 in UTC, always with microseconds:
one width, so that comparing the texts compares the instants.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from ib_trading.core.attribution import Booking
from ib_trading.schema.known_types import ready

_PARTS = msgspec.json.Decoder(ready(dict[str, Decimal]))


def instant_text(at: datetime) -> str:
    """2019-01-02T14:30:00.000000+00:00; ValueError for a time without a zone, which names no instant."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def optional_instant_text(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)


def optional_instant(text: str | None) -> datetime | None:
    return None if text is None else instant(text)


def optional_decimal_text(number: Decimal | None) -> str | None:
    return None if number is None else str(number)


def optional_decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def parts_text(parts: Mapping[str, Decimal]) -> str:
    """Name → quantity as a JSON object of texts."""
    return json.dumps({name: str(part) for name, part in parts.items()}, ensure_ascii=False)


def parts(text: str) -> dict[str, Decimal]:
    return _PARTS.decode(text)


def booking_row(booking: Booking) -> tuple[object, ...]:
    """As the table bookings has its columns."""
    return (
        booking.booking_id,
        booking.order_ref,
        booking.con_id,
        str(booking.price),
        instant_text(booking.at),
        parts_text(booking.shares),
        parts_text(booking.commissions),
        booking.commission_currency,
    )


def booking(row: tuple) -> Booking:
    booking_id, order_ref, con_id, price, at, shares, commissions, currency = row
    return Booking(
        booking_id=booking_id,
        order_ref=order_ref,
        con_id=con_id,
        price=Decimal(price),
        at=instant(at),
        shares=parts(shares),
        commissions=parts(commissions),
        commission_currency=currency,
    )
