"""What one fill makes of an order and of its account: the commission, the booking, the execution.

Decides the figures of an execution. Telling and keeping it is the broker's.
"""

from __future__ import annotations

from datetime import datetime

from ib_trading_simulator.brokerage.accounts import Accounts
from ib_trading_simulator.brokerage.executions import Execution
from ib_trading_simulator.brokerage.matching import Fill
from ib_trading_simulator.brokerage.orders import Order
from ib_trading_simulator.market.quote import Quote


def booked(
    accounts: Accounts,
    order: Order,
    fill: Fill,
    quote: Quote,
    now: datetime,
    number: int,
    *,
    liquidation: bool,
) -> tuple[Order, Execution]:
    """Books a fill, the broker's `number`th; gives the order after it and its execution.

    An order's commission is charged on all of it at once, so that many small fills cost what one would.
    """
    ticket, contract = order.ticket, accounts.contract(order.ticket.con_id)
    traded, worth = order.filled + fill.quantity, order.value + fill.quantity * fill.price
    charged = accounts.charge(contract, traded, worth, now) - order.commission
    realized = accounts.book(ticket, fill, charged, now)
    after = order.filled_by(fill.quantity, fill.price, charged, now)
    execution = Execution(
        exec_id=f"0000e215.{number:08x}.01.01",
        at=now,
        account=ticket.account,
        con_id=ticket.con_id,
        client_id=order.client_id,
        order_id=order.order_id,
        perm_id=order.perm_id,
        side="BOT" if ticket.sign > 0 else "SLD",
        shares=fill.quantity,
        price=fill.price,
        cumulative=after.filled,
        average_price=after.average_price,
        order_ref=ticket.order_ref,
        commission=charged,
        currency=accounts.charged_in(contract),
        realized=realized,
        bid=quote.bid,
        ask=quote.ask,
        liquidation=liquidation,
        exchange=ticket.exchange,
    )
    return after, execution
