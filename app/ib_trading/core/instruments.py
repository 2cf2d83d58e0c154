"""Decides what an instrument is, what one contract of it is worth, and in which steps it is counted and priced.

`ContractSpec` is what a strategy asks for, `Instrument` what the broker's contract details made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

from ib_trading.core.order_kind import ALGO, OrderType


@dataclass(frozen=True, slots=True, order=True)
class ContractSpec:
    """An instrument as a person names it; the broker resolves it to exactly one contract or refuses it."""

    symbol: str
    sec_type: str = "STK"
    exchange: str = "SMART"
    currency: str = "USD"
    primary_exchange: str = ""

    def __str__(self) -> str:
        return f"{self.symbol} ({self.sec_type}, {self.exchange}, {self.currency})"


@dataclass(frozen=True, slots=True)
class PriceStep:
    """From `low_edge` upwards prices are multiples of `increment` (one line of the broker's market rule)."""

    low_edge: Decimal
    increment: Decimal


@dataclass(frozen=True, slots=True)
class TradingHours:
    """One opening, in UTC, half open: at `close` the exchange is closed."""

    open: datetime
    close: datetime


@dataclass(frozen=True, slots=True)
class Instrument:
    """One contract, resolved. `multiplier` × price ÷ `price_magnifier` is money: some futures quote in cents."""

    con_id: int
    local_symbol: str
    symbol: str
    sec_type: str
    exchange: str
    primary_exchange: str
    currency: str
    multiplier: Decimal
    price_magnifier: Decimal
    size_increment: Decimal
    price_steps: tuple[PriceStep, ...]
    order_types: frozenset[str]
    liquid_hours: tuple[TradingHours, ...]
    time_zone: str
    closed_days: frozenset[date] = frozenset()
    """Days of which its contract details say that it does not trade."""

    @property
    def increment(self) -> Decimal:
        """The step of a quantity. The API takes no fractional shares, whatever the contract details say."""
        return max(Decimal(1), self.size_increment) if self.sec_type == "STK" else self.size_increment

    @property
    def is_forex(self) -> bool:
        """Whether it is a currency pair, the broker's security type CASH: it shows balances of it and no position."""
        return self.sec_type == "CASH"

    def value(self, price: Decimal) -> Decimal:
        """Money, in the contract's currency, for one contract at `price`."""
        return price * self.multiplier / self.price_magnifier

    def is_open(self, at: datetime) -> bool:
        """Whether `at` lies in regular trading hours, as the contract details told them."""
        return any(hours.open <= at < hours.close for hours in self.liquid_hours)

    def takes_adaptive(self) -> bool:
        """Whether the Adaptive algo may be put on orders for this contract: contract details name all algos `ALGO`."""
        return ALGO in self.order_types

    def takes(self, order_type: OrderType) -> bool:
        """Whether contract details list the type; where they list none, nobody knows better."""
        return not self.order_types or order_type.in_contract_details in self.order_types


def symbol_of(con_id: int, instruments: Mapping[int, Instrument]) -> str:
    """What people read for a contract; one that the broker knows no more (delisted, expired) has its id only."""
    return instruments[con_id].local_symbol if con_id in instruments else f"contract {con_id}"


def round_to_increment(quantity: Decimal, increment: Decimal) -> Decimal:
    """Nearest multiple of `increment`; half way goes to the even multiple, so that no direction is favoured."""
    steps = (quantity / increment).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    return steps * increment


def whole_increments(quantity: Decimal, increment: Decimal) -> Decimal:
    """The multiple of `increment` next to `quantity` on the side of zero: what of it an order can trade."""
    return (quantity / increment).quantize(Decimal(1), rounding=ROUND_DOWN) * increment
