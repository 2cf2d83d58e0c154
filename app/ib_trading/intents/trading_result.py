"""What a trading run answers: its plan, and what became of each order. Typed, so that /openapi.json can tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from ib_trading.core.attribution import Execution, latest
from ib_trading.core.canonical import camel
from ib_trading.core.journal import JournalledOrder
from ib_trading.core.orders import OrderState, PlannedOrder
from ib_trading.core.plan import Plan
from ib_trading.intents.intent import Result


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
    """One order as last heard of. `source` is strategy → its signed part; the other quantities are unsigned.

    What the order was planned as is None where only the journal is asked, which keeps it in the plan.
    """

    order_ref: str
    con_id: int
    local_symbol: str
    action: str
    quantity: Decimal
    source: Mapping[str, Decimal]
    status: OrderState
    perm_id: int | None
    filled: Decimal
    average_price: Decimal | None
    commission: Decimal | None
    fills: tuple[FillShown, ...]
    messages: tuple[str, ...]
    order_type: str | None = None
    tif: str | None = None
    adaptive_priority: str | None = None


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
        own = {camel(field.name): getattr(self, field.name) for field in fields(self)}
        return self.plan.members() | own


def order_shown(
    order: JournalledOrder,
    executions: Sequence[Execution] = (),
    planned: PlannedOrder | Mapping[str, Any] | None = None,
) -> OrderShown:
    """`planned` is the order in the plan, or what the journal kept of it as JSON."""
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
        source=order.source,
        status=order.state,
        perm_id=order.perm_id,
        filled=order.filled,
        average_price=order.average_price,
        commission=sum(commissions, Decimal(0)) if commissions else None,
        fills=fills,
        messages=order.messages,
        order_type=_planned(planned, "order_type"),
        tif=_planned(planned, "tif"),
        adaptive_priority=_planned(planned, "adaptive_priority"),
    )


def _planned(planned: PlannedOrder | Mapping[str, Any] | None, name: str) -> str | None:
    return planned.get(camel(name)) if isinstance(planned, Mapping) else getattr(planned, name, None)
