"""What an order trades against the quote of one instant.

A buy trades at the ask, a sale at the bid; a limit order only where that is at least as good as its limit. No
fill is larger than the size displayed; the display is taken to refill at the same price, so that a larger
order fills whole, in several executions of one instant. The market does not move because of an order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from ib_trading_simulator.market.quote import Quote


@dataclass(frozen=True, slots=True)
class Fill:
    """A quantity (positive) at a price."""

    quantity: Decimal
    price: Decimal


def can_trade(action: str, limit: Decimal | None, quote: Quote) -> bool:
    """Whether there is another side, and the limit is met."""
    if action == "BUY":
        return quote.ask is not None and quote.ask_size > 0 and (limit is None or quote.ask <= limit)
    return quote.bid is not None and quote.bid_size > 0 and (limit is None or quote.bid >= limit)


def fills(action: str, quantity: Decimal, limit: Decimal | None, quote: Quote) -> Iterator[Fill]:
    """The fills of `quantity`, oldest first; none where it cannot trade."""
    price, displayed = (quote.ask, quote.ask_size) if action == "BUY" else (quote.bid, quote.bid_size)
    if price is None or not can_trade(action, limit, quote):
        return
    remaining = quantity
    while remaining:
        filled = min(remaining, displayed)
        yield Fill(filled, price)
        remaining -= filled
