"""When an order may work: while its exchange is open, or when it says itself that it waits; and who books it then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ib_trading.core.canonical import instant
from ib_trading.core.instruments import Instrument
from ib_trading.core.limits.proposal import Proposal
from ib_trading.core.limits.verdict import Rule, Verdict, asked
from ib_trading.core.locks import Lock
from ib_trading.core.order import DecidedOrder
from ib_trading.core.order_properties import OrderProperties
from ib_trading.core.reconciliation_due import has_reconciliation_after


def market_open(proposal: Proposal) -> Iterator[Verdict]:
    """A market order while the exchange is closed would queue for the next session, unless goodAfterTime or OPG says
    that it is meant to wait. A limit or a stop order says at which price it may wait."""
    for order in proposal.orders:
        instrument, at = proposal.snapshot.instruments[order.con_id], proposal.snapshot.at
        is_open = instrument.is_open(at)
        yield asked(
            Rule.MARKET_OPEN,
            "open, or the order says that it waits",
            "open" if is_open else "closed, the order waits" if _waits(order) else "closed",
            may_leave(order, instrument, at),
            subject=order.local_symbol,
            remedy="call within the exchange's regular hours, or set orderProperties.goodAfterTime",
        )


def may_leave(order: DecidedOrder | OrderProperties, instrument: Instrument, at: datetime) -> bool:
    """Whether the exchange is open for the order, or the order says that it waits."""
    return instrument.is_open(at) or _waits(order)


def shut(instrument: Instrument, at: datetime) -> Lock:
    """Why a position is not closed now, and when it can be."""
    opens = next((hours.open for hours in instrument.liquid_hours if hours.open > at), None)
    until = f" until {instant(opens)}" if opens else ""
    remedy = "close it while its exchange is open, or set orderProperties.goodAfterTime"
    return Lock(instrument.con_id, instrument.local_symbol, f"its exchange is closed{until}", remedy=remedy)


def reconciliation_follows(proposal: Proposal) -> Iterator[Verdict]:
    """An order that outlives its request has to be booked by a trade-reconciliation on the same broker day: the
    gateway serves executions of the current day only, and a fill that nobody asked for in time is lost to the
    ledger."""
    snapshot = proposal.snapshot
    for order in proposal.orders:
        if not order.outlives_request:
            continue
        until = fills_until(order, snapshot.instruments[order.con_id], snapshot.at)
        yield asked(
            Rule.RECONCILIATION_FOLLOWS,
            "trade-reconciliation scheduled on the same broker day",
            f"works until {instant(until)}",
            has_reconciliation_after(snapshot.config, until),
            subject=order.local_symbol,
            remedy="schedule trade-reconciliation after the close, or send a market or limit order as DAY"
            " without goodAfterTime",
        )


def _waits(order: DecidedOrder | OrderProperties) -> bool:
    return order.good_after is not None or order.tif.at_open or order.order_type.waits


def fills_until(order: DecidedOrder, instrument: Instrument, at: datetime) -> datetime:
    """The end of what the order can fill in on its first day: the open for OPG, else the close of the session it
    starts in. Where the contract details tell no such session, its start."""
    start = max(at, order.good_after or at)
    if order.tif.at_open:
        return next((hours.open for hours in instrument.liquid_hours if hours.open > start), start)
    return next((hours.close for hours in instrument.liquid_hours if hours.close > start), start)
