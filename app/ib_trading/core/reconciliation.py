"""Decides where ledger and broker differ, and what would repair it.

Runs after every rule has had its say: fills are booked, trades by hand are unassigned, orders are what the broker
shows of them. What is left is a *difference* (a split, a trade of a day whose executions are no longer served), or an
order that no record explains. A person decides: each gets a repair with an id that is a hash of its content, so that
what is accepted is what was looked at, and facts that have moved on are another id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from ib_trading.core.account import OrderReport
from ib_trading.core.attribution import Booking, Execution, attribute
from ib_trading.core.canonical import canonical_json, plain
from ib_trading.core.evidence import ended
from ib_trading.core.instruments import Instrument, symbol_of
from ib_trading.core.journal import IN_DOUBT
from ib_trading.core.market import Quote
from ib_trading.core.order import Order
from ib_trading.core.positions import UNASSIGNED, Holdings, Quantities, total

REPAIR = "repair:"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class RepairKind(StrEnum):
    BOOK_TO_UNASSIGNED = "bookToUnassigned"
    """The ledger follows the broker; no strategy is charged with what none of them ordered."""
    BOOK_AS_FILL = "bookAsFill"
    """A fill of an order of ours whose executions the broker does not tell any more: the difference, or, of forex,
    which leaves none, all that the order may have filled."""
    CLOSE_ORDER = "closeOrder"
    """The broker shows nothing of the order: it is taken as never arrived, or as ended with what it has filled."""
    CANCEL_ORDER = "cancelOrder"
    """The broker still shows the order: it is cancelled there, and what the broker says of it then counts."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One contract of which the ledger holds another quantity than the broker shows; both signed."""

    con_id: int
    local_symbol: str
    ledger: Decimal
    broker: Decimal

    @property
    def quantity(self) -> Decimal:
        """What the ledger lacks."""
        return self.broker - self.ledger

    @property
    def reason(self) -> str:
        return f"the ledger holds {plain(self.ledger)}, the broker shows {plain(self.broker)}, and no rule explains it"


@dataclass(frozen=True, slots=True)
class Repair:
    """A proposal. `shares` is strategy → signed quantity that accepting it books at `price`; empty where it only
    closes or cancels the order `order_ref`."""

    id: str
    kind: RepairKind
    con_id: int
    local_symbol: str
    reason: str
    order_ref: str
    shares: Mapping[str, Decimal]
    price: Decimal

    def booking(self, at: datetime) -> Booking:
        """What accepting it adds to the ledger, under an id that is booked once; without shares it is a mere record
        that it was accepted."""
        return Booking(f"{REPAIR}{self.id}", self.order_ref, self.con_id, self.price, at, self.shares, {})


def differing(holdings: Holdings, broker: Quantities) -> tuple[int, ...]:
    """Contract ids of which ledger and broker hold another quantity, currencies among them."""
    ledger = total(holdings)
    nothing = Decimal(0)
    return tuple(
        con_id
        for con_id in sorted({*ledger, *broker})
        if ledger.get(con_id, nothing) != broker.get(con_id, nothing)
    )


def differences(
    holdings: Holdings,
    broker: Quantities,
    instruments: Mapping[int, Instrument],
    names: Mapping[int, str] | None = None,
) -> tuple[Difference, ...]:
    """By contract id, with `instruments` of those that are `differing` and in the ledger; one that is not among them
    the broker knows no more. `names` are the local symbols of what the broker shows. Currencies are cash and no
    holdings: the broker shows no positions in them."""
    ledger = total(holdings)
    nothing = Decimal(0)
    found = []
    for con_id in differing(holdings, broker):
        instrument = instruments.get(con_id)
        if instrument is None or not instrument.is_forex:
            symbol = (names or {}).get(con_id) or symbol_of(con_id, instruments)
            found.append(Difference(con_id, symbol, ledger.get(con_id, nothing), broker.get(con_id, nothing)))
    return tuple(found)


def doubt(order: Order) -> str:
    """Why an order that is in doubt is a person's matter."""
    return (
        f"order {order.order_ref} ({order.action} {plain(order.quantity)}) is {order.state.value}: the broker does not"
        " explain what became of it"
    )


def best_prices(bookings: Sequence[Booking], quotes: Mapping[int, Quote]) -> dict[int, Decimal]:
    """Contract id → the best price there is, the ledger's last one where nothing is quoted; left out where neither
    knows any."""
    prices = {booking.con_id: booking.price for booking in bookings if booking.price}
    for con_id, quote in quotes.items():
        best = quote.mid or quote.last or quote.close
        if best is not None:
            prices[con_id] = best
    return prices


def repairs(
    found: Sequence[Difference],
    doubtful: Sequence[Order],
    bookings: Sequence[Booking],
    prices: Mapping[int, Decimal],
    forex: Collection[int] = (),
    alive: Sequence[OrderReport] = (),
) -> tuple[Repair, ...]:
    """One for each difference and each order that is in doubt or alive, by contract id.

    `bookings` is all that the ledger has of their contracts; `prices` contract id → what an unexplained quantity is
    booked at where no order tells a price; what nobody can price (shares of a spin-off) goes to nobody at nothing. A
    difference that an order in doubt may have made is proposed as that order's fill.

    An order in doubt for one of the contracts `forex` gets a proposal for each thing that may have become of it, which
    exclude each other (`contradicting`): no position tells whether it has filled, and to close it for want of one lost
    the fill.

    `alive` are strays and orders in doubt that the broker has not ended. They are proposed for cancelling and nothing
    else: an inactive one was once closed here while the broker held it, and the next run sent it again. Nor can a
    difference on their contracts be told apart from their fills before they have ended.
    """
    proposals = [_cancelling(report, bookings) for report in alive]
    undecided = {report.con_id for report in alive}
    shown = {report.order_ref for report in alive}
    open_orders = {
        order.order_ref: order
        for order in doubtful
        if order.state in IN_DOUBT and order.order_ref not in shown
    }
    for difference in found:
        if difference.con_id in undecided:
            continue
        fill = next(
            (
                repair
                for order in open_orders.values()
                if (repair := _as_fill(difference, order, bookings, prices)) is not None
            ),
            None,
        )
        if fill is not None:
            del open_orders[fill.order_ref]
        proposals.append(fill or _to_nobody(difference, bookings, prices))
    for order in open_orders.values():
        unseen = order.con_id in forex and not order.is_conversion
        why = "; no position tells: accept this if the account's cash shows nothing of it" if unseen else ""
        proposals.append(_closing(order, bookings, why))
        if unseen:
            proposals.extend(_forex_fills(order, bookings, prices))
    return tuple(sorted(proposals, key=lambda repair: (repair.con_id, repair.id)))


def contradicting(chosen: Sequence[Repair]) -> tuple[Repair, ...]:
    """Those of `chosen` that exclude each other: of one order only one thing can have become."""
    refs = [repair.order_ref for repair in chosen if repair.order_ref]
    return tuple(repair for repair in chosen if refs.count(repair.order_ref) > 1)


def closed(order: Order, repair: Repair, booked: Decimal, at: datetime) -> Order:
    """`order` after `repair` was accepted: final, and full of what the ledger has `booked` for it (unsigned), the
    repair's shares included."""
    return ended(order, max(order.filled, booked), at, f"closed by the accepted repair {repair.id}")


def _as_fill(
    difference: Difference,
    order: Order,
    bookings: Sequence[Booking],
    prices: Mapping[int, Decimal],
) -> Repair | None:
    """The difference as a fill of `order`; None if it cannot be one."""
    fits = 0 < difference.quantity * order.action.sign <= order.quantity - _booked(order, bookings)
    if order.con_id != difference.con_id or not fits:
        return None
    return _fill(difference, order, bookings, prices, difference.reason)


def _forex_fills(
    order: Order, bookings: Sequence[Booking], prices: Mapping[int, Decimal]
) -> tuple[Repair, ...]:
    """What of `order` may have filled unseen: all that is left of it, and what the broker has once counted. Nothing
    where nobody can price it."""
    done = _booked(order, bookings)
    sizes = {size - done for size in (order.filled, order.quantity) if size > done}
    fills = []
    for size in sizes:
        missing = Difference(order.con_id, order.local_symbol, Decimal(0), order.action.sign * size)
        why = (
            f"no position tells: accept this if the account's cash shows a fill of {plain(missing.quantity)}"
        )
        fills.append(_fill(missing, order, bookings, prices, why))
    return tuple(repair for repair in fills if repair is not None)


def _fill(
    difference: Difference,
    order: Order,
    bookings: Sequence[Booking],
    prices: Mapping[int, Decimal],
    why: str,
) -> Repair | None:
    """The difference, booked to those who ordered it; None where nobody can price it."""
    price = order.average_price or prices.get(order.con_id)
    if price is None:
        return None
    booked = tuple(booking for booking in bookings if booking.order_ref == order.order_ref)
    fill = Execution("fill", order.order_ref, 0, "", order.con_id, difference.quantity, price, _EPOCH)
    shares = attribute([fill], order.source, booked, order.increment)[0].shares
    reason = f"{doubt(order)}; {why}"
    return _repair(RepairKind.BOOK_AS_FILL, difference, bookings, reason, order.order_ref, shares, price)


def _booked(order: Order, bookings: Sequence[Booking]) -> Decimal:
    """What the ledger has of the order, unsigned."""
    ours = (booking for booking in bookings if booking.order_ref == order.order_ref)
    return abs(sum((share for one in ours for share in one.shares.values()), Decimal(0)))


def _to_nobody(difference: Difference, bookings: Sequence[Booking], prices: Mapping[int, Decimal]) -> Repair:
    return _repair(
        RepairKind.BOOK_TO_UNASSIGNED,
        difference,
        bookings,
        difference.reason,
        "",
        {UNASSIGNED: difference.quantity},
        prices.get(difference.con_id, Decimal(0)),
    )


def _closing(order: Order, bookings: Sequence[Booking], why: str) -> Repair:
    nothing = Difference(order.con_id, order.local_symbol, Decimal(0), Decimal(0))
    return _repair(
        RepairKind.CLOSE_ORDER, nothing, bookings, doubt(order) + why, order.order_ref, {}, Decimal(0)
    )


def _cancelling(report: OrderReport, bookings: Sequence[Booking]) -> Repair:
    nothing = Difference(report.con_id, report.local_symbol, Decimal(0), Decimal(0))
    reason = (
        f"the broker shows order {report.order_ref} ({report.action} {plain(report.quantity)}) as {report.state.value}:"
        " accepting this cancels it there"
    )
    return _repair(RepairKind.CANCEL_ORDER, nothing, bookings, reason, report.order_ref, {}, Decimal(0))


def _repair(
    kind: RepairKind,
    difference: Difference,
    bookings: Sequence[Booking],
    reason: str,
    order_ref: str,
    shares: Mapping[str, Decimal],
    price: Decimal,
) -> Repair:
    """The price is left out of the id: it moves while a person makes up his mind, and changes no holding."""
    # How many repairs the contract has had: the same difference may come again, and needs an id of its own then.
    earlier = sum(
        booking.booking_id.startswith(REPAIR) and booking.con_id == difference.con_id for booking in bookings
    )
    content = [kind, difference, order_ref, shares, earlier]
    name = hashlib.sha256(canonical_json(content)).hexdigest()[:16]
    return Repair(name, kind, difference.con_id, difference.local_symbol, reason, order_ref, shares, price)
