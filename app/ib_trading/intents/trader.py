"""What a trading intent adds to the life of a run (trading_run.py): what it reads, and what it decides on that."""

from __future__ import annotations

from typing import Any, Protocol

from ib_trading.core.plan import Decision
from ib_trading.core.snapshot import Forming, Snapshot
from ib_trading.intents.compare import Comparison
from ib_trading.intents.leased_ledger import LeasedLedger
from ib_trading.ports.broker import Broker
from ib_trading.schema.trading_config import TradingConfig


class Trader(Protocol):
    """`check` raises before anything is claimed or read from the broker."""

    @property
    def name(self) -> str: ...

    @property
    def only_closes(self) -> bool:
        """Whether it can do nothing but bring positions nearer to nothing: what it can do without stops it not."""
        ...

    def check(self, request: Any, config: TradingConfig) -> None: ...

    def collect(self, broker: Broker, request: Any, config: TradingConfig) -> Forming:
        """Sees to it that the history that will be read is there, as far as the broker gives it; a dry-run does too.
        What came of bars that still form is handed on to `read`."""
        ...

    def prepare(self, broker: Broker, account: str, ledger: LeasedLedger, request: Any) -> None:
        """What has to be done at the broker before anything is read; a dry-run leaves it out."""
        ...

    def read(
        self, broker: Broker, compared: Comparison, request: Any, config: TradingConfig, forming: Forming
    ) -> Snapshot: ...

    def decide(self, snapshot: Snapshot, request: Any) -> Decision: ...
