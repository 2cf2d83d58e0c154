"""What the broker says about an account: values, positions, orders. Facts only; other modules decide on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ib_trading.core.order_kind import Side
from ib_trading.core.order_state import OrderState
from ib_trading.core.refusals import BrokerFault


@dataclass(frozen=True, slots=True)
class AccountState:
    """One account, in `base_currency`. `cash` is currency → balance, `rates` currency → the account's own exchange rate
    to base, where it reports one. `values` is tag → figure in base currency, under the broker's tag names
    (NetLiquidation, GrossPositionValue, UnrealizedPnL, RealizedPnL, InitMarginReq, ...). `cash_doubts` is currency →
    why nobody can say that its cash is there."""

    account: str
    base_currency: str
    net_liquidation: Decimal
    cash: Mapping[str, Decimal]
    rates: Mapping[str, Decimal]
    values: Mapping[str, Decimal]
    cash_doubts: Mapping[str, str] = field(default_factory=dict)

    def told_cash(self) -> Mapping[str, Decimal]:
        """`cash`; BrokerFault where no currency's is told. Even an account without any has a line of its base
        currency: none at all means that the lines are called something else, or are missing."""
        if not self.cash:
            raise BrokerFault(
                f"the broker told no cash of account {self.account}, in no currency: nobody can say what is there;"
                " call again, and compare the gateway's version with docs/what-gateways-say.md if it stays so"
            )
        return self.cash


@dataclass(frozen=True, slots=True)
class BrokerPosition:
    """`quantity` is signed; `average_cost` is for people to read and never a price."""

    con_id: int
    local_symbol: str
    quantity: Decimal
    average_cost: Decimal
    currency: str
    sec_type: str = "STK"

    @property
    def is_cash(self) -> bool:
        """Some accounts are shown what a currency was traded for as a position of its pair: it is cash."""
        return self.sec_type == "CASH"


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
