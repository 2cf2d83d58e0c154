"""What an intent works with: the ports, filled in by composition.py, the ledger, and the business clock."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ib_trading.core.mode import TradingMode
from ib_trading.intents.leased_ledger import Books, LeasedLedger
from ib_trading.intents.ledger import Ledger
from ib_trading.ports.activity_log import ActivityLog
from ib_trading.ports.broker import BrokerSource
from ib_trading.ports.clock import Clock
from ib_trading.ports.response_format import ResponseFormat
from ib_trading.ports.run_claims import RunClaims
from ib_trading.ports.strategies import Strategies
from ib_trading.ports.trading_config import TradingConfigSource
from ib_trading.ports.trading_switch import TradingSwitchStore
from ib_trading.ports.warehouse import Warehouse


class TellsTime(Protocol):
    """What of a Broker the business time is asked of."""

    def current_time(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Services:
    """`name` is the service's own, which its scheduler's jobs carry; `project_id` Google Cloud's, "" where it runs
    elsewhere. `broker_clock` is CLOCK=broker: business time follows the gateway's clock, so that a simulated 2019 is
    2019."""

    name: str
    project_id: str
    mode: TradingMode
    broker_clock: bool
    clock: Clock
    gateway: BrokerSource
    config: TradingConfigSource
    claims: RunClaims
    switch: TradingSwitchStore
    books: Books
    activity: ActivityLog
    warehouse: Warehouse
    strategies: Strategies
    responses: ResponseFormat

    @property
    def ledger(self) -> Ledger:
        """To read, as it is written."""
        return self.books.ledger

    def leased(self, holder: str) -> AbstractContextManager[LeasedLedger]:
        """The ledger to write, for the block's length; RunInProgress if another run has it."""
        return self.books.leased(holder, self.clock)

    def business_time(self, broker: TellsTime) -> datetime:
        """The instant that price ages, calendars and history are judged by."""
        return broker.current_time() if self.broker_clock else self.clock.now()
