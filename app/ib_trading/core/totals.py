"""Decides what of a ledger is kept as a running sum, so that nobody has to read every booking to know what a strategy
has earned: per contract and strategy what it holds, what its fills took in, and the commissions.

A total depends only on which bookings are in it, never on their sequence or on how they came in portions: sums and
products are exact, whatever the precision of the context. A correction is two bookings and a late commission is one
without shares, so that both simply add to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal

from ib_trading.core.attribution import Booking
from ib_trading.core.former_names import FormerNames

_NOTHING = Decimal(0)
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""For sums and products only, which have an end: https://docs.python.org/3/library/decimal.html, "Q. Is the CPython
implementation fast for large numbers?". The usual 28 digits are fewer than those of a quantity times a price may be."""


@dataclass(frozen=True, slots=True)
class Total:
    """What all bookings of one contract come to for one strategy.

    `quantity` is signed. `flow` is what sales took in less what purchases paid out, in the unit that the price is
    quoted in: the multiplier that makes money of it is the instrument's (`Instrument.value`), and no booking has it.
    `commissions` is currency → amount paid.
    """

    quantity: Decimal = _NOTHING
    flow: Decimal = _NOTHING
    commissions: Mapping[str, Decimal] = field(default_factory=dict)


Totals = Mapping[int, Mapping[str, Total]]
"""Contract id → strategy (or unassigned) → total. What was ever booked stays, also at zero."""


def with_bookings(totals: Totals, bookings: Iterable[Booking]) -> dict[int, dict[str, Total]]:
    """`totals` with `bookings` added, each of which must be in them no more than once."""
    result = {con_id: dict(by_strategy) for con_id, by_strategy in totals.items()}
    for booking in bookings:
        by_strategy = result.setdefault(booking.con_id, {})
        for name in {**booking.shares, **booking.commissions}:
            by_strategy[name] = _with_booking(by_strategy.get(name, Total()), name, booking)
    return result


def totals_now(totals: Totals, former: FormerNames) -> dict[int, dict[str, Total]]:
    """`totals` under the names of today: what they would be if each booking had been made under its own."""
    result: dict[int, dict[str, Total]] = {}
    for con_id, by_strategy in totals.items():
        now: dict[str, Total] = {}
        for name, total in by_strategy.items():
            owner = former.get(name, name)
            now[owner] = _together(now[owner], total) if owner in now else total
        result[con_id] = now
    return result


def _together(one: Total, other: Total) -> Total:
    commissions = dict(one.commissions)
    for currency, paid in other.commissions.items():
        commissions[currency] = _EXACT.add(commissions.get(currency, _NOTHING), paid)
    return Total(
        quantity=_EXACT.add(one.quantity, other.quantity),
        flow=_EXACT.add(one.flow, other.flow),
        commissions=commissions,
    )


def _with_booking(total: Total, name: str, booking: Booking) -> Total:
    share, commission = booking.shares.get(name, _NOTHING), booking.commissions.get(name)
    commissions = total.commissions
    if commission is not None:
        currency = booking.commission_currency
        paid = _EXACT.add(commissions.get(currency, _NOTHING), commission)
        commissions = {**commissions, currency: paid}
    return Total(
        quantity=_EXACT.add(total.quantity, share),
        flow=_EXACT.subtract(total.flow, _EXACT.multiply(share, booking.price)),
        commissions=commissions,
    )


def currencies(by_strategy: Mapping[str, Total]) -> frozenset[str]:
    """In which commissions were paid for one contract."""
    return frozenset(name for total in by_strategy.values() for name in total.commissions)


def is_held(by_strategy: Mapping[str, Total]) -> bool:
    """Whether any strategy holds something of one contract, be it that all together hold nothing."""
    return any(total.quantity for total in by_strategy.values())
