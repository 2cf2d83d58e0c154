"""What an order is and which states it goes through.

Whether an order is acceptable is order_rules.py, what it trades is matching.py, when it comes to life is the broker's,
and which orders there are is order_book.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from ib_trading_simulator.brokerage.account import NOTHING
from ib_trading_simulator.brokerage.order_kind import KINDS, TIMES_IN_FORCE, Auction, OrderKind
from ib_trading_simulator.brokerage.trigger import Trigger


class Status(StrEnum):
    """The states the gateway reports. PENDING_SUBMIT is a client's own and never sent."""

    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    PENDING_CANCEL = "PendingCancel"
    FILLED = "Filled"
    CANCELLED = "Cancelled"
    INACTIVE = "Inactive"


LIVE = frozenset({Status.PRE_SUBMITTED, Status.SUBMITTED, Status.PENDING_CANCEL})


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a client asked for: everything about an order that a modification may replace.

    A price that its kind has not is None; `stop` of a trailing order is the one that it begins with (order_prices.py).
    `echo` are the other fields of placeOrder that are shown again as they came.
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
    stop: Decimal | None = None
    trail_amount: Decimal | None = None
    trail_percent: Decimal | None = None
    limit_offset: Decimal | None = None
    trigger: Trigger = Trigger.LAST

    @property
    def sign(self) -> int:
        return 1 if self.action == "BUY" else -1

    @property
    def kind(self) -> OrderKind:
        return KINDS[self.order_type]

    @property
    def auction(self) -> Auction | None:
        return TIMES_IN_FORCE[self.tif].auction or self.kind.auction

    @property
    def expires(self) -> bool:
        """At the end of the session that it may first trade in."""
        return TIMES_IN_FORCE[self.tif].expires

    def waits_as(self, other: Ticket) -> bool:
        """Whether it says the same of its stop as another."""
        mine = (self.stop, self.trail_amount, self.trail_percent, self.trigger)
        return mine == (other.stop, other.trail_amount, other.trail_percent, other.trigger)

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
    # Where its stop stands, if it has one; of a trailing order the last that anybody looked at, see OrderBook.
    stop: Decimal | None = None
    # The market has reached its stop: from then on it is what was behind it, a market or a limit order.
    triggered: bool = False

    @property
    def waits(self) -> bool:
        """For its stop to be reached, in a session or before one."""
        return self.ticket.kind.waits and not self.triggered and self.status is Status.PRE_SUBMITTED

    @property
    def limit(self) -> Decimal | None:
        """The worst price that it trades at, None for any. A trailing limit keeps its distance from the stop: "Stop
        Price - Limit Offset" of a sale (IBKR, "Trailing Stop Limit Orders"), the other way round of a purchase.
        """
        offset = self.ticket.limit_offset
        if offset is None or self.stop is None:
            return self.ticket.limit
        return self.stop + offset * self.ticket.sign

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
