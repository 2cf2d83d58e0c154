"""What is shown for a contract at one instant, made from the day's path.

Decides the figures of a quote in a session and outside one. Leaves to market.py which day and which path they
come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ib_trading_simulator.market.contracts import Contract
from ib_trading_simulator.market.path import DayPath
from ib_trading_simulator.market.sessions import Session

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Quote:
    """What the market shows at `at` (UTC). None is "there is none", sizes and volume are in shares."""

    at: datetime
    bid: Decimal | None
    ask: Decimal | None
    bid_size: Decimal
    ask_size: Decimal
    last: Decimal | None
    last_size: Decimal
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    previous_close: Decimal | None
    volume: Decimal


def closed_quote(at: datetime, last: Decimal | None, previous_close: Decimal | None) -> Quote:
    """A day that has not opened: only what is left of the day before."""
    return Quote(
        at=at,
        bid=None,
        ask=None,
        bid_size=NOTHING,
        ask_size=NOTHING,
        last=last,
        last_size=NOTHING,
        open=None,
        high=None,
        low=None,
        previous_close=previous_close,
        volume=NOTHING,
    )


def session_quote(
    contract: Contract, session: Session, path: DayPath, at: datetime, previous_close: Decimal | None
) -> Quote:
    """The quote at or after the session's open."""
    tick = contract.min_tick
    second = session.seconds_traded(at)
    minute = min(int(second // 60), path.minutes)
    price = path.price_at(second)
    high, low = path.range_at(second)
    bid_size, ask_size, last_size = path.sizes(min(minute, path.minutes - 1))
    unit = contract.displayed_unit
    two_sided = contract.tradable and session.trades_at(at)
    return Quote(
        at=at,
        bid=path.spread.bid(price) * tick if two_sided else None,
        ask=path.spread.ask(price) * tick if two_sided else None,
        bid_size=Decimal(bid_size * unit) if two_sided else NOTHING,
        ask_size=Decimal(ask_size * unit) if two_sided else NOTHING,
        last=price * tick,
        last_size=Decimal(last_size * unit),
        open=path.prices[0] * tick,
        high=high * tick,
        low=low * tick,
        previous_close=previous_close,
        volume=Decimal(path.volume_before[minute]),
    )
