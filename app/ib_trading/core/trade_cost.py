"""Decides which orders are not worth their commission: docs/decisions/0083-a-trade-is-worth-its-commission.md.

Judged is the order that strategies' trades net to, since that is what the broker charges; what strategies trade against
each other costs nothing and is done. Left out is only what adjusts positions: an order in which some strategy opens,
closes, turns or wants a number of contracts is made, and so is one that a limit needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from ib_trading.core.commission import Commission, currency_of_commission, expected_commission
from ib_trading.core.fx import rate_to_base
from ib_trading.core.instruments import Instrument
from ib_trading.core.limits import Proposal
from ib_trading.core.limits.exposure import leverage
from ib_trading.core.market import Price
from ib_trading.core.netting import NetTrade
from ib_trading.core.order import DecidedOrder
from ib_trading.core.positions import open_positions
from ib_trading.core.signals import Signals
from ib_trading.core.sizing import Sizing
from ib_trading.core.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Worthwhile:
    """`proposal` without the orders that are not worth it, strategies' `trades` without their parts of them, and in
    `notes` a sentence for each."""

    proposal: Proposal
    trades: Mapping[str, Mapping[int, Decimal]]
    notes: tuple[str, ...] = ()


def worthwhile(
    proposal: Proposal, netted: Iterable[NetTrade], signals: Signals, sizing: Sizing
) -> Worthwhile:
    """Of `proposal`, whose orders are those of `netted`, what is worth its commission."""
    found = {
        trade.con_id: sentence
        for trade in netted
        if _adjusts(trade, signals, sizing)
        and (sentence := _too_dear(proposal.snapshot, trade, sizing.prices[trade.con_id]))
    }
    found = {
        order.con_id: found[order.con_id]
        for order in proposal.orders
        if order.con_id in found and not _outgrown(proposal, order)
    }
    left = replace(proposal, orders=tuple(one for one in proposal.orders if one.con_id not in found))
    if not found or (_too_much(left) and not _too_much(proposal)):
        return Worthwhile(proposal, sizing.trades)
    sources = {trade.con_id: trade.source for trade in netted if trade.con_id in found}
    trades = {
        name: {
            con_id: quantity - sources.get(con_id, {}).get(name, Decimal(0))
            for con_id, quantity in wanted.items()
        }
        for name, wanted in sizing.trades.items()
    }
    return Worthwhile(left, trades, tuple(found.values()))


def _adjusts(trade: NetTrade, signals: Signals, sizing: Sizing) -> bool:
    """Whether everybody whom the order is for has some of it before and after, on the same side."""
    for name in trade.source:
        target = sizing.targets[name][trade.con_id]
        before = target - sizing.trades[name][trade.con_id]
        if trade.con_id not in signals.weights[name] or before * target <= 0:
            return False
    return True


def _too_dear(snapshot: Snapshot, trade: NetTrade, price: Price) -> str | None:
    """The sentence for an order that the broker's least makes dear. One that costs too much a contract at any size is
    made: waiting would not make it cheaper."""
    limit = snapshot.config.max_commission_percent
    instrument = snapshot.instruments[trade.con_id]
    currency = currency_of_commission(instrument)
    if limit is None or currency is None or currency not in snapshot.fx:
        return None
    quantity = abs(trade.quantity)
    worth = quantity * instrument.value(price.price)
    value = worth * rate_to_base(instrument.currency, snapshot.fx) / rate_to_base(currency, snapshot.fx)
    commission = expected_commission(instrument, quantity, value)
    if commission is None or not commission.is_least or commission.amount * 100 <= limit * value:
        return None
    return _sentence(instrument, trade, commission, value, limit)


def _sentence(
    instrument: Instrument, trade: NetTrade, commission: Commission, value: Decimal, limit: Decimal
) -> str:
    shares = ", ".join(f"{name} {quantity:+f}" for name, quantity in trade.source.items())
    return (
        f"{instrument.local_symbol}: {trade.quantity:+f} ({shares}) not traded: worth {value:.2f}"
        f" {commission.currency}, of which a commission of about {commission.amount:.2f} would be"
        f" {commission.amount * 100 / value:.2f} %, more than maxCommissionPercent ({limit:f} %)"
    )


def _outgrown(proposal: Proposal, order: DecidedOrder) -> bool:
    """Whether the position is larger than it may be by itself, and the order makes it smaller."""
    position = open_positions(proposal.snapshot).get(order.con_id, Decimal(0))
    weight = proposal.fraction(abs(proposal.value(order.con_id, position)))
    return weight > proposal.snapshot.config.limits.max_weight_per_instrument and proposal.reduces(order)


def _too_much(proposal: Proposal) -> bool:
    """Whether a limit on what is at stake altogether refuses it: a sale may be what makes room for a purchase."""
    return not all(verdict.passed for verdict in leverage(proposal))
