"""Sends a plan's orders: journalled before they leave, capped in flight, each one subject to kill switch and lease."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ib_trading.core.evidence import judged, updated
from ib_trading.core.instruments import Instrument
from ib_trading.core.journal import Run
from ib_trading.core.order import Order
from ib_trading.core.order_state import OrderState
from ib_trading.intents.cancel_orders import INACTIVE_CANCEL_SECONDS, cancelled
from ib_trading.intents.leased_ledger import LeasedLedger
from ib_trading.intents.run_answer import Stopped
from ib_trading.intents.services import Services
from ib_trading.ports.broker import Broker
from ib_trading.schema.trading_config import TradingConfig

FOLLOW_SLICE_SECONDS = 20.0
"""How long the broker is listened to before the ledger is renewed."""

UNEXPLAINED = frozenset({OrderState.SENDING, OrderState.UNKNOWN})
"""Sent, and nobody knows what became of it."""


@dataclass(frozen=True, slots=True)
class Marked:
    """The numbers that a run's orders leave under, by orderRef, and its first window, which is marked as sending: now
    some may have left."""

    numbers: Mapping[str, int]
    window: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class Submission:
    """One run's sending. `account` is where the orders go."""

    services: Services
    broker: Broker
    config: TradingConfig
    account: str
    instruments: Mapping[int, Instrument]
    ledger: LeasedLedger
    reduce_only: bool = False
    """Closes positions and does nothing else, so that the kill switch lets it pass."""

    def begin(self, run: Run, orders: Sequence[Order]) -> Marked:
        """Marks the first window. `run` is submitting from that moment; if this raises it has done nothing."""
        ids = self.broker.next_order_ids(len(orders))
        numbers = {order.order_ref: order_id for order, order_id in zip(orders, ids, strict=True)}
        # The first window leaves in one go or not yet: a short run never stalls half way. Later ones follow each as
        # soon as the gateway may read it.
        first = orders[: self.config.orders_in_flight]
        return Marked(numbers, self._marked(run, first, numbers, at_once=len(first)))

    def send(
        self,
        run: Run,
        orders: Sequence[Order],
        marked: Marked,
        deadline: datetime,
    ) -> tuple[tuple[Order, ...], Stopped | None]:
        """Sends all, a window at a time. Each order as last heard of, and what stopped the sending early, if anything
        did."""
        numbers, window = marked.numbers, marked.window
        done: list[Order] = []
        stopped: Stopped | None = None
        size = self.config.orders_in_flight
        for start in range(0, len(orders), size):
            if start > 0:
                window = self._marked(run, orders[start : start + size], numbers, at_once=1)
            sent = self._send_window(window, numbers, each_waits=start > 0)
            heard = self._heard(
                sent, until_final=False, seconds=self.config.acknowledge_seconds, end=deadline
            )
            # What nobody acknowledged is asked for before anything more leaves: a gateway that had lost the first
            # window without a word was sent all the others.
            done.extend(self._explained(heard) if start + size < len(orders) else heard)
            self.ledger.record_orders(done[start:])
            if any(order.state is OrderState.ABANDONED for order in sent):
                stopped = Stopped.KILL_SWITCH
            elif self.services.clock.now() >= deadline:
                stopped = Stopped.DEADLINE
            elif any(order.state in UNEXPLAINED for order in done[start:]):
                stopped = Stopped.UNEXPLAINED
            if stopped is not None:
                done.extend(self._abandoned(order) for order in orders[start + size :])
                break
        # An order for later fills after this run has answered: it is not waited for.
        awaited = [order for order in done if not order.outlives_request]
        heard = (
            *self._heard(awaited, until_final=True, seconds=self.config.fill_seconds, end=deadline),
            *(order for order in done if order.outlives_request),
        )
        if self.services.clock.now() >= deadline:
            stopped = stopped or Stopped.DEADLINE
        return self._explained(self._without_inactive(heard)), stopped

    def _marked(
        self,
        run: Run,
        orders: Sequence[Order],
        numbers: Mapping[str, int],
        *,
        at_once: int,
    ) -> tuple[Order, ...]:
        now = self.services.clock.now()
        window = tuple(
            order.became(OrderState.SENDING, now, order_id=numbers[order.order_ref]) for order in orders
        )
        self.broker.allow_messages(at_once)
        # One durable write for the window: every order in it is marked before the first byte of any leaves.
        self.ledger.record_plan(run, window)
        return window

    def _abandoned(self, order: Order) -> Order:
        return order.became(OrderState.ABANDONED, self.services.clock.now())

    def _send_window(
        self, window: Sequence[Order], numbers: Mapping[str, int], *, each_waits: bool
    ) -> tuple[Order, ...]:
        for index, order in enumerate(window):
            if self.config.order_spacing_milliseconds and (index or each_waits):
                # A configured rate, not a wait for something to happen.
                threading.Event().wait(self.config.order_spacing_milliseconds / 1000)
            if each_waits:
                self.broker.allow_messages(1)
            if not (self.reduce_only or self.services.switch.trading_switch().enabled):
                return (*window[:index], *map(self._abandoned, window[index:]))
            self.ledger.check()
            self.broker.place(order, numbers[order.order_ref], self.account, self.instruments[order.con_id])
        return tuple(window)

    def _heard(
        self, orders: Sequence[Order], *, until_final: bool, seconds: float, end: datetime
    ) -> tuple[Order, ...]:
        """`orders` after listening for at most `seconds` and until `end`, the ledger renewed meanwhile."""
        left = max(0.0, min(seconds, (end - self.services.clock.now()).total_seconds()))
        while True:
            open_orders = [order.order_ref for order in orders if not order.state.final]
            if not open_orders:
                return tuple(orders)
            turn = min(left, FOLLOW_SLICE_SECONDS)
            reports = self.broker.follow(open_orders, until_final=until_final, seconds=turn)
            now = self.services.clock.now()
            orders = [updated(order, reports.get(order.order_ref), now) for order in orders]
            left -= turn
            waiting = [order for order in orders if not _reached(order, until_final=until_final)]
            if not waiting or left <= 0:
                return tuple(orders)
            self.ledger.renew()

    def _explained(self, orders: Sequence[Order]) -> tuple[Order, ...]:
        """What nothing was heard of is looked for in the broker's records."""
        if all(order.state not in UNEXPLAINED for order in orders):
            return tuple(orders)
        reports, executions = self.broker.order_reports(self.account), self.broker.executions(self.account)
        now = self.services.clock.now()
        return tuple(
            judged(order, reports, executions, now) if order.state in UNEXPLAINED else order
            for order in orders
        )

    def _without_inactive(self, orders: Sequence[Order]) -> tuple[Order, ...]:
        """An inactive order is neither done nor working: it is cancelled, and the broker's word on that awaited. One
        that was recorded nowhere came to life later, and nobody knew whose it was. Where the broker does not confirm,
        it stays inactive, which keeps its instrument locked."""
        inactive = [order.order_ref for order in orders if order.state is OrderState.INACTIVE]
        if not inactive:
            return tuple(orders)
        self.ledger.record_orders(orders)
        reports = cancelled(self.broker, inactive, self.ledger, INACTIVE_CANCEL_SECONDS)
        now = self.services.clock.now()
        return tuple(updated(order, reports.get(order.order_ref), now) for order in orders)


def _reached(order: Order, *, until_final: bool) -> bool:
    if order.state.final or order.state is OrderState.INACTIVE:
        return True
    return not until_final and order.state is not OrderState.SENDING
