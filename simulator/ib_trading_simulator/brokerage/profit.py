"""What an account has earned on the broker's day: the figures of the profit and loss subscription.

Decides what counts: everything that changed its worth since the day began, except what was paid in or out.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ib_trading_simulator.brokerage.valuation import Valuation


@dataclass(frozen=True, slots=True)
class Profit:
    """In base currency: of the day; of what is held, since it was bought; realised on the day."""

    daily: Decimal
    unrealized: Decimal
    realized: Decimal


def profit_of_day(now: Valuation, opening: Valuation, transferred: Decimal) -> Profit:
    """`opening` values what was held when the day began at that moment's prices, `transferred` is what was paid in
    since (withdrawals negative)."""
    return Profit(
        daily=now.net_liquidation - opening.net_liquidation - transferred,
        unrealized=now.unrealized,
        realized=now.realized - opening.realized,
    )
