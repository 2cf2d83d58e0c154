"""What the log tells of a trade: one line an event, under its name in schema/log_events.py, with figures and not prose.

Said once it is so: an order's state when the journal has it, a fill when it is booked. The call's run id, intent, key
and trace are bound by web/routes.py. A line about another run, which this call settles, has that run's id, and this
one's as `settledBy`. Core says nothing; it returns what is said here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from ib_trading.core.attribution import Booking, booked_execution, revision
from ib_trading.core.booking_kind import BookingKind, booking_kind
from ib_trading.core.instruments import Instrument
from ib_trading.core.journal import Run, RunState
from ib_trading.core.order import DecidedOrder, Order
from ib_trading.core.order_state import OrderState
from ib_trading.core.plan import Decision, Plan
from ib_trading.core.refusals import StrategyFailed
from ib_trading.core.sessions import contradictions
from ib_trading.schema.log_events import NEEDS_REVIEW, RunEvent

log = structlog.stdlib.get_logger("app.run")

AT_MOST = 100
"""Orders, crosses and verdicts that a plan's line lists: Cloud Logging takes no line of more than 256 KiB
(https://cloud.google.com/logging/quotas). Each order has lines of its own, and /runs/{runId} the whole plan."""

LEVELS: Mapping[OrderState, int] = {
    OrderState.REJECTED: logging.WARNING,
    OrderState.ABANDONED: logging.WARNING,
    OrderState.INACTIVE: logging.WARNING,
    OrderState.UNKNOWN: logging.ERROR,
}
"""How loud an order's state is; any other is INFO."""

BOOKED: Mapping[BookingKind, RunEvent] = {
    BookingKind.EXECUTION: RunEvent.FILL,
    BookingKind.REVERSAL: RunEvent.FILL_TAKEN_BACK,
    BookingKind.COMMISSION: RunEvent.COMMISSION,
    BookingKind.CROSS: RunEvent.CROSS,
    BookingKind.REPAIR: RunEvent.REPAIR,
}

KEY_LENGTH = 260
"""A key is the caller's text; what Cloud Scheduler sends with a call is as long as it likes."""


def shown_key(key: str) -> str:
    return key[:KEY_LENGTH]


def calendars_compared(instruments: Iterable[Instrument]) -> None:
    """Contract details are believed; the calendar, which says what they do not tell any more, may be out of date."""
    for instrument in instruments:
        for contradiction in contradictions(instrument):
            log.warning(RunEvent.CALENDAR_CONTRADICTED, detail=contradiction)


def without_executions(detail: str) -> None:
    """Whoever only closes goes on without them."""
    log.warning(RunEvent.EXECUTIONS_UNANSWERED, detail=detail)


def topped_up(stored: Mapping[str, int], lacking: Mapping[str, str]) -> None:
    """`stored` is symbol → bars that came, `lacking` symbol → why some did not."""
    level = logging.WARNING if lacking else logging.INFO
    log.log(level, RunEvent.TOPPED_UP, stored=dict(stored), lacking=dict(lacking))


def claimed(run: Run) -> None:
    log.info(RunEvent.CLAIMED, key=shown_key(run.key))


def replayed(run: Run) -> None:
    """`run` is the one that was answered: the line has its id as `answeredBy`, for nothing happens to it."""
    status = run.response.status if run.response else None
    log.info(RunEvent.REPLAYED, key=shown_key(run.key), answeredBy=run.run_id, state=run.state, status=status)


def key_given_back(run: Run) -> None:
    log.info(RunEvent.KEY_GIVEN_BACK, **_about(run.run_id), intent=run.intent, key=shown_key(run.key))


def step(phase: str, seconds: float) -> None:
    log.info(RunEvent.STEP, phase=phase, seconds=round(seconds, 3))


def planned(decision: Decision) -> None:
    """The plan, and before it each strategy that stays at its holdings."""
    plan = decision.plan
    for failure in decision.failures.values():
        strategy_failed(failure, refused=False)
    level = logging.WARNING if plan.refusals or plan.forbidden else logging.INFO
    log.log(level, RunEvent.PLAN, **_plan(plan))


def strategy_failed(failure: StrategyFailed, *, refused: bool) -> None:
    """`refused`: whether nothing is traded for it; else it stays at its holdings."""
    log.log(
        logging.ERROR if refused else logging.WARNING,
        RunEvent.STRATEGY_FAILED,
        strategy=failure.strategy,
        refused=refused,
        detail=failure.detail,
        **_its_own(failure),
    )


def _its_own(failure: StrategyFailed) -> dict[str, str]:
    """What a strategy's own code left behind, where it was that."""
    told = failure.failure
    kept = {"trace": told.traceback, "printed": told.printed} if told else {}
    return {name: text for name, text in kept.items() if text}


def run_ended(run: Run) -> None:
    """`run` as it was written down with its answer, or without its key. While some order of it still works its state is
    settling: whoever settles that says it once more. A person is called where no rule explains what became of it."""
    status = run.response.status if run.response else None
    about = {**_about(run.run_id), "intent": run.intent, "key": shown_key(run.key)}
    log.info(RunEvent.RUN_ENDED, **about, state=run.state, status=status)
    if run.state is RunState.NEEDS_REVIEW:
        log.error(NEEDS_REVIEW, **about)


@dataclass(frozen=True, slots=True)
class LedgerStory:
    """What is said of what one lease's holder writes: each moment of an order's life once, from `since` on, when the
    lease was taken; what was before, another has said."""

    since: datetime
    _orders: dict[str, Order] = field(default_factory=dict)

    def orders_written(self, orders: Iterable[Order]) -> None:
        for order in orders:
            before = self._orders.get(order.order_ref)
            self._orders[order.order_ref] = order
            told = len(before.life) if before else sum(one.at < self.since for one in order.life)
            for number in range(told, len(order.life)):
                self._moment(order, number)

    def booked(self, bookings: Iterable[Booking], orders: Iterable[Order] = ()) -> None:
        """`orders` are those that the bookings may be of, beside those that were written under this lease."""
        known = {order.order_ref: order for order in orders} | self._orders
        for booking in bookings:
            log.info(BOOKED[booking_kind(booking)], **_booking(booking, known.get(booking.order_ref)))

    def renamed(self, renames: Mapping[str, str]) -> None:
        for former, name in sorted(renames.items()):
            log.info(RunEvent.RENAMED, former=former, strategy=name)

    def _moment(self, order: Order, number: int) -> None:
        moment = order.life[number]
        facts: dict[str, Any] = {"orderRef": order.order_ref, "localSymbol": order.local_symbol}
        if number == 0:
            facts |= _decided(order)
        else:
            facts["from"] = order.life[number - 1].state
        facts |= {"to": moment.state, "at": moment.at}
        if number == len(order.life) - 1:
            facts |= _heard(order)
        log.log(LEVELS.get(moment.state, logging.INFO), RunEvent.ORDER, **_about(order.run_id), **facts)


def _about(run_id: str) -> dict[str, str]:
    own = structlog.contextvars.get_contextvars().get("runId", run_id)
    return {"runId": run_id} if own == run_id else {"runId": run_id, "settledBy": own}


def _plan(plan: Plan) -> dict[str, Any]:
    symbols = {con_id: symbol for symbol, con_id in plan.contract_ids.items()}
    crosses = [
        {"localSymbol": symbols.get(cross.con_id), "price": cross.price, "shares": cross.quantities}
        for cross in plan.internal_crosses[:AT_MOST]
    ]
    refused = [
        {"rule": one.rule, "subject": one.subject, "value": one.value, "limit": one.limit}
        for one in plan.refusals[:AT_MOST]
    ]
    facts: dict[str, Any] = {
        "asOf": plan.as_of,
        "netLiquidation": plan.net_liquidation,
        "orderCount": len(plan.orders),
        "orders": [{"localSymbol": order.local_symbol, **_decided(order)} for order in plan.orders[:AT_MOST]],
        "crosses": crosses,
        "warnings": plan.warnings[:AT_MOST],
        "refused": refused,
        "locked": [{"localSymbol": lock.local_symbol, "reason": lock.reason} for lock in plan.locks],
    }
    return {name: value for name, value in facts.items() if value or name == "orderCount"}


def _decided(order: DecidedOrder) -> dict[str, Any]:
    facts = {
        "action": order.action,
        "quantity": order.quantity,
        "orderType": order.order_type,
        "tif": order.tif,
        "limitPrice": order.limit_price,
        "stopPrice": order.stop_price,
        "goodAfter": order.good_after,
        "source": order.source,
    }
    return {name: value for name, value in facts.items() if value}


def _heard(order: Order) -> dict[str, Any]:
    """What the broker has told of it by now."""
    facts = {"filled": order.filled, "averagePrice": order.average_price, "messages": order.messages}
    return {name: value for name, value in facts.items() if value}


def _booking(booking: Booking, order: Order | None) -> dict[str, Any]:
    kind = booking_kind(booking)
    facts: dict[str, Any] = {"conId": booking.con_id}
    if order is not None:
        facts |= _about(order.run_id)
        facts["localSymbol"] = order.local_symbol
    if kind is BookingKind.CROSS:
        facts |= _about(booking.booking_id.split(":")[1])
    if booking.order_ref:
        facts["orderRef"] = booking.order_ref
    if kind in {BookingKind.EXECUTION, BookingKind.REVERSAL, BookingKind.COMMISSION}:
        exec_id = facts["execId"] = booked_execution(booking)
        root, number = revision(exec_id)
        if number > 1:
            facts["corrects"] = root
    else:
        facts["bookingId"] = booking.booking_id
    if quantity := sum(booking.shares.values()):
        facts["quantity"] = quantity
    if booking.shares:
        facts |= {"price": booking.price, "shares": booking.shares}
    if booking.commissions:
        facts |= {"commissions": booking.commissions, "currency": booking.commission_currency}
    return facts | {"at": booking.at}
