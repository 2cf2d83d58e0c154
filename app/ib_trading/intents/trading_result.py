"""What a trading run answers: its plan, and what became of each order. Typed, so that /openapi.json can tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ib_trading.core.attribution import Execution, latest
from ib_trading.core.order import Order
from ib_trading.core.order_kind import OrderType, Side, TimeInForce
from ib_trading.core.order_state import OrderState
from ib_trading.core.plan import Plan
from ib_trading.intents.intent import Result, members_of


@dataclass(frozen=True, slots=True)
class FillShown:
    """One execution; `quantity` is signed, `commission` None until the broker has told it."""

    exec_id: str
    quantity: Decimal
    price: Decimal
    at: datetime
    commission: Decimal | None
    commission_currency: str


@dataclass(frozen=True, slots=True)
class OrderShown:
    """One order as last heard of. `source` is strategy → its signed part; the other quantities are unsigned. Which of
    the prices it has, its type says."""

    order_ref: str
    con_id: int
    local_symbol: str
    action: Side
    quantity: Decimal
    order_type: OrderType
    tif: TimeInForce
    adaptive_priority: str | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    trailing_percent: Decimal | None
    limit_offset: Decimal | None
    good_after: datetime | None
    outside_rth: bool
    source: Mapping[str, Decimal]
    status: OrderState
    perm_id: int | None
    filled: Decimal
    average_price: Decimal | None
    commission: Decimal | None
    fills: tuple[FillShown, ...]
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingResult(Result):
    """The answer of a trading run. In JSON the plan's own members stand beside these, `plan` has them once more in
    the bytes that a dry-run and a run share; `timings` is phase → seconds."""

    dry_run: bool
    plan: Plan
    orders: tuple[OrderShown, ...]
    warnings: tuple[str, ...]
    timings: Mapping[str, Decimal]

    def members(self) -> dict[str, object]:
        return self.plan.members() | members_of(self)


def order_shown(order: Order, executions: Sequence[Execution] = ()) -> OrderShown:
    """`executions`: as the broker told them, or as the ledger has booked them; those of other orders do not count."""
    fills = tuple(
        FillShown(fill.exec_id, fill.quantity, fill.price, fill.at, fill.commission, fill.commission_currency)
        for fill in latest(executions)
        if fill.order_ref == order.order_ref
    )
    commissions = [fill.commission for fill in fills if fill.commission is not None]
    return OrderShown(
        order_ref=order.order_ref,
        con_id=order.con_id,
        local_symbol=order.local_symbol,
        action=order.action,
        quantity=order.quantity,
        order_type=order.order_type,
        tif=order.tif,
        adaptive_priority=order.adaptive_priority,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        trailing_percent=order.trailing_percent,
        limit_offset=order.limit_offset,
        good_after=order.good_after,
        outside_rth=order.outside_rth,
        source=order.source,
        status=order.state,
        perm_id=order.perm_id,
        filled=order.filled,
        average_price=order.average_price,
        commission=sum(commissions, Decimal(0)) if commissions else None,
        fills=fills,
        messages=order.messages,
    )
