"""What the broker says about an account: values, positions, orders. Facts only; other modules decide on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ib_trading.core.order_kind import Side
from ib_trading.core.order_state import OrderState


@dataclass(frozen=True, slots=True)
class AccountState:
    """One account, in `base_currency`. `cash` is currency → balance, `rates` currency → the account's own exchange
    rate to base, where it reports one. `values` is tag → figure in base currency, under the broker's tag names
    (NetLiquidation, GrossPositionValue, UnrealizedPnL, RealizedPnL, InitMarginReq, ...)."""

    account: str
    base_currency: str
    net_liquidation: Decimal
    cash: Mapping[str, Decimal]
    rates: Mapping[str, Decimal]
    values: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class BrokerPosition:
    """`quantity` is signed; `average_cost` is for people to read and never a price."""

    con_id: int
    local_symbol: str
    quantity: Decimal
    average_cost: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class OrderReport:
    """What the broker has said about one order so far. Quantities are unsigned. `order_type` is the broker's own word:
    a person may have ordered by hand what this service does not know.

    `order_ref` is empty for orders that are not ours; `order_id` belongs to one connection and is None where the
    broker did not tell it (completed orders); `perm_id` is 0 until the broker has echoed the order. `state` is
    SENDING as long as nothing has been heard. `messages` are the broker's own codes and texts, oldest first.
    """

    order_ref: str
    order_id: int | None
    perm_id: int
    con_id: int
    local_symbol: str
    action: Side
    quantity: Decimal
    order_type: str
    state: OrderState
    filled: Decimal
    average_price: Decimal | None
    messages: tuple[str, ...] = ()
