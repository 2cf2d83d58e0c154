"""What settling asks of a broker: its records, and nothing that could change them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from ib_trading.core.account import BrokerPosition, OrderReport
from ib_trading.core.attribution import Execution
from ib_trading.core.instruments import Instrument


class BrokerRecords(Protocol):
    """What of a Broker is asked here; ports/broker.py says what each answer is."""

    def current_time(self) -> datetime: ...

    def positions(self, account: str) -> tuple[BrokerPosition, ...]: ...

    def order_reports(self, account: str) -> tuple[OrderReport, ...]: ...

    def executions(self, account: str) -> tuple[Execution, ...]: ...

    def instruments_by_id(self, con_ids: Iterable[int]) -> Mapping[int, Instrument]: ...
