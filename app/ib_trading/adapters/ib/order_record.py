"""What one order has come to, by the broker's raw messages about it alone.

Decides how its statuses, fills and messages add up to one report; which message is about which, order_tracker.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from ib_trading.adapters.ib import translate
from ib_trading.adapters.ib.error_codes import Ending
from ib_trading.core.account import OrderReport
from ib_trading.core.attribution import Execution
from ib_trading.core.order import Order
from ib_trading.core.order_kind import Side
from ib_trading.core.order_state import OrderState

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Status:
    """One orderStatus, or the status inside an openOrder, which tells no quantities."""

    text: str
    filled: Decimal | None = None
    average_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ShownOrder:
    """An order as the broker shows it: openOrder, or completedOrder, which has no order id."""

    order_ref: str
    order_id: int | None
    client_id: int
    perm_id: int
    account: str
    con_id: int
    local_symbol: str
    action: Side
    quantity: Decimal
    order_type: str
    status: Status

    def report(self, status: Status, messages: tuple[str, ...] = ()) -> OrderReport:
        filled = status.filled or NOTHING
        if status.text == "Filled":
            filled = max(filled, self.quantity)
        seen = status.text not in translate.UNHEARD_STATUSES
        return OrderReport(
            order_ref=self.order_ref,
            order_id=self.order_id,
            perm_id=self.perm_id,
            con_id=self.con_id,
            local_symbol=self.local_symbol,
            action=self.action,
            quantity=self.quantity,
            order_type=self.order_type,
            state=translate.order_state(
                status.text, self.quantity, filled, None, acknowledged=seen and self.perm_id != 0
            ),
            filled=filled,
            average_price=status.average_price if filled else None,
            messages=messages,
        )


@dataclass(slots=True, eq=False)
class TrackedOrder:
    """One orderRef. `shown` is None until the broker has echoed it, `sent` for orders of an earlier session; `number`
    is the order id that `sent` left under."""

    sent: Order | None
    number: int | None = None
    shown: ShownOrder | None = None
    status: Status = Status("")
    filled: Decimal = NOTHING
    average_price: Decimal | None = None
    ending: Ending | None = None
    messages: list[str] = field(default_factory=list)
    executions: dict[str, Execution] = field(default_factory=dict)
    other_perm_ids: set[int] = field(default_factory=set)

    @property
    def perm_id(self) -> int:
        if self.shown is not None and self.shown.perm_id:
            return self.shown.perm_id
        return next((execution.perm_id for execution in self.executions.values()), 0)

    def order_id(self, client_id: int) -> int | None:
        """The number that a cancellation has to name: ids are each client's own, and last over its sessions."""
        if self.number is not None:
            return self.number
        if self.shown is not None and self.shown.client_id == client_id:
            return self.shown.order_id
        return None

    @property
    def executed(self) -> Decimal:
        """The sum of the executions, each in its latest correction."""
        latest = {
            translate.base_exec_id(exec_id): self.executions[exec_id] for exec_id in sorted(self.executions)
        }
        return sum((abs(execution.quantity) for execution in latest.values()), NOTHING)

    def hear_status(self, status: Status) -> None:
        self.status = status
        self.filled = max(self.filled, status.filled or NOTHING)
        self.average_price = status.average_price or self.average_price

    @property
    def state(self) -> OrderState:
        if self.other_perm_ids:
            return OrderState.UNKNOWN
        ordered = self.sent.quantity if self.sent else self.shown.quantity if self.shown else NOTHING
        echoed = self.perm_id != 0 and self.status.text not in translate.UNHEARD_STATUSES
        return translate.order_state(
            self.status.text,
            ordered,
            max(self.filled, self.executed),
            self.ending,
            acknowledged=echoed or bool(self.executions),
        )

    @property
    def fills_complete(self) -> bool:
        """Whether every fill that the broker counts has been told one by one, with its commission."""
        state = self.state
        told = max(self.filled, self.sent.quantity if self.sent and state is OrderState.FILLED else NOTHING)
        return self.executed >= told and all(one.commission is not None for one in self.executions.values())

    def report(self) -> OrderReport:
        sent, shown, state = self.sent, self.shown, self.state
        ordered = sent.quantity if sent else shown.quantity if shown else NOTHING
        filled = max(self.filled, self.executed, ordered if state is OrderState.FILLED else NOTHING)
        if sent is None:
            assert shown is not None  # OrderTracker makes one of the two the reason for every record.
            return replace(
                shown.report(self.status, tuple(self.messages)),
                state=state,
                filled=filled,
                average_price=self.average_price if filled else None,
            )
        return OrderReport(
            order_ref=sent.order_ref,
            order_id=self.number,
            perm_id=self.perm_id,
            con_id=sent.con_id,
            local_symbol=sent.local_symbol,
            action=sent.action,
            quantity=sent.quantity,
            order_type=sent.order_type,
            state=state,
            filled=filled,
            average_price=self.average_price if filled else None,
            messages=tuple(self.messages),
        )
