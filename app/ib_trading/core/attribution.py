"""Decides whose fill it is: every execution is booked once, shared among the strategies that ordered it.

Shares depend only on how much of the order has filled, never on the sequence or size of the pieces, and add up to
each strategy's part exactly when the order is full. Commissions go by the same shares.

The ledger is only ever added to. An execution `….02` replaces `….01`: where that one was booked, one booking takes it
back and another books the correction, together. A commission that comes after its execution is a booking without
shares.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from ib_trading.core.apportion import largest_remainder, parts_of_progress
from ib_trading.core.positions import UNASSIGNED

_REVERSAL, _COMMISSION = "reversal:", "commission:"
_ABOUT = (_REVERSAL, _COMMISSION)


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

    `booking_id` is the execId, `reversal:<execId of the correction>`, `commission:<n>:<execId>`,
    `cross:<runId>:<conId>` or `repair:<id>`; a store books each id once.
    """

    booking_id: str
    order_ref: str
    con_id: int
    price: Decimal
    at: datetime
    shares: Mapping[str, Decimal]
    commissions: Mapping[str, Decimal]
    commission_currency: str = ""


def revision(exec_id: str) -> tuple[str, int]:
    """What an execution shares with its corrections, and which of them it is: `0001f4e8.67a1.01.02` → (`….01`, 2)."""
    root, _, number = exec_id.rpartition(".")
    return (root, int(number)) if root and number.isdecimal() else (exec_id, 0)


def latest(executions: Iterable[Execution]) -> tuple[Execution, ...]:
    """Each execution in its last correction, by time: a broker may show the corrected ones beside it."""
    newest: dict[str, Execution] = {}
    for execution in executions:
        root, number = revision(execution.exec_id)
        if root not in newest or revision(newest[root].exec_id)[1] <= number:
            newest[root] = execution
    return tuple(sorted(newest.values(), key=lambda execution: (execution.at, execution.exec_id)))


def unapplied(executions: Iterable[Execution], booked: Iterable[Booking]) -> dict[int, Decimal]:
    """Contract id → signed quantity of `executions` that `booked` does not hold yet, corrections included."""
    known: dict[str, Decimal] = {}
    for booking in booked:
        root, _ = revision(booked_execution(booking))
        known[root] = known.get(root, Decimal(0)) + sum(booking.shares.values(), Decimal(0))
    pending: dict[int, Decimal] = {}
    for execution in latest(executions):
        missing = execution.quantity - known.get(revision(execution.exec_id)[0], Decimal(0))
        pending[execution.con_id] = pending.get(execution.con_id, Decimal(0)) + missing
    return {con_id: quantity for con_id, quantity in pending.items() if quantity}


def attribute(
    executions: Iterable[Execution],
    source: Mapping[str, Decimal],
    booked: Sequence[Booking],
    increment: Decimal,
) -> tuple[Booking, ...]:
    """What one order's `executions` add to `booked`, the order's bookings so far. Empty where all is booked.

    `source` is strategy → its signed part; empty for executions that no order of ours explains. The results belong
    together: a correction and what takes back the corrected execution are of no use one without the other.
    """
    about = _by_execution(booked)
    # Execution without its revision → what is booked of its last one.
    newest: dict[str, Booking] = {}
    for name in sorted(about, key=lambda name: revision(name)[1]):
        newest |= {revision(name)[0]: booking for booking in about[name] if booking.booking_id == name}
    held = _net(booked)
    bookings: list[Booking] = []
    for execution in latest(executions):
        root, number = revision(execution.exec_id)
        before = newest.get(root)
        if before is not None and revision(before.booking_id)[1] >= number:
            if before.booking_id == execution.exec_id:
                bookings.extend(_late_commission(execution, before, about[before.booking_id]))
            continue
        if before is not None:
            back = _taken_back(before, about[before.booking_id], execution)
            held = _net([back], held)
            bookings.append(back)
        booking = _booking(execution, _shares(execution, source, held, increment))
        held = _net([booking], held)
        bookings.append(booking)
    return tuple(bookings)


def remaining(source: Mapping[str, Decimal], booked: Decimal, increment: Decimal) -> dict[str, Decimal]:
    """Strategy → signed quantity that an order may still bring it after `booked` (unsigned) of it was attributed."""
    sizes = {name: abs(part) for name, part in source.items() if name != UNASSIGNED}
    filled = parts_of_progress(sizes, booked, increment)
    done = {name: filled.get(name, Decimal(0)) for name in source}
    return {name: part - (done[name] if part > 0 else -done[name]) for name, part in source.items()}


def _booking(execution: Execution, shares: Mapping[str, Decimal]) -> Booking:
    return Booking(
        booking_id=execution.exec_id,
        order_ref=execution.order_ref,
        con_id=execution.con_id,
        price=execution.price,
        at=execution.at,
        shares=shares,
        commissions=_commissions(execution.commission, shares),
        commission_currency=execution.commission_currency,
    )


def _by_execution(booked: Iterable[Booking]) -> dict[str, list[Booking]]:
    """execId → all that is booked about it, in the order in which it was."""
    about: dict[str, list[Booking]] = {}
    for booking in booked:
        about.setdefault(booked_execution(booking), []).append(booking)
    return about


def _taken_back(before: Booking, about: Sequence[Booking], correction: Execution) -> Booking:
    """Undoes all that was booked of an execution, at its own price, with the commissions that came later, which told
    their currency then."""
    commissions = _commissions_booked(before, about)
    currencies = (one.commission_currency for one in about if one.commission_currency)
    return replace(
        before,
        booking_id=f"{_REVERSAL}{correction.exec_id}",
        at=correction.at,
        shares={name: -share for name, share in before.shares.items()},
        commissions={name: -amount for name, amount in commissions.items()},
        commission_currency=next(currencies, correction.commission_currency),
    )


def _late_commission(execution: Execution, before: Booking, about: Sequence[Booking]) -> tuple[Booking, ...]:
    """What of the commission is not booked yet; nothing while the broker has not told it."""
    if execution.commission is None:
        return ()
    missing = execution.commission - sum(_commissions_booked(before, about).values(), Decimal(0))
    if not missing:
        return ()
    count = sum(booking.booking_id.startswith(_COMMISSION) for booking in about)
    late = replace(
        before,
        booking_id=f"{_COMMISSION}{count + 1}:{execution.exec_id}",
        shares={},
        commissions=_commissions(missing, before.shares),
        commission_currency=execution.commission_currency,
    )
    return (late,)


def _commissions_booked(before: Booking, about: Sequence[Booking]) -> dict[str, Decimal]:
    """Strategy → commission of one execution, told with it and later."""
    paid: dict[str, Decimal] = {}
    for booking in about:
        if booking.booking_id == before.booking_id or booking.booking_id.startswith(_COMMISSION):
            for name, amount in booking.commissions.items():
                paid[name] = paid.get(name, Decimal(0)) + amount
    return paid


def booked_execution(booking: Booking) -> str:
    """The execId that a booking is about; for a cross or a repair its own id, which no execution has."""
    return (
        booking.booking_id.rpartition(":")[2] if booking.booking_id.startswith(_ABOUT) else booking.booking_id
    )


def _net(bookings: Iterable[Booking], start: Mapping[str, Decimal] | None = None) -> dict[str, Decimal]:
    """Strategy → signed quantity after `bookings`, from `start` on."""
    held = dict(start or {})
    for booking in bookings:
        for name, share in booking.shares.items():
            held[name] = held.get(name, Decimal(0)) + share
    return held


def _shares(
    execution: Execution, source: Mapping[str, Decimal], held: Mapping[str, Decimal], increment: Decimal
) -> dict[str, Decimal]:
    """What was ordered goes to those who ordered it. What is beyond that, or on the other side of the market than the
    order, or ordered by nobody here, no strategy may be charged with; what `unassigned` itself ordered comes last.

    Measured against what each of them `held` of the order before, so that all of them have their part of what is
    filled also after an execution between two others was taken back.
    """
    # An execution that was corrected to nothing is on the side of its order: the others share anew what is left.
    sign = 1 if (execution.quantity or sum(source.values(), Decimal(0))) > 0 else -1
    sizes = {name: abs(part) for name, part in source.items() if part * sign > 0 and name != UNASSIGNED}
    before = {name: sign * held.get(name, Decimal(0)) for name in sizes}
    done, ordered = sum(before.values(), Decimal(0)), sum(sizes.values(), Decimal(0))
    after = min(done + abs(execution.quantity), ordered)
    if execution.quantity and after <= done:
        return {UNASSIGNED: execution.quantity}
    then = parts_of_progress(sizes, after, increment)
    shares = {
        name: sign * (then[name] - before[name]) for name in sorted(sizes) if then[name] != before[name]
    }
    beyond = execution.quantity - sum(shares.values(), Decimal(0))
    return shares | ({UNASSIGNED: beyond} if beyond else {})


def _commissions(commission: Decimal | None, shares: Mapping[str, Decimal]) -> dict[str, Decimal]:
    if not commission:
        return {}
    exponent = commission.as_tuple().exponent
    step = Decimal(1).scaleb(min(int(exponent), -4))
    weights = {name: abs(part) for name, part in shares.items()}
    return largest_remainder(commission, weights or {UNASSIGNED: Decimal(1)}, step)
