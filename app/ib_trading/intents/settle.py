"""Brings the journal and the ledger up to what the broker says of our orders: states first, then fills, once each.

Used at the end of a run for its own orders, and at the start of every run for whatever earlier ones left open; fills
that came after their run had ended, corrections and late commissions are booked then too. Never sends anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from ib_trading.core.account import OrderReport
from ib_trading.core.attribution import Booking, Execution, attribute
from ib_trading.core.evidence import judged, merged, without_its_fills
from ib_trading.core.former_names import parts_now
from ib_trading.core.journal import (
    Run,
    RunState,
    StoredResponse,
    came_to_nothing,
    crosses_stand,
    given_up,
    outcome,
)
from ib_trading.core.locks import BY_REPAIR, Lock
from ib_trading.core.mode import TradingMode
from ib_trading.core.order import Order, names_an_order_of
from ib_trading.core.refusals import Unanswered
from ib_trading.core.strays import strays
from ib_trading.intents import story
from ib_trading.intents.broker_records import BrokerRecords
from ib_trading.intents.day_orders import after_their_day
from ib_trading.intents.intent import envelope
from ib_trading.intents.known_instruments import known_instruments
from ib_trading.intents.leased_ledger import LeasedLedger
from ib_trading.intents.ledger import Ledger
from ib_trading.intents.run_answer import not_done, warnings_of
from ib_trading.intents.services import Services
from ib_trading.intents.trading_result import order_shown


@dataclass(frozen=True, slots=True)
class Findings:
    """What the broker's records say about what is open, before anything of it is written.

    `orders` are the unsettled ones as they now stand, `reports` the broker's word on all that it shows, `bookings` what
    the ledger does not know yet, `known` the orders that those may be of, by orderRef, `strays` what lives at the
    broker without the journal holding it open.
    """

    orders: tuple[Order, ...]
    reports: tuple[OrderReport, ...]
    executions: tuple[Execution, ...]
    bookings: tuple[Booking, ...]
    known: Mapping[str, Order]
    strays: tuple[OrderReport, ...]


def find(
    services: Services, ledger: Ledger, broker: BrokerRecords, account: str, *, fills_expendable: bool = False
) -> Findings:
    """Reads the broker's records and judges. Where `fills_expendable`, a question for executions that is not answered
    is no fault: for who only closes, the broker's positions count, and a gateway was recorded that never ended this
    answer on a Sunday. Reports are asked before executions: an order that fills in between is then working with a fill,
    and not filled without one. They are asked for even where the journal has nothing open: it may have been lost, and
    whom it calls cancelled may live."""
    at = services.clock.now()
    unsettled = ledger.unsettled_orders()
    reports = broker.order_reports(account)
    executions = _executions(broker, account, expendable=fills_expendable)
    orders = tuple(judged(order, reports, executions, at) for order in unsettled)
    held_open = {order.order_ref for order in unsettled if not order.state.final}
    found = strays(services.mode, reports, held_open, {})
    refs = sorted({one.order_ref for one in (*executions, *found) if one.order_ref})
    known = merged(ledger.orders_named(refs) if refs else (), orders)
    bookings = (
        *unbooked(ledger, known, executions),
        *_unbooked_by_hand(services.mode, ledger, broker, known, executions),
    )
    orders = with_all_fills(ledger.with_unwritten((), bookings), orders, at)
    shown = {report.order_ref for report in reports} | {execution.order_ref for execution in executions}
    orders = after_their_day(
        services, ledger.with_unwritten(orders, bookings), broker, account, orders, shown
    )
    bookings = (*bookings, *_unbooked_crosses(ledger.with_unwritten(orders, bookings)))
    astray = strays(services.mode, found, held_open, known)
    return Findings(orders, reports, executions, bookings, known, astray)


def _executions(broker: BrokerRecords, account: str, *, expendable: bool) -> tuple[Execution, ...]:
    try:
        return broker.executions(account)
    except Unanswered as silence:
        if not expendable:
            raise
        story.without_executions(silence.detail)
        return ()


def settle_earlier(
    services: Services,
    ledger: LeasedLedger,
    broker: BrokerRecords,
    account: str,
    own_run: str,
    *,
    fills_expendable: bool = False,
) -> Findings:
    """Settles what earlier runs left open, as far as the broker's records explain it, and says what was found.

    While the ledger is leased to this run no other can be under way, so that whatever is open was left behind.
    """
    found = find(services, ledger, broker, account, fills_expendable=fills_expendable)
    if found.orders:
        ledger.record_orders(found.orders)
    if found.bookings:
        ledger.book(found.bookings, found.known.values())
    left_open = {run.run_id for run in ledger.open_runs()} - {own_run}
    close_runs(services, ledger, left_open | {order.run_id for order in found.orders}, found.executions)
    return found


def close_runs(
    services: Services, ledger: LeasedLedger, run_ids: Iterable[str], executions: Sequence[Execution]
) -> None:
    """Ends those of these runs of which nothing can change any more."""
    for run_id in sorted(run_ids):
        run = ledger.run(run_id)
        if run is not None:
            _close(services, ledger, run, executions)


def unbooked(
    ledger: Ledger, orders: Mapping[str, Order], executions: Iterable[Execution]
) -> tuple[Booking, ...]:
    """What `executions` of `orders` add to the ledger."""
    ours: dict[str, list[Execution]] = {}
    for execution in executions:
        # A conversion of cash changes no holding.
        if execution.order_ref in orders and not orders[execution.order_ref].is_conversion:
            ours.setdefault(execution.order_ref, []).append(execution)
    booked = _booked(ledger, ours)
    return tuple(
        booking
        for ref, fills in ours.items()
        for booking in attribute(fills, orders[ref].source, booked.get(ref, ()), orders[ref].increment)
    )


def book(ledger: LeasedLedger, orders: Sequence[Order], executions: Iterable[Execution]) -> int:
    """Applies what `executions` of `orders` add to the ledger. Returns how many bookings were new."""
    bookings = unbooked(ledger, {order.order_ref: order for order in orders}, executions)
    return ledger.book(bookings, orders) if bookings else 0


def with_all_fills(ledger: Ledger, orders: Sequence[Order], at: datetime) -> tuple[Order, ...]:
    """`orders`, those unknown that the broker calls filled and whose fills the ledger does not have."""
    return tuple(
        without_its_fills(order, ledger.booked_of(order.order_ref), at)
        if not order.is_conversion and order.state.final and order.filled
        else order
        for order in orders
    )


def book_crosses(ledger: LeasedLedger, run: Run) -> None:
    """Books the internal crosses of a run that is being sent; once, however often it is called."""
    bookings = _crosses(run, ledger)
    if bookings:
        ledger.book(bookings)


def _unbooked_crosses(ledger: Ledger) -> tuple[Booking, ...]:
    """The crosses of interrupted runs that stand and that the ledger does not have.

    Found like fills, so that a dry-run sees them too: while only a run booked them, it planned on another ledger than
    the dry-run just before it. Crosses that were lost when the net was zero let two strategies trade the same shares
    for ever.
    """
    standing: list[Booking] = []
    for run in ledger.open_runs():
        crosses = _crosses(run, ledger)
        if crosses and crosses_stand(run, ledger.orders(run.run_id)):
            standing.extend(crosses)
    booked = ledger.booked_ids(booking.booking_id for booking in standing) if standing else ()
    return tuple(booking for booking in standing if booking.booking_id not in booked)


def _crosses(run: Run, ledger: Ledger) -> list[Booking]:
    """A run's internal crosses as the ledger knows them."""
    crosses = run.planned().get("internalCrosses", [])
    at = run.business_at or run.claimed_at
    former = ledger.former_names() if crosses else {}
    return [
        Booking(
            booking_id=f"cross:{run.run_id}:{cross['conId']}",
            order_ref="",
            con_id=int(cross["conId"]),
            price=cross["price"],
            at=at,
            shares=parts_now(cross["quantities"], former),
            commissions={},
        )
        for cross in crosses
    ]


def _unbooked_by_hand(
    mode: TradingMode,
    ledger: Ledger,
    broker: BrokerRecords,
    known: Mapping[str, Order],
    executions: Sequence[Execution],
) -> tuple[Booking, ...]:
    """Trades that nobody here ordered are unassigned: they are never undone. Conversions of currencies are cash, and
    no holdings. An orderRef like ours that the journal does not know is no trade by hand: the difference it makes is
    for a person to look at."""
    by_hand: dict[str, list[Execution]] = {}
    for execution in executions:
        if execution.order_ref not in known and not names_an_order_of(mode, execution.order_ref):
            name = f"by hand: {execution.perm_id}"
            by_hand.setdefault(name, []).append(replace(execution, order_ref=name))
    booked = _booked(ledger, by_hand)
    new = [
        booking
        for name, fills in by_hand.items()
        for booking in attribute(fills, {}, booked.get(name, ()), Decimal(1))
    ]
    instruments = known_instruments(broker, sorted({booking.con_id for booking in new})) if new else {}
    cash = {con_id for con_id, instrument in instruments.items() if instrument.is_forex}
    return tuple(booking for booking in new if booking.con_id not in cash)


def _booked(ledger: Ledger, order_refs: Collection[str]) -> dict[str, list[Booking]]:
    """What is booked of these orders, by orderRef."""
    booked: dict[str, list[Booking]] = {}
    for booking in ledger.bookings_for(order_refs) if order_refs else ():
        booked.setdefault(booking.order_ref, []).append(booking)
    return booked


def _close(services: Services, ledger: LeasedLedger, run: Run, executions: Sequence[Execution]) -> None:
    """Ends a run that its own process did not end, once nothing of it can change any more."""
    orders = ledger.orders(run.run_id)
    if came_to_nothing(run, orders):
        with suppress(LookupError):  # its own process lives, and has withdrawn it in this very moment
            ledger.record_run(given_up(run))
            story.key_given_back(run)
        return
    state = outcome(orders)
    if run.state is RunState.NEEDS_REVIEW and state is not RunState.SETTLED:
        return
    response = run.response
    if response is None and state is not RunState.SETTLING:
        response = _resumed(services, run, orders, executions)
    ended = replace(run, state=state, response=response)
    ledger.record_run(ended, orders)
    if ended != run:
        story.run_ended(ended)


def _resumed(
    services: Services, run: Run, orders: Sequence[Order], executions: Sequence[Execution]
) -> StoredResponse:
    """The answer of a run that could not give it itself."""
    plan = run.planned()
    left_out = [
        Lock(int(lock["conId"]), lock["localSymbol"], lock["reason"], remedy=lock.get("remedy", BY_REPAIR))
        for lock in plan.get("locks", [])
    ]
    warning = "the run was interrupted; what became of its orders has been read from the broker's records"
    members = envelope(services, run.intent, run.run_id) | plan
    members |= {
        "dryRun": False,
        "plan": plan,
        "timings": {},
        "orders": [order_shown(order, executions) for order in orders],
        "warnings": [*plan.get("warnings", []), warning, *warnings_of(orders)],
    }
    return services.responses.response(run.run_id, members, not_done(orders, left_out=left_out))
