"""Decides what a strategy has paid, per contract, for what it holds: the mean of the purchases that made it, weighted
by their size. Of what is held short, what was taken in.

A sale of a part leaves the mean of the rest as it was; what turns from long to short, or back, begins anew at that
price; what is closed has none. It rests on the strategy's own bookings: internal crosses are purchases and sales like
any other, commissions are no part of it, and the broker's average of the account, in which all strategies are mixed, is
not asked.

A repair that books an unexplained difference to nobody may be a split: by how much the price of one contract changed
then, no booking tells. So from there on nobody knows the mean of those who held the contract, until they have closed or
turned it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from ib_trading.core.attribution import Booking
from ib_trading.core.booked_fills import by_execution, last_told
from ib_trading.core.booking_kind import BookingKind, booking_kind
from ib_trading.core.positions import UNASSIGNED, Holdings


@dataclass(frozen=True, slots=True)
class Paid:
    """A signed quantity of one contract, and the mean that was paid for each, in the unit that the price is quoted in;
    None where nobody knows it."""

    quantity: Decimal = Decimal(0)
    price: Decimal | None = None

    def after(self, change: Decimal, price: Decimal) -> Paid:
        """With a signed `change` at `price`."""
        quantity = self.quantity + change
        if not quantity:
            return NOTHING
        if self.quantity * quantity <= 0:
            return Paid(quantity, price)
        if self.quantity * change < 0 or self.price is None:
            return Paid(quantity, self.price)
        return Paid(quantity, (self.quantity * self.price + change * price) / quantity)


NOTHING = Paid()


def average_prices(bookings: Iterable[Booking], holdings: Holdings) -> dict[str, dict[int, Decimal]]:
    """Strategy → contract id → the mean price of what it holds by `holdings`, where that is known. `bookings` are all
    of those contracts, oldest first. A correction counts as what it corrects would have."""
    paid: dict[tuple[str, int], Paid] = {}
    for about in by_execution(bookings):
        told = last_told(about)
        if told is None:
            continue
        if _unexplained(told):
            paid |= {
                key: Paid(one.quantity) for key, one in paid.items() if key[1] == told.con_id and one.quantity
            }
            continue
        for name, change in _shares(about).items():
            key = name, told.con_id
            paid[key] = paid.get(key, NOTHING).after(change, told.price)
    return {
        name: {
            con_id: one.price
            for con_id, quantity in held.items()
            if (one := paid.get((name, con_id), NOTHING)).price is not None and one.quantity == quantity
        }
        for name, held in holdings.items()
    }


def _unexplained(booking: Booking) -> bool:
    return booking_kind(booking) is BookingKind.REPAIR and booking.shares.keys() == {UNASSIGNED}


def _shares(about: Iterable[Booking]) -> Mapping[str, Decimal]:
    """What an execution has brought each, corrections counted in."""
    net: dict[str, Decimal] = {}
    for booking in about:
        for name, share in booking.shares.items():
            net[name] = net.get(name, Decimal(0)) + share
    return {name: share for name, share in net.items() if share}
