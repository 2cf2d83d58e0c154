"""What an order is, which states it goes through, and the book that keeps every order ever placed.

Decides identity (order id per client, permId for ever), state, and which orders a question shows. Whether an
order is acceptable is order_rules.py, what it trades is matching.py, when it comes to life is the broker's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from heapq import heappop, heappush

from ib_trading_simulator.brokerage.account import NOTHING
from ib_trading_simulator.market.quote import Quote

# The first permId; any would do, this one looks like the broker's.
FIRST_PERM_ID = 1_800_000_001

_HIGHEST = Decimal("Infinity")
_LOWEST = Decimal("-Infinity")


class Status(StrEnum):
    """The states the gateway reports. PENDING_SUBMIT is a client's own and never sent."""

    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    PENDING_CANCEL = "PendingCancel"
    FILLED = "Filled"
    CANCELLED = "Cancelled"
    INACTIVE = "Inactive"


LIVE = frozenset({Status.PRE_SUBMITTED, Status.SUBMITTED, Status.PENDING_CANCEL})


class Auction(StrEnum):
    """The print at which an order trades that does not trade continuously."""

    OPEN = "open"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a client asked for: everything about an order that a modification may replace.

    `limit` is None for a market order; `echo` are the other fields of placeOrder that are shown again as they
    came.
    """

    con_id: int
    account: str
    action: str
    quantity: Decimal
    order_type: str
    limit: Decimal | None
    tif: str
    order_ref: str = ""
    good_after: datetime | None = None
    algo: str = ""
    algo_params: tuple[tuple[str, str], ...] = ()
    echo: tuple[tuple[str, str], ...] = ()
    # Where it is sent, if not where the contract usually trades.
    exchange: str = ""

    @property
    def sign(self) -> int:
        return 1 if self.action == "BUY" else -1

    @property
    def auction(self) -> Auction | None:
        if self.tif == "OPG":
            return Auction.OPEN
        return Auction.CLOSE if self.order_type == "MOC" else None

    def may_replace(self, other: Ticket) -> bool:
        """Whether it is a change of the same order: contract, side and account have to stay."""
        return (self.con_id, self.action, self.account) == (other.con_id, other.action, other.account)


@dataclass(frozen=True, slots=True)
class Order:
    """One order at one moment. `value` is the sum of price times quantity of its fills."""

    client_id: int
    order_id: int
    perm_id: int
    ticket: Ticket
    placed_at: datetime
    status: Status = Status.PRE_SUBMITTED
    filled: Decimal = NOTHING
    value: Decimal = NOTHING
    commission: Decimal = NOTHING
    last_price: Decimal = NOTHING
    # What the order waits for in PreSubmitted: the market's open, its own goodAfterTime.
    held_until: datetime | None = None
    # The close of the session it may last trade in; None while that is not known, and for GTC.
    expires: datetime | None = None
    done_at: datetime | None = None
    reason: str = ""

    @property
    def live(self) -> bool:
        return self.status in LIVE

    @property
    def held_back(self) -> bool:
        """Inactive and not done: it may still come to life. A rejected order is Inactive too, and done."""
        return self.status is Status.INACTIVE and self.done_at is None

    @property
    def remaining(self) -> Decimal:
        return self.ticket.quantity - self.filled

    @property
    def average_price(self) -> Decimal:
        return self.value / self.filled if self.filled else NOTHING

    def filled_by(self, quantity: Decimal, price: Decimal, commission: Decimal, at: datetime) -> Order:
        """The order after one more fill; Filled when nothing remains, else Submitted."""
        filled = self.filled + quantity
        whole = filled == self.ticket.quantity
        return replace(
            self,
            filled=filled,
            value=self.value + quantity * price,
            commission=self.commission + commission,
            last_price=price,
            status=Status.FILLED if whole else Status.SUBMITTED,
            done_at=at if whole else None,
        )

    def ended(self, status: Status, at: datetime, reason: str = "") -> Order:
        return replace(self, status=status, done_at=at, reason=reason)


@dataclass(slots=True)
class OrderBook:
    """Orders by permId, oldest first, and the ids that were used."""

    orders: dict[int, Order] = field(default_factory=dict)
    next_perm_id: int = FIRST_PERM_ID
    _perm_ids: dict[tuple[int, int], int] = field(default_factory=dict)
    _highest_id: dict[int, int] = field(default_factory=dict)
    _live: dict[int, None] = field(default_factory=dict)
    # By contract: the live orders that trade when its quote lets them.
    _working: dict[int, dict[int, Order]] = field(default_factory=dict)
    # By contract: the highest limit of its purchases and the lowest of its sales, until the next change.
    _reach: dict[int, tuple[Decimal, Decimal]] = field(default_factory=dict)
    # (moment, permId): when an order is released or ends. An entry that no longer holds is dropped when it comes up.
    _moments: list[tuple[datetime, int]] = field(default_factory=list)

    def put(self, order: Order) -> None:
        """Adds an order or replaces its earlier state."""
        self.orders[order.perm_id] = order
        self.next_perm_id = max(self.next_perm_id, order.perm_id + 1)
        if order.order_id > 0:
            self._perm_ids[order.client_id, order.order_id] = order.perm_id
            self._highest_id[order.client_id] = max(self.highest_id(order.client_id), order.order_id)
        self._reach.pop(order.ticket.con_id, None)
        working = self._working.setdefault(order.ticket.con_id, {})
        working.pop(order.perm_id, None)
        if order.status is Status.SUBMITTED:
            working[order.perm_id] = order
        if not working:
            del self._working[order.ticket.con_id]
        if not order.live:
            self._live.pop(order.perm_id, None)
            return
        self._live[order.perm_id] = None
        for moment in (order.held_until, order.expires):
            if moment:
                heappush(self._moments, (moment, order.perm_id))

    def new_perm_id(self) -> int:
        perm_id = self.next_perm_id
        self.next_perm_id += 1
        return perm_id

    def of(self, client_id: int, order_id: int) -> Order | None:
        perm_id = self._perm_ids.get((client_id, order_id))
        return None if perm_id is None else self.orders[perm_id]

    def highest_id(self, client_id: int) -> int:
        """The highest order id that client ever used, 0 if none; the next valid id is one more."""
        return self._highest_id.get(client_id, 0)

    def live(self, client_id: int | None = None) -> tuple[Order, ...]:
        """Live orders, oldest first: of one client, or of all."""
        orders = (self.orders[perm_id] for perm_id in self._live)
        return tuple(order for order in orders if client_id is None or order.client_id == client_id)

    def open(self, client_id: int | None = None) -> tuple[Order, ...]:
        """Live orders and those held back, by permId: of one client, or of all."""
        orders = (order for order in self.orders.values() if order.live or order.held_back)
        return tuple(order for order in orders if client_id is None or order.client_id == client_id)

    def working(self, con_id: int) -> tuple[Order, ...]:
        """Orders that rest in the market of a contract, oldest state first."""
        return tuple(self._working.get(con_id, {}).values())

    def reached(self, con_id: int, quote: Quote) -> bool:
        """Whether any of them might trade at a quote; it costs the same however many there are."""
        if con_id not in self._reach:
            tickets = [order.ticket for order in self.working(con_id)]
            buys = (_HIGHEST if t.limit is None else t.limit for t in tickets if t.action == "BUY")
            sales = (NOTHING if t.limit is None else t.limit for t in tickets if t.action == "SELL")
            self._reach[con_id] = (max(buys, default=_LOWEST), min(sales, default=_HIGHEST))
        highest, lowest = self._reach[con_id]
        return (quote.ask is not None and quote.ask <= highest) or (
            quote.bid is not None and quote.bid >= lowest
        )

    def contracts_with_working_orders(self) -> Iterable[int]:
        return self._working.keys()

    def next_moment(self) -> datetime | None:
        """When the next order is released or ends."""
        while self._moments and not self._holds(*self._moments[0]):
            heappop(self._moments)
        return self._moments[0][0] if self._moments else None

    def due(self, now: datetime) -> tuple[Order, ...]:
        """The orders that are released or end by then; each is given out once."""
        due: dict[int, Order] = {}
        while (moment := self.next_moment()) and moment <= now:
            _, perm_id = heappop(self._moments)
            due[perm_id] = self.orders[perm_id]
        return tuple(due.values())

    def _holds(self, moment: datetime, perm_id: int) -> bool:
        order = self.orders[perm_id]
        return order.live and moment in {order.held_until, order.expires}

    def done_since(self, moment: datetime) -> Iterator[Order]:
        """Orders that ended at or after a moment, in the order they were placed."""
        return (order for order in self.orders.values() if order.done_at and order.done_at >= moment)
