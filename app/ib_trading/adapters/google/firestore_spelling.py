"""Decides how values stand in Firestore's documents; the names of the fields are in schema/documents.py.

A Decimal is its own text, so that 2.50 comes back as 2.50. An instant is a timestamp, which counts microseconds. A plan
and an answer are compressed: as they are sent, those of a busy account would not fit into a document.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ib_trading.core.attribution import Booking
from ib_trading.core.journal import JournalledOrder, OrderMoment, Run, RunState, StoredResponse
from ib_trading.core.orders import OrderState
from ib_trading.core.totals import Total

Fields = dict[str, Any]


def timestamp(at: datetime) -> datetime:
    """ValueError for a time without a zone, which names no instant."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return at.astimezone(UTC)


def instant(stored: datetime) -> datetime:
    """A plain datetime of what the client reads, which has nanoseconds and its own equality."""
    return datetime.combine(stored.date(), stored.time(), tzinfo=UTC)


def run_fields(run: Run) -> Fields:
    """All of a run but `recordedAt`."""
    return {
        "runId": run.run_id,
        "bodyHash": run.body_hash,
        "intent": run.intent,
        "claimedAt": timestamp(run.claimed_at),
        **changing_run_fields(run),
    }


def changing_run_fields(run: Run) -> Fields:
    """What of a run is replaced when it is saved."""
    return {
        "key": run.key,
        "state": run.state.value,
        "businessAt": None if run.business_at is None else timestamp(run.business_at),
        "plan": None if run.plan is None else zlib.compress(run.plan),
        "responseStatus": run.response.status if run.response else None,
        "responseBody": zlib.compress(run.response.body) if run.response else None,
    }


def run(fields: Fields) -> Run:
    status, business_at, plan = fields["responseStatus"], fields["businessAt"], fields["plan"]
    return Run(
        run_id=fields["runId"],
        key=fields["key"],
        body_hash=fields["bodyHash"],
        intent=fields["intent"],
        state=RunState(fields["state"]),
        claimed_at=instant(fields["claimedAt"]),
        business_at=None if business_at is None else instant(business_at),
        plan=None if plan is None else zlib.decompress(plan),
        response=None if status is None else StoredResponse(status, zlib.decompress(fields["responseBody"])),
    )


def order_fields(order: JournalledOrder) -> Fields:
    """All of an order but `recordedAt` and `place`."""
    return {
        "orderRef": order.order_ref,
        "runId": order.run_id,
        "conId": order.con_id,
        "localSymbol": order.local_symbol,
        "action": order.action,
        "quantity": str(order.quantity),
        "increment": str(order.increment),
        "source": _parts_fields(order.source),
        "state": order.state.value,
        "orderId": order.order_id,
        "permId": order.perm_id,
        "filled": str(order.filled),
        "averagePrice": None if order.average_price is None else str(order.average_price),
        "messages": list(order.messages),
        "life": [{"state": moment.state.value, "at": timestamp(moment.at)} for moment in order.life],
    }


def order(fields: Fields) -> JournalledOrder:
    average_price = fields["averagePrice"]
    return JournalledOrder(
        order_ref=fields["orderRef"],
        run_id=fields["runId"],
        con_id=fields["conId"],
        local_symbol=fields["localSymbol"],
        action=fields["action"],
        quantity=Decimal(fields["quantity"]),
        increment=Decimal(fields["increment"]),
        source=_parts(fields["source"]),
        state=OrderState(fields["state"]),
        order_id=fields["orderId"],
        perm_id=fields["permId"],
        filled=Decimal(fields["filled"]),
        average_price=None if average_price is None else Decimal(average_price),
        messages=tuple(fields["messages"]),
        life=tuple(
            OrderMoment(OrderState(moment["state"]), instant(moment["at"])) for moment in fields["life"]
        ),
    )


def booking_fields(booking: Booking) -> Fields:
    """All of a booking but `recordedAt` and `place`."""
    return {
        "bookingId": booking.booking_id,
        "orderRef": booking.order_ref,
        "conId": booking.con_id,
        "price": str(booking.price),
        "at": timestamp(booking.at),
        "shares": _parts_fields(booking.shares),
        "commissions": _parts_fields(booking.commissions),
        "commissionCurrency": booking.commission_currency,
    }


def booking(fields: Fields) -> Booking:
    return Booking(
        booking_id=fields["bookingId"],
        order_ref=fields["orderRef"],
        con_id=fields["conId"],
        price=Decimal(fields["price"]),
        at=instant(fields["at"]),
        shares=_parts(fields["shares"]),
        commissions=_parts(fields["commissions"]),
        commission_currency=fields["commissionCurrency"],
    )


def totals_fields(by_strategy: Mapping[str, Total]) -> Fields:
    """One field, so that one exemption keeps all of it out of the indexes."""
    return {
        "strategies": {
            name: {
                "quantity": str(total.quantity),
                "flow": str(total.flow),
                "commissions": _parts_fields(total.commissions),
            }
            for name, total in by_strategy.items()
        }
    }


def totals_of(fields: Fields) -> dict[str, Total]:
    return {
        name: Total(Decimal(said["quantity"]), Decimal(said["flow"]), _parts(said["commissions"]))
        for name, said in fields.get("strategies", {}).items()
    }


def quantities_fields(quantities: Mapping[int, Decimal]) -> Fields:
    return {str(con_id): str(quantity) for con_id, quantity in quantities.items()}


def quantities(fields: Fields) -> dict[int, Decimal]:
    return {int(con_id): Decimal(quantity) for con_id, quantity in fields.items()}


def recorded(fields: Fields) -> tuple[datetime, int]:
    """Sorts documents into the sequence in which they were made."""
    return instant(fields["recordedAt"]), fields["place"]


def _parts_fields(parts: Mapping[str, Decimal]) -> Fields:
    return {name: str(part) for name, part in parts.items()}


def _parts(fields: Fields) -> dict[str, Decimal]:
    return {name: Decimal(part) for name, part in fields.items()}
