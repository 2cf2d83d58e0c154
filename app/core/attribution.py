"""Decides whose fill it is: every execution is booked once, shared among the strategies that ordered it.

Shares depend only on how much of the order has filled, never on the sequence or size of the pieces, and add up to
each strategy's part exactly when the order is full. Commissions go by the same shares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.core.apportion import largest_remainder, parts_of_progress
from app.core.positions import UNASSIGNED


@dataclass(frozen=True, slots=True)
class Execution:
    """One fill as the broker reports it: `quantity` signed, `price` in the quoted unit, `commission` in
    `commission_currency` and None until the broker has told it."""

    exec_id: str
    order_ref: str
    perm_id: int
    account: str
    con_id: int
    quantity: Decimal
    price: Decimal
    at: datetime
    commission: Decimal | None = None
    commission_currency: str = ""


@dataclass(frozen=True, slots=True)
class Booking:
    """What one execution or internal cross changes: `shares` is strategy → signed quantity.

    `booking_id` is the execId, or `cross:<runId>:<conId>`; a store books each id once.
    """

    booking_id: str
    order_ref: str
    con_id: int
    price: Decimal
    at: datetime
    shares: Mapping[str, Decimal]
    commissions: Mapping[str, Decimal]
    commission_currency: str = ""


def attribute(
    executions: Sequence[Execution], source: Mapping[str, Decimal], booked: Decimal, increment: Decimal
) -> tuple[Booking, ...]:
    """Bookings of one order's new `executions`, of which `booked` (unsigned) was attributed before.

    `source` is strategy → its signed part; empty for executions that no order of ours explains.
    """
    bookings = []
    done = booked
    for execution in sorted(executions, key=lambda execution: (execution.at, execution.exec_id)):
        shares = _shares(execution, source, done, increment)
        done += sum((abs(share) for name, share in shares.items() if name != UNASSIGNED), Decimal(0))
        bookings.append(
            Booking(
                booking_id=execution.exec_id,
                order_ref=execution.order_ref,
                con_id=execution.con_id,
                price=execution.price,
                at=execution.at,
                shares=shares,
                commissions=_commissions(execution, shares),
                commission_currency=execution.commission_currency,
            )
        )
    return tuple(bookings)


def remaining(source: Mapping[str, Decimal], booked: Decimal, increment: Decimal) -> dict[str, Decimal]:
    """Strategy → signed quantity that an order may still bring it after `booked` (unsigned) of it was attributed."""
    sizes = {name: abs(part) for name, part in source.items() if name != UNASSIGNED}
    filled = parts_of_progress(sizes, booked, increment)
    done = {name: filled.get(name, Decimal(0)) for name in source}
    return {name: part - (done[name] if part > 0 else -done[name]) for name, part in source.items()}


def _shares(
    execution: Execution, source: Mapping[str, Decimal], done: Decimal, increment: Decimal
) -> dict[str, Decimal]:
    """What was ordered goes to those who ordered it. What is beyond that, or on the other side of the market than the
    order, or ordered by nobody here, no strategy may be charged with; what `unassigned` itself ordered comes last."""
    sign = 1 if execution.quantity > 0 else -1
    sizes = {name: abs(part) for name, part in source.items() if part * sign > 0 and name != UNASSIGNED}
    ordered = sum(sizes.values(), Decimal(0))
    after = min(done + abs(execution.quantity), ordered)
    if after <= done:
        return {UNASSIGNED: execution.quantity}
    before, then = parts_of_progress(sizes, done, increment), parts_of_progress(sizes, after, increment)
    shares = {
        name: sign * (then[name] - before[name]) for name in sorted(sizes) if then[name] != before[name]
    }
    beyond = execution.quantity - sum(shares.values(), Decimal(0))
    return shares | ({UNASSIGNED: beyond} if beyond else {})


def _commissions(execution: Execution, shares: Mapping[str, Decimal]) -> dict[str, Decimal]:
    if not execution.commission:
        return {}
    exponent = execution.commission.as_tuple().exponent
    step = Decimal(1).scaleb(min(int(exponent), -4))
    return largest_remainder(execution.commission, {name: abs(part) for name, part in shares.items()}, step)
