"""The base of every strategy: what it trades, how much history it needs, and one method that answers with weights.

    class Equal(Strategy):
        name = "equal"
        instruments = stocks("AAPL", "MSFT")

        def weights(self, view):
            return dict.fromkeys(self.instruments, 0.5)

A weight is a fraction of the strategy's capital: 0.5 is half of it long, −0.5 half of it short; an instrument that
is not mentioned has weight 0. A strategy does no I/O and reads no clock: everything it may use is in the view.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from ib_trading.core.instruments import ContractSpec
from ib_trading.core.signals import StrategyView

__all__ = ["ContractSpec", "Strategy", "StrategyView", "stocks"]


class Strategy(ABC):
    """`history_days` is how many stored daily closes the strategy needs of each instrument."""

    name: ClassVar[str]
    instruments: tuple[ContractSpec, ...]
    history_days: int = 0

    @abstractmethod
    def weights(self, view: StrategyView) -> Mapping[ContractSpec, float | Decimal]:
        """Instrument → fraction of the strategy's capital, for `view.at`."""


def stocks(*symbols: str, currency: str = "USD") -> tuple[ContractSpec, ...]:
    """US stocks and ETFs, routed SMART."""
    return tuple(ContractSpec(symbol, currency=currency) for symbol in symbols)
