"""What the limits judge, and the questions that several of them ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ib_trading.core.fx import rate_to_base
from ib_trading.core.market import Price
from ib_trading.core.netting import InternalCross
from ib_trading.core.order import DecidedOrder
from ib_trading.core.positions import Quantities, open_positions, under_way
from ib_trading.core.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Proposal:
    """Orders and crosses, and the prices they were sized at. `reduce_only`: the run does nothing but close what the
    broker says is held, at quantities that no price entered into."""

    snapshot: Snapshot
    prices: Mapping[int, Price]
    orders: tuple[DecidedOrder, ...]
    crosses: tuple[InternalCross, ...] = ()
    reduce_only: bool = False

    def value(self, con_id: int, quantity: Decimal) -> Decimal:
        """`quantity` contracts in base currency, signed."""
        instrument = self.snapshot.instruments[con_id]
        return (
            quantity
            * instrument.value(self.prices[con_id].price)
            * rate_to_base(instrument.currency, self.snapshot.fx)
        )

    def fraction(self, value: Decimal) -> Decimal:
        """`value` as a part of net liquidation; beyond every limit where there is nothing to be a part of."""
        worth = self.snapshot.net_liquidation
        if not value:
            return Decimal(0)
        return value / worth if worth > 0 else Decimal("Infinity")

    @property
    def converts_cash(self) -> bool:
        """Whether the run does nothing but change cash into cash."""
        return bool(self.orders) and all(order.is_conversion for order in self.orders)

    @property
    def may_add_exposure(self) -> bool:
        """Whether more could be at stake after the run: not if it only closes, only converts cash, or does nothing."""
        return not (self.reduce_only or self.converts_cash) and bool(self.orders or self.prices)

    def positions_after(self) -> dict[int, Decimal]:
        """Conversions of cash leave no position behind."""
        after = open_positions(self.snapshot)
        for order in self.orders:
            if not order.is_conversion:
                after[order.con_id] = after.get(order.con_id, Decimal(0)) + order.signed
        return after

    def extremes(self, positions: Quantities) -> dict[int, tuple[Decimal, Decimal]]:
        """Contract id → the least and the most that `positions` become, whichever of our live orders fill."""
        found = {con_id: (quantity, quantity) for con_id, quantity in positions.items()}
        for con_id, (sold, bought) in under_way(self.snapshot).items():
            least, most = found.get(con_id, (Decimal(0), Decimal(0)))
            found[con_id] = (least + sold, most + bought)
        return found

    def reduces(self, order: DecidedOrder) -> bool:
        """Whether the order brings the position nearer to nothing, and not out on the other side. So does
        a conversion of cash, which only ever brings a balance nearer to nothing."""
        if order.is_conversion:
            return True
        before = open_positions(self.snapshot).get(order.con_id, Decimal(0))
        return nearer_to_nothing(before, before + order.signed)

    def closes(self, order: DecidedOrder) -> bool:
        """Whether nothing of the position is left, so that no price had a part in the quantity."""
        return (
            self.reduces(order)
            and not open_positions(self.snapshot).get(order.con_id, Decimal(0)) + order.signed
        )


def nearer_to_nothing(before: Decimal, after: Decimal) -> bool:
    return before * after >= 0 and abs(after) < abs(before)
