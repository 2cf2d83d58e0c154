"""Decides what becomes of the strategies' trades in one contract: internal crosses first, then one order.

What strategies trade against each other never reaches the broker. The larger side is reduced pro rata, so that an
order's source holds only quantities of the order's own sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ib_trading.core.apportion import largest_remainder


@dataclass(frozen=True, slots=True)
class InternalCross:
    """Signed quantities that strategies take from each other at `price` (quoted unit); they add up to zero."""

    con_id: int
    price: Decimal
    quantities: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class NetTrade:
    """What is left for the broker: `quantity` signed, `source` strategy → its signed part of it."""

    con_id: int
    quantity: Decimal
    source: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Netting:
    crosses: tuple[InternalCross, ...]
    trades: tuple[NetTrade, ...]


def net(
    trades: Mapping[str, Mapping[int, Decimal]],
    prices: Mapping[int, Decimal],
    increments: Mapping[int, Decimal],
) -> Netting:
    """Crosses and net trades, ordered by contract id; `trades` is strategy → contract id → signed quantity."""
    crosses: list[InternalCross] = []
    nets: list[NetTrade] = []
    for con_id in sorted({con_id for wanted in trades.values() for con_id in wanted}):
        wanted = {name: trades[name][con_id] for name in sorted(trades) if trades[name].get(con_id)}
        crossed = _crossed(wanted, increments[con_id])
        if crossed:
            crosses.append(InternalCross(con_id, prices[con_id], crossed))
        source = {name: quantity - crossed.get(name, Decimal(0)) for name, quantity in wanted.items()}
        source = {name: quantity for name, quantity in source.items() if quantity}
        if source:
            nets.append(NetTrade(con_id, sum(source.values(), Decimal(0)), source))
    return Netting(tuple(crosses), tuple(nets))


def _crossed(wanted: Mapping[str, Decimal], increment: Decimal) -> dict[str, Decimal]:
    """Strategy → signed quantity it gets from the others."""
    buys = {name: quantity for name, quantity in wanted.items() if quantity > 0}
    sells = {name: -quantity for name, quantity in wanted.items() if quantity < 0}
    bought, sold = sum(buys.values(), Decimal(0)), sum(sells.values(), Decimal(0))
    matched = min(bought, sold)
    if not matched:
        return {}
    from_buys = buys if bought == matched else largest_remainder(matched, buys, increment)
    from_sells = sells if sold == matched else largest_remainder(matched, sells, increment)
    crossed = {**from_buys, **{name: -quantity for name, quantity in from_sells.items()}}
    return {name: crossed[name] for name in sorted(crossed) if crossed[name]}
