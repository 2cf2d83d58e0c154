"""Decides what an order is: what was decided of it, under which name it goes, and what has become of it.

A plan holds decided orders, which know neither reference nor state, so that equal plans are equal bytes. Written down,
the same order has both and a life; the journal keeps it whole, and the broker gets it with a number and an account.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from ib_trading.core.canonical import ABSENT_WHEN_NONE
from ib_trading.core.mode import TradingMode
from ib_trading.core.order_kind import PRICES, OrderType, Side, TimeInForce
from ib_trading.core.order_state import OrderMoment, OrderState


@dataclass(frozen=True, slots=True)
class DecidedOrder:
    """One order of a plan. `quantity` is positive; `source` is strategy → its signed part. Prices are in the quoted
    unit; which of them an order has, its type says."""

    con_id: int
    local_symbol: str
    action: Side
    quantity: Decimal
    order_type: OrderType
    tif: TimeInForce
    adaptive_priority: str | None
    source: Mapping[str, Decimal]
    leg: str = "1"
    """Tells apart several orders of one run on one contract."""
    limit_price: Decimal | None = None
    good_after: datetime | None = None
    """The broker holds the order until then."""
    good_after_at_exchange: str | None = None
    """The same for people, in the exchange's zone."""
    outside_rth: bool = False
    stop_price: Decimal | None = field(default=None, metadata=ABSENT_WHEN_NONE)
    """Where the market triggers it; of a trailing stop, where it stands at first."""
    trailing_percent: Decimal | None = field(default=None, metadata=ABSENT_WHEN_NONE)
    """How far the stop stays behind the best price since, in percent of that."""
    limit_offset: Decimal | None = field(default=None, metadata=ABSENT_WHEN_NONE)
    """How far beyond a trailing stop its limit is."""

    @property
    def signed(self) -> Decimal:
        """The quantity, negative for a sale."""
        return self.action.sign * self.quantity

    @property
    def is_conversion(self) -> bool:
        """Whether it changes cash into cash: nobody's holding, and nothing is booked for it."""
        return not self.source

    @property
    def is_priced(self) -> bool:
        """Whether it names a price at which it works."""
        return any(getattr(self, name) is not None for name in PRICES)

    @property
    def outlives_request(self) -> bool:
        """Whether it may fill after the run has answered, so that a later reconciliation must book it."""
        return self.good_after is not None or self.order_type.outlives_request or self.tif.outlives_request

    def check_prices(self) -> None:
        """ValueError unless it has the prices of its type, and no others."""
        for name in PRICES:
            if (getattr(self, name) is not None) is not (name in self.order_type.prices):
                price = name.replace("_", " ")
                raise ValueError(f"a {self.order_type} order cannot have the {price} {getattr(self, name)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(DecidedOrder):
    """A decided order that is written down, and its life as far as it is known. Quantities are unsigned."""

    order_ref: str
    run_id: str
    increment: Decimal
    """The step of the contract's quantities, in which fills are shared."""
    state: OrderState
    order_id: int | None = None
    """Its number in the connection that it last left by."""
    perm_id: int | None = None
    filled: Decimal = Decimal(0)
    """As the broker tells it; what of it is booked, the position store knows."""
    average_price: Decimal | None = None
    messages: tuple[str, ...] = ()
    life: tuple[OrderMoment, ...] = ()
    """Every state it was in, oldest first; the last one is `state`."""

    def became(self, state: OrderState, at: datetime, **changes: Any) -> Order:
        """The order in `state`, with other fields changed too; a state that lasts is one moment of its life."""
        life = self.life
        if not life or life[-1].state is not state:
            life = (*life, OrderMoment(state, at))
        return replace(self, state=state, life=life, **changes)


def written_down(
    decided: DecidedOrder, mode: TradingMode, run_id: str, increment: Decimal, at: datetime
) -> Order:
    """A plan's order as the journal first knows it; `increment` is its contract's."""
    return Order(
        **{one.name: getattr(decided, one.name) for one in fields(DecidedOrder)},
        order_ref=order_ref(mode, run_id, decided),
        run_id=run_id,
        increment=increment,
        state=OrderState.PLANNED,
        life=(OrderMoment(OrderState.PLANNED, at),),
    )


def order_ref(mode: TradingMode, run_id: str, order: DecidedOrder) -> str:
    """The name under which the broker's own records know the order: a pure function of run, contract and leg.

    It hashes the run's unique id and never the request: tomorrow's identical request must not adopt today's orders.
    """
    digest = hashlib.sha256(f"{run_id}/{order.con_id}/{order.leg}".encode()).digest()
    return f"ib-{mode.letter}{base64.b32encode(digest).decode()[:16].lower()}"


def names_an_order_of(mode: TradingMode, ref: str) -> bool:
    """Whether an orderRef at the broker is one that this mode's service gives out."""
    return ref.startswith(f"ib-{mode.letter}") and len(ref) == len(f"ib-{mode.letter}") + 16
