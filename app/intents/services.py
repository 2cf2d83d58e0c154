"""What an intent works with: the ports, filled in by app/composition.py, and the business clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.core.mode import TradingMode
from app.ports.activity_log import ActivityLog
from app.ports.broker import Broker, BrokerSource
from app.ports.clock import Clock
from app.ports.journal_store import JournalStore
from app.ports.position_store import PositionStore
from app.ports.trading_config import TradingConfigSource
from app.ports.warehouse import Warehouse
from app.strategies.strategy import Strategy


@dataclass(frozen=True, slots=True)
class Services:
    """`broker_clock` is CLOCK=broker: business time follows the gateway's clock, so that a simulated 2019 is 2019."""

    mode: TradingMode
    broker_clock: bool
    clock: Clock
    gateway: BrokerSource
    config: TradingConfigSource
    journal: JournalStore
    positions: PositionStore
    activity: ActivityLog
    warehouse: Warehouse
    strategies: Mapping[str, Strategy]

    def business_time(self, broker: Broker) -> datetime:
        """The instant that price ages, calendars and history are judged by."""
        return broker.current_time() if self.broker_clock else self.clock.now()
