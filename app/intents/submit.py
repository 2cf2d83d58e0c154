"""Sends a plan's orders: journalled before they leave, capped in flight, each one subject to kill switch and lease."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.core.instruments import Instrument
from app.core.journal import JournalledOrder
from app.core.mode import TradingMode
from app.core.orders import OrderState, PlannedOrder, order_ref
from app.intents.lease import HeldLease
from app.intents.services import Services
from app.intents.settle import judged_by_evidence, updated
from app.ports.broker import Broker, OutgoingOrder
from schema.trading_config import TradingConfig

FOLLOW_SLICE_SECONDS = 20.0
"""How long the broker is listened to between two renewals of the lease."""


def journalled(
    mode: TradingMode, run_id: str, orders: Sequence[PlannedOrder], instruments: Mapping[int, Instrument]
) -> tuple[JournalledOrder, ...]:
    """A plan's orders as the journal first knows them."""
    return tuple(
        JournalledOrder(
            order_ref=order_ref(mode, run_id, order),
            run_id=run_id,
            con_id=order.con_id,
            local_symbol=order.local_symbol,
            action=order.action.value,
            quantity=order.quantity,
            increment=instruments[order.con_id].increment,
            source=order.source,
            state=OrderState.PLANNED,
        )
        for order in orders
    )


@dataclass(frozen=True, slots=True)
class Submission:
    """One run's sending. `account` is where the orders go, `reason` why sending stopped early ("" if it did not)."""

    services: Services
    broker: Broker
    config: TradingConfig
    account: str
    instruments: Mapping[int, Instrument]
    held: HeldLease
    reduce_only: bool = False
    """Closes positions and does nothing else, so that the kill switch lets it pass."""

    def send(
        self, planned: Sequence[PlannedOrder], orders: Sequence[JournalledOrder]
    ) -> tuple[JournalledOrder, ...]:
        """Sends all, a window at a time, and returns each order as last heard of. Raises nothing once bytes left:
        what is in doubt is an order's state."""
        ids = self.broker.next_order_ids(len(orders))
        outgoing = {
            order.order_ref: outgoing_order(
                plan, order.order_ref, order_id, self.account, self.instruments[plan.con_id]
            )
            for plan, order, order_id in zip(planned, orders, ids, strict=True)
        }
        done: list[JournalledOrder] = []
        size = self.config.orders_in_flight
        for start in range(0, len(orders), size):
            window = tuple(
                replace(order, state=OrderState.SENDING, order_id=outgoing[order.order_ref].order_id)
                for order in orders[start : start + size]
            )
            self.broker.allow_messages(len(window))
            # One durable write for the window: every order in it is marked before the first byte of any leaves.
            self.services.journal.save_orders(window, self.held.renew())
            sent = self._send_window(window, outgoing)
            done.extend(self._heard(sent, until_final=False, seconds=self.config.acknowledge_seconds))
            self.services.journal.save_orders(done[start:], self.held.lease)
            if any(order.state is OrderState.ABANDONED for order in sent):
                done.extend(replace(order, state=OrderState.ABANDONED) for order in orders[start + size :])
                break
        return self._explained(self._heard(done, until_final=True, seconds=self.config.fill_seconds))

    def _send_window(
        self, window: Sequence[JournalledOrder], outgoing: Mapping[str, OutgoingOrder]
    ) -> tuple[JournalledOrder, ...]:
        for index, order in enumerate(window):
            if not (self.reduce_only or self.services.journal.trading_switch().enabled):
                stopped = [replace(rest, state=OrderState.ABANDONED) for rest in window[index:]]
                return (*window[:index], *stopped)
            self.services.journal.check_lease(self.held.lease)
            self.broker.place(outgoing[order.order_ref])
            if self.config.order_spacing_milliseconds and index + 1 < len(window):
                # A configured rate, not a wait for something to happen.
                threading.Event().wait(self.config.order_spacing_milliseconds / 1000)
        return tuple(window)

    def _heard(
        self, orders: Sequence[JournalledOrder], *, until_final: bool, seconds: float
    ) -> tuple[JournalledOrder, ...]:
        """`orders` after listening for at most `seconds`, the lease renewed meanwhile."""
        left = seconds
        while True:
            open_orders = [order.order_ref for order in orders if not order.state.final]
            if not open_orders:
                return tuple(orders)
            turn = min(left, FOLLOW_SLICE_SECONDS)
            reports = self.broker.follow(open_orders, until_final=until_final, seconds=turn)
            orders = [updated(order, reports.get(order.order_ref)) for order in orders]
            left -= turn
            waiting = [order for order in orders if not _reached(order, until_final=until_final)]
            if not waiting or left <= 0:
                return tuple(orders)
            self.held.renew()

    def _explained(self, orders: Sequence[JournalledOrder]) -> tuple[JournalledOrder, ...]:
        """What nothing was heard of is looked for in the broker's records."""
        if all(order.state is not OrderState.SENDING for order in orders):
            return tuple(orders)
        reports, executions = self.broker.order_reports(self.account), self.broker.executions(self.account)
        return tuple(
            judged_by_evidence(order, reports, executions) if order.state is OrderState.SENDING else order
            for order in orders
        )


def outgoing_order(
    plan: PlannedOrder, order_ref: str, order_id: int, account: str, instrument: Instrument
) -> OutgoingOrder:
    """A planned order as it leaves under that reference and number."""
    return OutgoingOrder(
        order_ref=order_ref,
        order_id=order_id,
        account=account,
        instrument=instrument,
        action=plan.action.value,
        quantity=plan.quantity,
        order_type=plan.order_type,
        tif=plan.tif,
        adaptive_priority=plan.adaptive_priority,
        limit_price=plan.limit_price,
        good_after=plan.good_after,
        outside_rth=plan.outside_rth,
    )


def _reached(order: JournalledOrder, *, until_final: bool) -> bool:
    if order.state.final or order.state is OrderState.INACTIVE:
        return True
    return not until_final and order.state is not OrderState.SENDING
