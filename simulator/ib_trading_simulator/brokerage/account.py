"""What an account holds, and what a fill does to it.

Decides cash, quantity, cost basis and realised profit. Average cost includes commissions, as the broker
reports it. What holdings are worth is valuation.py; whether an order may be placed is margin.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Position:
    """`quantity` and `cost` are signed alike: a short position has a negative cost, what was received."""

    con_id: int
    quantity: Decimal = NOTHING
    cost: Decimal = NOTHING
    realized: Decimal = NOTHING

    @property
    def average_cost(self) -> Decimal:
        return self.cost / self.quantity if self.quantity else NOTHING


@dataclass(frozen=True, slots=True)
class Holdings:
    """An account at one moment: cash per currency and positions per contract."""

    cash: dict[str, Decimal] = field(default_factory=dict)
    positions: dict[int, Position] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Booking:
    """The account after a fill, and the profit that the fill realised (None: it only opened or added)."""

    holdings: Holdings
    realized: Decimal | None


def book(
    holdings: Holdings, *, con_id: int, currency: str, quantity: Decimal, price: Decimal, commission: Decimal
) -> Booking:
    """Books one fill of a signed quantity (a sale is negative) at a price for one unit of the contract.

    The commission is shared between the part that closes and the part that opens; the part that closes is
    realised net of it.
    """
    before = holdings.positions.get(con_id, Position(con_id))
    closing = _closing(before.quantity, quantity)
    opening = quantity - closing
    closing_commission = commission * closing / quantity
    realized = None
    after = before
    if closing:
        released = before.cost * -closing / before.quantity
        realized = -closing * price - released - closing_commission
        after = replace(
            after,
            quantity=after.quantity + closing,
            cost=after.cost - released if after.quantity + closing else NOTHING,
            realized=after.realized + realized,
        )
    if opening:
        cost = opening * price + commission - closing_commission
        after = replace(after, quantity=after.quantity + opening, cost=after.cost + cost)
    cash = holdings.cash.get(currency, NOTHING) - quantity * price - commission
    return Booking(
        Holdings(holdings.cash | {currency: cash}, holdings.positions | {con_id: after}),
        realized,
    )


def exchange(
    holdings: Holdings,
    *,
    bought: str,
    paid: str,
    quantity: Decimal,
    price: Decimal,
    commission: Decimal,
    charged_in: str,
) -> Booking:
    """Books one fill of a currency pair: cash in both currencies, no position and no profit.

    `quantity` is signed: a sale gives the first currency for the second.
    """
    cash = dict(holdings.cash)
    for currency, amount in ((bought, quantity), (paid, -quantity * price), (charged_in, -commission)):
        cash[currency] = cash.get(currency, NOTHING) + amount
    return Booking(Holdings(cash, holdings.positions), None)


def _closing(held: Decimal, quantity: Decimal) -> Decimal:
    """The part of a signed quantity that closes what is held; it has the sign of the quantity."""
    if held * quantity >= 0:
        return NOTHING
    return quantity if abs(quantity) <= abs(held) else -held
