"""Decides what a strategy has earned: what it holds now is worth, plus what its fills took in, less commissions.

In base currency at today's rates, since the ledger's first booking; internal crosses count at their price.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from app.core.attribution import Booking
from app.core.instruments import Instrument


@dataclass(frozen=True, slots=True)
class StrategyResult:
    """`market_value` of the present holdings, `profit` since the first booking, `commissions` paid (included)."""

    market_value: Decimal
    profit: Decimal
    commissions: Decimal


def results(
    bookings: Iterable[Booking],
    instruments: Mapping[int, Instrument],
    prices: Mapping[int, Decimal],
    rates: Mapping[str, Decimal],
) -> dict[str, StrategyResult]:
    """Strategy → result. `prices` contract id → price now, `rates` currency → base. KeyError where one is missing."""
    value: dict[str, Decimal] = {}
    flow: dict[str, Decimal] = {}
    paid: dict[str, Decimal] = {}
    for booking in bookings:
        instrument = instruments[booking.con_id]
        rate = rates[instrument.currency]
        for strategy, quantity in booking.shares.items():
            value[strategy] = (
                value.get(strategy, Decimal(0)) + quantity * instrument.value(prices[booking.con_id]) * rate
            )
            flow[strategy] = (
                flow.get(strategy, Decimal(0)) - quantity * instrument.value(booking.price) * rate
            )
        for strategy, amount in booking.commissions.items():
            cost = amount * rates[booking.commission_currency]
            paid[strategy] = paid.get(strategy, Decimal(0)) + cost
    return {
        name: StrategyResult(
            value[name], value[name] + flow[name] - paid.get(name, Decimal(0)), paid.get(name, Decimal(0))
        )
        for name in value
    }
