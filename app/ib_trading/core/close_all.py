"""Decides how positions are closed: what the broker says is held, by the strategies' holdings, the rest `unassigned`'s.

Reduce-only: an order is never more than the broker's position and never on its side, whatever the ledger says. A
missing price stops nothing, so that neither the kill switch nor a dead quote traps a position. Nor does a difference
between ledger and broker: the broker's word counts here. An order in doubt could still fill and turn a closed position
into one on the other side: its contract, and no other, is left out. So is one whose exchange is closed, unless the
order says that it waits: one position in Tokyo refused the closing of everything in New York. Of currency pairs the
broker shows no position: what strategies hold of them is closed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from ib_trading.core.apportion import largest_remainder
from ib_trading.core.instruments import symbol_of, whole_increments
from ib_trading.core.limits import Proposal
from ib_trading.core.limits.session import may_leave, shut
from ib_trading.core.locks import Lock
from ib_trading.core.market import Price, sizing_price, stale_price
from ib_trading.core.netting import NetTrade, net
from ib_trading.core.order import DecidedOrder
from ib_trading.core.order_for_trade import planned_order
from ib_trading.core.order_properties import OrderProperties
from ib_trading.core.plan import Plan, written_out
from ib_trading.core.positions import UNASSIGNED, open_positions, unassigned
from ib_trading.core.refusals import PriceRefused
from ib_trading.core.snapshot import Snapshot


def close_out(snapshot: Snapshot, strategies: tuple[str, ...] | None, properties: OrderProperties) -> Plan:
    """Closes what `strategies` hold; None: all that the broker shows, what no strategy holds too.

    Raises PropertiesRefused where a contract does not take such an order.
    """
    closing = holders(snapshot, strategies)
    wanted = {name: _closing(snapshot, held) for name, held in closing.items()}
    doubtful = {
        lock.con_id: lock for lock in (*_unknown(snapshot), *snapshot.locks) if _left_out(snapshot, lock)
    }
    left_out = tuple(
        lock for con_id, lock in doubtful.items() if any(con_id in of_one for of_one in wanted.values())
    )
    trades = {
        name: {con_id: quantity for con_id, quantity in of_one.items() if con_id not in doubtful}
        for name, of_one in wanted.items()
    }
    prices = _prices(snapshot, {con_id for of_one in trades.values() for con_id in of_one})
    priced = {
        name: {con_id: quantity for con_id, quantity in of_one.items() if con_id in prices}
        for name, of_one in trades.items()
    }
    increments = {con_id: instrument.increment for con_id, instrument in snapshot.instruments.items()}
    crossed = net(priced, {con_id: price.price for con_id, price in prices.items()}, increments)
    unpriced = _uncrossed(trades, set(prices))
    nets = sorted((*crossed.trades, *unpriced), key=lambda trade: trade.con_id)
    orders, closed, cuts = _orders(snapshot, nets, prices, properties)
    left_out = tuple(sorted((*left_out, *closed), key=lambda lock: lock.con_id))
    waiting = {lock.con_id for lock in closed}
    crosses = tuple(cross for cross in crossed.crosses if cross.con_id not in waiting)
    trades = {
        name: {con_id: quantity for con_id, quantity in of_one.items() if con_id not in waiting}
        for name, of_one in trades.items()
    }
    warnings = (*(f"{lock.local_symbol}: left out, {lock.reason}" for lock in left_out), *cuts)
    proposal = Proposal(snapshot, prices, orders, crosses, reduce_only=True)
    return written_out(
        proposal,
        tuple(sorted(closing)),
        signals={},
        targets={name: dict.fromkeys(of_one, Decimal(0)) for name, of_one in trades.items()},
        trades=trades,
        warnings=warnings,
        left_out=left_out,
    )


def _orders(
    snapshot: Snapshot, nets: Sequence[NetTrade], prices: Mapping[int, Price], properties: OrderProperties
) -> tuple[tuple[DecidedOrder, ...], tuple[Lock, ...], tuple[str, ...]]:
    """The orders that reduce what the broker shows, what stays because its exchange is closed, and where a trade was
    cut."""
    orders: list[DecidedOrder] = []
    closed: list[Lock] = []
    cuts: list[str] = []
    positions = open_positions(snapshot)
    for trade in nets:
        instrument = snapshot.instruments[trade.con_id]
        position = whole_increments(positions.get(trade.con_id, Decimal(0)), instrument.increment)
        reduced = _no_more_than(trade, position, instrument.increment)
        if reduced.quantity and not may_leave(properties, instrument, snapshot.at):
            closed.append(shut(instrument, snapshot.at))
            continue
        if reduced.quantity != trade.quantity:
            cuts.append(
                f"{instrument.local_symbol}: {trade.quantity:+f} would close the holdings, but the broker shows"
                f" {position:+f}: {reduced.quantity:+f} is ordered"
            )
        if reduced.quantity:
            price = prices.get(trade.con_id)
            priority = snapshot.config.adaptive_priority
            orders.append(
                planned_order(reduced, instrument, properties, priority, price.price if price else None)
            )
    return tuple(orders), tuple(closed), tuple(cuts)


def holders(snapshot: Snapshot, strategies: tuple[str, ...] | None) -> dict[str, Mapping[int, Decimal]]:
    """Who is closed out: name → what it holds. `unassigned` holds what the broker shows beyond the strategies, but for
    currencies that it shows as forex positions: those are cash, and the cash-balancer's to convert."""
    held = {name: of_one for name, of_one in snapshot.holdings.items() if name != UNASSIGNED}
    if strategies is not None:
        return {name: held.get(name, {}) for name in strategies}
    rest = unassigned(held, open_positions(snapshot))
    return held | ({UNASSIGNED: rest} if rest else {})


def _closing(snapshot: Snapshot, held: Mapping[int, Decimal]) -> dict[int, Decimal]:
    return {
        con_id: -whole_increments(quantity, snapshot.instruments[con_id].increment)
        if con_id in snapshot.instruments
        else -quantity
        for con_id, quantity in held.items()
        if quantity
    }


def _unknown(snapshot: Snapshot) -> tuple[Lock, ...]:
    """Nobody can order a contract without its details, and one such position must not trap the others."""
    return tuple(
        Lock(
            con_id,
            symbol_of(con_id, snapshot.instruments),
            "the broker gives no details of this contract any more",
        )
        for con_id in snapshot.positions
        if con_id not in snapshot.instruments
    )


def _left_out(snapshot: Snapshot, lock: Lock) -> bool:
    return bool(lock.order_refs) or lock.con_id not in snapshot.instruments


def _prices(snapshot: Snapshot, con_ids: set[int]) -> dict[int, Price]:
    """What crosses are booked and limits are set at; a stale price is good enough for the first, none at all is
    no reason to stay in."""
    prices: dict[int, Price] = {}
    for con_id in con_ids:
        instrument, quote = snapshot.instruments[con_id], snapshot.quotes.get(con_id)
        try:
            prices[con_id] = sizing_price(instrument, quote, snapshot.at, snapshot.config)
        except PriceRefused:
            if (stale := stale_price(quote, snapshot.at)) is not None:
                prices[con_id] = stale
    return prices


def _uncrossed(trades: Mapping[str, Mapping[int, Decimal]], priced: set[int]) -> list[NetTrade]:
    """Without a price nothing can be crossed: the side that remains closes pro rata, the other one stays. In no
    sequence: the caller has one for all trades."""
    nets = []
    for con_id in {con_id for of_one in trades.values() for con_id in of_one} - priced:
        wanted = {name: of_one[con_id] for name, of_one in trades.items() if of_one.get(con_id)}
        total = sum(wanted.values(), Decimal(0))
        source = {name: quantity for name, quantity in wanted.items() if quantity * total > 0}
        if source:
            nets.append(NetTrade(con_id, sum(source.values(), Decimal(0)), source))
    return nets


def _no_more_than(trade: NetTrade, position: Decimal, increment: Decimal) -> NetTrade:
    """`trade`, cut to what `position` can give; nothing where it would add to it."""
    if trade.quantity * position >= 0:
        return NetTrade(trade.con_id, Decimal(0), {})
    size = min(abs(trade.quantity), abs(position))
    if size == abs(trade.quantity):
        return trade
    cut = size.copy_sign(trade.quantity)
    parts = largest_remainder(cut, trade.source, increment)
    return NetTrade(trade.con_id, cut, {name: part for name, part in parts.items() if part})
