"""What is done to an account at the broker itself, and not by a client's order: trades by hand, corrections of
executions, forced liquidations, deposits and withdrawals.

Decides what is booked and who is told. Clients learn of all of these only by what they see afterwards, so that
an application which believes its own orders to be the whole truth is wrong after each of them.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from ib_trading_simulator.brokerage.broker import Broker
from ib_trading_simulator.brokerage.executions import Execution
from ib_trading_simulator.brokerage.matching import Fill, fills
from ib_trading_simulator.brokerage.orders import Order, Ticket
from ib_trading_simulator.brokerage.refusal import Refusal


def trade(
    broker: Broker, ticket: Ticket, price: Decimal | None = None, *, liquidation: bool = False
) -> Order:
    """A trade by hand at the gateway itself: client 0, order id 0, at once, at the market or at `price`.

    Raises Refusal where nothing can be traded now.
    """
    quote = broker.quote(ticket.con_id)
    if price is None:
        wanted = tuple(fills(ticket.action, ticket.quantity, None, quote))
    else:
        wanted = (Fill(ticket.quantity, price),)
    if not wanted:
        raise Refusal(
            201, f"nothing can be traded at {broker.now.isoformat()}: the market is closed; give a price"
        )
    order = Order(0, 0, broker.orders.new_perm_id(), ticket, broker.now)
    for fill in wanted:
        order = broker.filled(order, fill, quote, liquidation=liquidation)
    return order


def transfer(broker: Broker, account: str, currency: str, amount: Decimal) -> None:
    """Cash that comes from outside, or goes there if it is negative. No message says so, as with a real gateway: only
    the account's values are others.
    """
    broker.accounts.transfer(account, currency, amount, broker.now)
    broker.changes.accounts.add(account)


def liquidate(broker: Broker, symbol: str, quantity: Decimal | None) -> tuple[Order, ...]:
    """The broker closes positions in a symbol, each whole or up to `quantity`, at the market.

    The executions carry the mark `liquidation`. Raises Refusal where there is no such position, or no market.
    """
    closed = []
    for account, holdings in tuple(broker.accounts.holdings.items()):
        for position in tuple(holdings.positions.values()):
            if not position.quantity or broker.contract(position.con_id).name != symbol:
                continue
            size = abs(position.quantity) if quantity is None else min(quantity, abs(position.quantity))
            ticket = Ticket(
                con_id=position.con_id,
                account=account,
                action="SELL" if position.quantity > 0 else "BUY",
                quantity=size,
                order_type="MKT",
                limit=None,
                tif="DAY",
            )
            closed.append(trade(broker, ticket, liquidation=True))
    if not closed:
        raise Refusal(201, f"no account holds {symbol}: nothing to liquidate")
    return tuple(closed)


def correct(broker: Broker, earlier: Execution, price: Decimal | None, shares: Decimal | None) -> Execution:
    """Replaces an execution by one with another price or quantity, its commission unchanged.

    As with the real broker, all that says so is the digits after the last full stop of its id: they count the
    versions of one execution ("IBApi.EWrapper.execDetails": "all parameters identical except for the execID").
    A client that adds up every execution id counts the trade twice.
    """
    stem, _, version = earlier.exec_id.rpartition(".")
    corrected = replace(
        earlier,
        exec_id=f"{stem}.{int(version) + 1:02d}",
        price=earlier.price if price is None else price,
        shares=earlier.shares if shares is None else shares,
        corrects=earlier.exec_id,
    )
    more = corrected.shares - earlier.shares
    worth = corrected.shares * corrected.price - earlier.shares * earlier.price
    order = broker.orders.orders.get(earlier.perm_id)
    if order:
        order = replace(order, filled=order.filled + more, value=order.value + worth)
        corrected = replace(corrected, cumulative=order.filled, average_price=order.average_price)
    corrected = replace(corrected, realized=broker.accounts.rebook(broker.executions, earlier, corrected))
    broker.executed(corrected)
    if order:
        broker.keep(order)
    broker.listener.executed(corrected)
    broker.listener.commission_reported(corrected)
    broker.listener.holdings_changed(corrected.account, corrected.con_id)
    return corrected
