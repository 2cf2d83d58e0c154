"""The broker's side of the account: takes orders, lets time pass, trades, books, and says what happened.

Decides when an order is held, works, fills, expires or is refused, and the order in which its owner hears of
it. Leaves the rules to order_rules.py, matching.py, booking.py and margin.py, the wire to whoever listens
(`Listener`), and durability to store.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from ib_trading_simulator.brokerage import margin, working_time
from ib_trading_simulator.brokerage.accounts import Accounts, Preview
from ib_trading_simulator.brokerage.booking import booked
from ib_trading_simulator.brokerage.executions import Execution
from ib_trading_simulator.brokerage.listener import Listener, NoListener
from ib_trading_simulator.brokerage.matching import Fill, can_trade, fills
from ib_trading_simulator.brokerage.order_book import OrderBook
from ib_trading_simulator.brokerage.orders import Order, Status, Ticket
from ib_trading_simulator.brokerage.refusal import Refusal
from ib_trading_simulator.brokerage.schedule import Schedule
from ib_trading_simulator.brokerage.valuation import mark
from ib_trading_simulator.market.contracts import Contract
from ib_trading_simulator.market.market import Market
from ib_trading_simulator.market.quote import Quote
from ib_trading_simulator.misbehaving.order_faults import NO_FAULTS, OrderFaults

_TIF_PRESET = 10349


@dataclass(slots=True)
class Changes:
    """What is not yet durable."""

    orders: dict[int, Order] = field(default_factory=dict)
    executions: list[Execution] = field(default_factory=list)
    accounts: set[str] = field(default_factory=set)


class Broker:
    """One broker with its market, its accounts and its orders. `now` is the moment up to which everything is
    done.
    """

    def __init__(self, market: Market, now: datetime, accounts: Accounts) -> None:
        self.market = market
        self.now = now
        self.accounts = accounts
        self.orders = OrderBook()
        self.executions: list[Execution] = []
        self.changes = Changes()
        self.schedule = Schedule(market, self.orders)
        self.listener: Listener = NoListener()
        # By permId: the orders that a fault mistreats.
        self._faulty: dict[int, OrderFaults] = {}

    def contract(self, con_id: int) -> Contract:
        return self.accounts.contract(con_id)

    def quote(self, con_id: int) -> Quote:
        """The quote of this moment."""
        return self.market.quote(con_id, self.now)

    # Time

    def step(self, until: datetime) -> bool:
        """Goes on to the next moment at which something is due and does it; False: nothing more is due by
        then.
        """
        due = self.schedule.next_due(self.now, until)
        if due is None:
            self.now = max(self.now, until)
            return False
        self.now = due
        for order in self.orders.due(due):
            if order.expires and order.expires <= due:
                self._cancel(order, with_pending=False)
            else:
                self._work(replace(order, held_until=None))
        self.run_due_calls()
        moved = self.schedule.moved(due)
        for con_id in moved:
            self._trade_working(con_id)
        if moved:
            self.listener.quotes_moved(moved)
        return True

    def run_due_calls(self) -> None:
        """Does what was put off until now."""
        for action in self.schedule.due_calls(self.now):
            action()

    def catch_up(self, until: datetime) -> None:
        """Everything that is due by then, at once."""
        while self.step(until):
            pass

    # Orders

    def place(self, client_id: int, order_id: int, ticket: Ticket, faults: OrderFaults = NO_FAULTS) -> Order:
        """Takes a new order, or changes the live one with that id. Raises Refusal."""
        earlier = self.orders.of(client_id, order_id)
        if earlier and earlier.live:
            return self._modify(earlier, ticket)
        if earlier or order_id <= self.orders.highest_id(client_id):
            raise Refusal(103, "Duplicate order id")
        order = Order(client_id, order_id, self.orders.new_perm_id(), ticket, self.now)
        if faults != NO_FAULTS:
            self._faulty[order.perm_id] = faults
        if faults.inactive is not None:
            held_back = replace(order, status=Status.INACTIVE, reason=faults.inactive)
            return self._inactive(held_back, 399, f"Order Message:\n{faults.inactive}")
        if faults.rejected is not None:
            text = f"Order rejected - reason:{faults.rejected}"
            return self._inactive(order.ended(Status.INACTIVE, self.now, faults.rejected), 201, text)
        preview = self.accounts.preview(ticket, self.now)
        if not margin.accepts(preview.equity_after, preview.before, preview.after):
            return self._reject(order, preview)
        order = self._scheduled(replace(order, stop=ticket.stop))
        self._warn_closed(order)
        self.keep(order)
        self._tell_order(order)
        if order.held_until is None:
            self._work(order)
        else:
            self._false_error(order)
        return self.orders.orders[order.perm_id]

    def _modify(self, order: Order, ticket: Ticket) -> Order:
        if not ticket.may_replace(order.ticket):
            raise Refusal(105, "Order being modified does not match original order.")
        if ticket.quantity <= order.filled:
            raise Refusal(104, "Can't modify a filled order.")
        if ticket.kind is not order.ticket.kind:
            raise Refusal(329, "Order modify failed. Cannot change to the new order type.")
        # Where its stop has trailed to is where it stays, unless another is asked for.
        stop = order.stop if ticket.waits_as(order.ticket) else ticket.stop
        changed = self._scheduled(replace(order, ticket=ticket, held_until=None, expires=None, stop=stop))
        if changed.held_until:
            changed = replace(changed, status=Status.PRE_SUBMITTED)
        self.keep(changed)
        if changed.held_until:
            self._tell_order(changed)
        else:
            self._work(changed, always_told=True)
        return self.orders.orders[order.perm_id]

    def _reject(self, order: Order, preview: Preview) -> Order:
        currency = self.accounts.base_currency
        text = (
            "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY "
            f"WITH LOAN VALUE [{preview.equity_after:.2f} {currency}] MUST EXCEED THE INITIAL MARGIN "
            f"[{preview.after.initial:.2f} {currency}]"
        )
        return self._inactive(order.ended(Status.INACTIVE, self.now, "margin"), 201, text)

    def _inactive(self, order: Order, code: int, text: str) -> Order:
        """Tells of a new order that does not live."""
        self.keep(order)
        self._tell_order(order)
        self._notice(order, code, text)
        return order

    def cancel(self, client_id: int, order_id: int) -> None:
        """Raises Refusal for an order that is not there or not live."""
        order = self.orders.of(client_id, order_id)
        if order is None:
            raise Refusal(10147, f"OrderId {order_id} that needs to be cancelled is not found.")
        # Rejected is done; what is only held back may still come to life, and can be cancelled.
        if not (order.live or order.held_back):
            raise Refusal(
                10148,
                f"OrderId {order_id} that needs to be cancelled cannot be cancelled, state: {order.status}.",
            )
        self._cancel(order, with_pending=True)

    def cancel_all(self) -> None:
        for order in self.orders.live():
            self._cancel(order, with_pending=True)

    def _cancel(self, order: Order, *, with_pending: bool) -> None:
        if with_pending and order.status is Status.SUBMITTED:
            self.listener.status_changed(replace(order, status=Status.PENDING_CANCEL))
        cancelled = order.ended(Status.CANCELLED, self.now, "Order Canceled")
        self.keep(cancelled)
        self.listener.status_changed(cancelled)
        self._notice(cancelled, 202, "Order Canceled - reason:")
        late = self._faults_of(order).fills_after_cancel
        if with_pending and late is not None:
            self.schedule.call_at(self.now + late, lambda: self._fill_after_all(order.perm_id))

    # When an order works

    def _scheduled(self, order: Order) -> Order:
        return working_time.scheduled(self.market, order, self.now)

    def _warn_closed(self, order: Order) -> None:
        warning = working_time.closed_warning(
            self.market, order, self.contract(order.ticket.con_id), self.now
        )
        if warning:
            self._notice(order, 399, warning)

    def _work(self, order: Order, *, always_told: bool = False) -> None:
        """Lets an order trade for the first time; what does not trade at once rests as Submitted."""
        if order.ticket.auction:
            self._auction(order)
            return
        if order.waits:
            self._wait(order, told=always_told)
            return
        if not always_told and next(self._fills(order, self.quote(order.ticket.con_id)), None):
            self.keep(order)
            self._false_error(order)
            self._trade(order)
            return
        resting = replace(order, status=Status.SUBMITTED)
        self.keep(resting)
        self._tell_order(resting)
        self._false_error(resting)
        self._trade(resting)

    def _wait(self, order: Order, *, told: bool) -> None:
        """Holds an order until its stop is reached, which may be at once. It stays PreSubmitted (see `_trigger`)."""
        self.keep(order)
        if told:
            self._tell_order(order)
        self._false_error(order)
        self._trigger(order.ticket.con_id, self.quote(order.ticket.con_id))

    def _trigger(self, con_id: int, quote: Quote) -> None:
        """Sends on the orders whose stop a quote has reached. "PreSubmitted ... The order is held in the IB system
        until the election criteria are met. At that time the order is transmitted to the order destination", and
        Submitted there (IBKR's API guide, orderStatus).
        """
        for order in self.orders.triggered(con_id, quote):
            elected = replace(order, triggered=True, status=Status.SUBMITTED)
            self.keep(elected)
            self._tell_order(elected)
            self._trade(elected)

    # Faults

    def _faults_of(self, order: Order) -> OrderFaults:
        return self._faulty.get(order.perm_id, NO_FAULTS)

    def _false_error(self, order: Order) -> None:
        """An error about an order that lives on; many client libraries take any code they do not know for its end."""
        code = self._faults_of(order).false_error
        if code == _TIF_PRESET:
            self._notice(order, code, "Order TIF was set to DAY based on order preset.")
        elif code is not None:
            self._notice(order, code, f"Order processing notice {code}.")

    def _fill_after_all(self, perm_id: int) -> None:
        """What is left of a cancelled order fills: its cancellation crossed the fill on the way."""
        order = self.orders.orders[perm_id]
        quote = self.quote(order.ticket.con_id)
        wanted = tuple(fills(order.ticket.action, order.remaining, None, quote))
        for fill in wanted or (Fill(order.remaining, mark(quote)),):
            order = self.filled(order, fill, quote)

    # Trades

    def _auction(self, order: Order) -> None:
        """Trades an order whole at the print of its auction; one whose limit is not met ends with it."""
        quote = self.quote(order.ticket.con_id)
        fill = working_time.auctioned(order, quote)
        self.keep(order)
        if fill is None:
            self._cancel(order, with_pending=False)
        else:
            self.filled(order, fill, quote)

    def _trade_working(self, con_id: int) -> None:
        quote = self.quote(con_id)
        self._trigger(con_id, quote)
        if not self.orders.reached(con_id, quote):
            return
        for order in self.orders.working(con_id):
            if can_trade(order.ticket.action, order.limit, quote):
                self._trade(order)

    def _trade(self, order: Order) -> None:
        ticket = order.ticket
        quote = self.quote(ticket.con_id)
        for fill in self._fills(order, quote):
            order = self.filled(order, fill, quote)

    def _fills(self, order: Order, quote: Quote) -> Iterator[Fill]:
        """What of an order trades at a quote."""
        most = self._faults_of(order).fills_at_most
        quantity = (
            order.remaining if most is None else min(order.remaining, max(most - order.filled, Decimal(0)))
        )
        return fills(order.ticket.action, quantity, order.limit, quote)

    def filled(self, order: Order, fill: Fill, quote: Quote, *, liquidation: bool = False) -> Order:
        """Books one fill and tells of it; the order after it."""
        number = len(self.executions) + 1
        order, execution = booked(
            self.accounts, order, fill, quote, self.now, number, liquidation=liquidation
        )
        self.executed(execution)
        self.keep(order)
        self.listener.executed(execution)
        self._tell_order(order)
        if not order.live:
            self.listener.order_changed(order, final=True)
        self.listener.commission_reported(execution)
        self.listener.holdings_changed(execution.account, execution.con_id)
        return order

    def set_price(self, con_id: int, price: Decimal) -> None:
        """From now until the session's close quotes centre on the price; what can trade at it, trades.

        Raises MarketError when the market is closed, ValueError for a price that is none.
        """
        self.market.set_price(con_id, self.now, price)
        self.schedule.forget(con_id)
        self._trade_working(con_id)
        self.listener.quotes_moved((con_id,))

    # Telling and keeping

    def keep_trailed(self) -> None:
        """What stops did without a word is to be durable, too."""
        self.changes.orders |= {order.perm_id: order for order in self.orders.trailed()}

    def executed(self, execution: Execution) -> None:
        self.executions.append(execution)
        self.changes.executions.append(execution)
        self.changes.accounts.add(execution.account)

    def keep(self, order: Order) -> None:
        self.orders.put(order)
        self.changes.orders[order.perm_id] = order

    def _tell_order(self, order: Order) -> None:
        self.listener.order_changed(order)

    def _notice(self, order: Order, code: int, text: str) -> None:
        self.listener.noticed(order, code, text)
