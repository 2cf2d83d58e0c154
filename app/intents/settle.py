"""Brings the journal and the ledger up to what the broker says of our orders: states first, then fills, once each.

Used at the end of a run for its own orders, and at the start of every run for whatever earlier ones left open.
Never sends anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from app.core.account import OrderReport
from app.core.attribution import Booking, Execution, attribute
from app.core.canonical import canonical_json
from app.core.journal import JournalledOrder, Lease, Run, RunState, StoredResponse
from app.core.orders import OrderState
from app.errors import TradingError
from app.intents.intent import problem
from app.intents.services import Services
from app.ports.broker import Broker


class Interrupted(TradingError):
    """The stored answer of a run whose process ended before it could answer."""

    status = 502
    title = "The run was interrupted; what became of its orders has been read from the broker"


def updated(order: JournalledOrder, report: OrderReport | None) -> JournalledOrder:
    """`order` after the broker's word on it; unchanged where there is none."""
    if report is None or (order.state.final and not report.state.final):
        return order
    return replace(
        order,
        state=order.state if report.state is OrderState.SENDING else report.state,
        perm_id=report.perm_id or order.perm_id,
        filled=max(order.filled, report.filled),
        average_price=report.average_price if report.average_price is not None else order.average_price,
        messages=tuple(dict.fromkeys((*order.messages, *report.messages))),
    )


def judged_by_evidence(
    order: JournalledOrder, reports: Iterable[OrderReport], executions: Iterable[Execution]
) -> JournalledOrder:
    """`order` after all of the broker's records: what none of them shows is abandoned if it was never sent, else
    unknown. Nothing is ever concluded from silence but that a person has to look."""
    report = next((report for report in reports if report.order_ref == order.order_ref), None)
    if report is not None and report.state is not OrderState.SENDING:
        return updated(order, report)
    filled = sum((abs(e.quantity) for e in executions if e.order_ref == order.order_ref), Decimal(0))
    if filled:
        state = OrderState.FILLED if filled >= order.quantity else OrderState.UNKNOWN
        return replace(order, state=state, filled=filled)
    if order.state.final:
        return order
    return replace(
        order, state=OrderState.ABANDONED if order.state is OrderState.PLANNED else OrderState.UNKNOWN
    )


def book(
    services: Services, orders: Sequence[JournalledOrder], executions: Iterable[Execution], lease: Lease
) -> int:
    """Attributes executions of `orders` that are not booked yet and applies them. Returns how many were new."""
    by_ref = {order.order_ref: order for order in orders}
    ours = [execution for execution in executions if execution.order_ref in by_ref]
    booked = services.positions.booked_ids(execution.exec_id for execution in ours)
    bookings: list[Booking] = []
    for ref, order in by_ref.items():
        if order.is_conversion:
            continue
        new = [
            execution for execution in ours if execution.order_ref == ref and execution.exec_id not in booked
        ]
        if new:
            already = services.positions.booked_quantity(ref)
            bookings.extend(attribute(new, order.source, already, order.increment))
    return services.positions.apply(bookings, lease) if bookings else 0


def book_crosses(services: Services, run: Run, lease: Lease) -> None:
    """Books the internal crosses of a run whose orders are being sent; once, however often it is called."""
    crosses = json.loads(run.plan or b"{}", parse_float=Decimal, parse_int=Decimal).get("internalCrosses", [])
    at = run.business_at or run.claimed_at
    bookings = [
        Booking(
            booking_id=f"cross:{run.run_id}:{cross['conId']}",
            order_ref="",
            con_id=int(cross["conId"]),
            price=cross["price"],
            at=at,
            shares=cross["quantities"],
            commissions={},
        )
        for cross in crosses
    ]
    if bookings:
        services.positions.apply(bookings, lease)


def resolve_unsettled(
    services: Services, broker: Broker, account: str, lease: Lease
) -> tuple[JournalledOrder, ...]:
    """Settles what earlier runs left open, as far as the broker's records explain it. Returns those orders."""
    orders = services.journal.unsettled_orders()
    if not orders:
        return ()
    reports, executions = broker.order_reports(account), broker.executions(account)
    judged = tuple(judged_by_evidence(order, reports, executions) for order in orders)
    services.journal.save_orders(judged, lease)
    book(services, judged, executions, lease)
    for run_id in sorted({order.run_id for order in judged}):
        run = services.journal.run(run_id)
        if run is not None and run.state is not RunState.NEEDS_REVIEW:
            _close(services, run, lease)
    return judged


def _close(services: Services, run: Run, lease: Lease) -> None:
    """Ends a run that its own process did not end, once nothing of it can change any more."""
    if run.state in {RunState.SUBMITTING, RunState.SETTLING}:
        book_crosses(services, run, lease)
    orders = services.journal.orders(run.run_id)
    doubtful = [order for order in orders if order.state is OrderState.UNKNOWN]
    if not doubtful and not all(order.state.final for order in orders):
        return
    response = run.response
    if response is None:
        error = Interrupted(
            "the run ended before it could answer; its orders: "
            + (", ".join(f"{order.local_symbol} {order.state.value}" for order in orders) or "none")
        )
        response = StoredResponse(error.status, canonical_json(problem(error, run.run_id)))
    state = RunState.NEEDS_REVIEW if doubtful else RunState.SETTLED
    services.journal.save_run(replace(run, state=state, response=response), lease)
