"""When an order works: the moment until which it is held, the one at which it ends, and the warning about it.

Decides from the ticket and the market's sessions alone. A continuous order works from the open of a session
on, or from the end of its lunch break (or from its goodAfterTime); an order for an auction is held until the
session's open (OPG) or close (MOC), where it trades whole at that print or not at all. Orders for an auction are
taken until that very moment: the exchanges' earlier cut-off times are not kept here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from ib_trading_simulator.brokerage import broker_day
from ib_trading_simulator.brokerage.matching import Fill
from ib_trading_simulator.brokerage.order_kind import Auction
from ib_trading_simulator.brokerage.orders import Order
from ib_trading_simulator.market.contracts import Contract
from ib_trading_simulator.market.market import Market, MarketError
from ib_trading_simulator.market.quote import Quote

# An order whose market never opens again within the record is held until then.
NEVER = datetime.max.replace(tzinfo=UTC)


def scheduled(market: Market, order: Order, now: datetime) -> Order:
    """The order with the moment until which it is held and, for the day, the one at which it ends."""
    ticket = order.ticket
    earliest = max(now, ticket.good_after or now)
    try:
        if ticket.auction is Auction.OPEN:
            return replace(order, held_until=market.next_session(ticket.con_id, earliest).open)
        session = market.session(ticket.con_id, earliest) or market.next_session(ticket.con_id, earliest)
    except MarketError:
        return replace(order, held_until=NEVER)
    if ticket.auction is Auction.CLOSE:
        return replace(order, held_until=session.close)
    works_at = session.trading_from(earliest)
    return replace(
        order,
        held_until=works_at if works_at > now else None,
        expires=session.close if ticket.expires else None,
    )


def auctioned(order: Order, quote: Quote) -> Fill | None:
    """What an order for an auction trades in it: all, at the session's first or last price; None beyond its limit.

    `quote` is that of the auction's instant.
    """
    ticket = order.ticket
    price = quote.open if ticket.auction is Auction.OPEN else quote.last
    if price is None or (ticket.limit is not None and (price - ticket.limit) * ticket.sign > 0):
        return None
    return Fill(order.remaining, price)


def closed_warning(market: Market, order: Order, contract: Contract, now: datetime) -> str | None:
    """The words of warning 399 for an order that waits for the market to open; None for any other."""
    ticket = order.ticket
    if order.held_until is None or market.is_open(ticket.con_id, max(now, ticket.good_after or now)):
        return None
    if order.held_until == NEVER:
        opens = "the market opens again"
    else:
        opens = f"{order.held_until.astimezone(broker_day.ZONE):%Y-%m-%d %H:%M:%S} US/Eastern"
    venue = contract.primary_exchange or contract.exchange
    return (
        f"Order Message:\n{ticket.action} {ticket.quantity} {contract.symbol} {venue}\n"
        f"Warning: your order will not be placed at the exchange until {opens}"
    )
