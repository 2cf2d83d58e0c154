"""Where the trading configuration comes from; read anew for every run, so that a change needs no restart."""

from __future__ import annotations

from typing import Protocol

from ib_trading.schema.trading_config import TradingConfig


class TradingConfigSource(Protocol):
    def read(self) -> TradingConfig:
        """The validated configuration; ConfigurationFault naming file, key and remedy."""
        ...
