"""Lets the simulated days pass one by one, and writes down what the simulator shows at each close.

Reads the simulator's control port only: nothing here is the service's word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ib_trading_simulator.launch import Launched

NEW_YORK = ZoneInfo("America/New_York")

CLOSE = time(16, 0)
"""The regular close. On a day that ends earlier the last price still stands by then."""


@dataclass(frozen=True, slots=True)
class Holding:
    """`previous_close` is the close of the session before, as the simulator quotes it."""

    symbol: str
    quantity: Decimal
    price: Decimal
    previous_close: Decimal | None

    @property
    def value(self) -> Decimal:
        return self.quantity * self.price


@dataclass(frozen=True, slots=True)
class AccountAt:
    """The account at one instant, by the simulator's own record; money in US dollars."""

    at: datetime
    net_liquidation: Decimal
    cash: Decimal
    holdings: tuple[Holding, ...]

    @property
    def day(self) -> date:
        return self.at.astimezone(NEW_YORK).date()

    @property
    def invested(self) -> Decimal:
        return sum((holding.value for holding in self.holdings), Decimal(0))

    def quantities(self) -> dict[str, Decimal]:
        return {holding.symbol: holding.quantity for holding in self.holdings}


def account_at(state: Mapping[str, Any], account: str) -> AccountAt:
    """`account` in what the control port showed."""
    shown = state["accounts"][account]
    return AccountAt(
        at=datetime.fromisoformat(state["time"]),
        net_liquidation=Decimal(shown["netLiquidation"]),
        cash=Decimal(shown["cash"]["USD"]),
        holdings=tuple(_holding(position, state["quotes"]) for position in shown["positions"]),
    )


def pass_days(
    simulator: Launched, days: Iterable[date], on_close: Callable[[AccountAt], None]
) -> tuple[AccountAt, ...]:
    """The account at the close of each of `days`; time is at the last of them then."""
    closes = []
    for day in days:
        simulator.advance(to=datetime.combine(day, CLOSE, NEW_YORK))
        closes.append(account_at(simulator.state(messages=False), simulator.account))
        on_close(closes[-1])
    return tuple(closes)


def _holding(position: Mapping[str, Any], quotes: Mapping[str, Any]) -> Holding:
    before = quotes[position["symbol"]]["previousClose"]
    return Holding(
        position["symbol"],
        Decimal(position["quantity"]),
        Decimal(position["price"]),
        None if before is None else Decimal(before),
    )
