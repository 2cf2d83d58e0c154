"""The kill switch. A person sets it while a run holds the lease, and it counts for that run's next order: were the
lease needed for it, it would come when the run has ended.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from ib_trading.core.snapshot import TradingSwitch


class TradingSwitchStore(Protocol):
    def trading_switch(self) -> TradingSwitch:
        """As it stands now; enabled where nobody has ever set it."""
        ...

    def set_trading_switch(self, switch: TradingSwitch, at: datetime) -> None: ...
