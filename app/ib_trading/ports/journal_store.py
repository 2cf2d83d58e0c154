"""Where runs, their orders and the trading lease are kept. The store only persists; core/journal.py decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from ib_trading.core.journal import Lease, Run
from ib_trading.core.order import Order
from ib_trading.core.snapshot import TradingSwitch


class JournalStore(Protocol):
    """Every write under a lease raises StaleFence if a newer lease has been given since."""

    def claim(self, run: Run, not_before: datetime | None) -> Run | None:
        """Create `run` for its key, atomically. Returns None if it was created, else the run that has the key.

        Runs claimed before `not_before` do not count: a key that is only a signature expires.
        """
        ...

    def withdraw(self, run_id: str) -> None:
        """Forget a claim that came to nothing, so that its key may be used again."""
        ...

    def acquire_lease(self, holder: str, now: datetime, expires_at: datetime) -> Lease | None:
        """The lease with a fence above every earlier one, or None while another holder's has not expired."""
        ...

    def renew_lease(self, lease: Lease, expires_at: datetime) -> Lease: ...

    def release_lease(self, lease: Lease) -> None:
        """Gives the lease back; one that another holder has taken meanwhile is left to it."""
        ...

    def check_lease(self, lease: Lease) -> None:
        """Raises StaleFence unless `lease` is still the newest."""
        ...

    def save_run(self, run: Run, lease: Lease) -> None:
        """Replaces the run's key, state, plan and response."""
        ...

    def save_plan(self, run: Run, orders: Sequence[Order], lease: Lease) -> None:
        """`save_run` and `save_orders` in one transaction: no plan without its orders."""
        ...

    def save_orders(self, orders: Sequence[Order], lease: Lease) -> None:
        """Writes all of them durably in one transaction, over what was there under their orderRefs."""
        ...

    def run(self, run_id: str) -> Run | None: ...

    def runs(self, limit: int) -> tuple[Run, ...]:
        """Newest first."""
        ...

    def orders(self, run_id: str) -> tuple[Order, ...]: ...

    def order(self, order_ref: str) -> Order | None: ...

    def unsettled_orders(self) -> tuple[Order, ...]:
        """Orders of all runs that may still change: not final, or of a run that has not ended."""
        ...

    def orders_named(self, order_refs: Iterable[str]) -> tuple[Order, ...]:
        """Those of `order_refs` that are ours, of whatever run."""
        ...

    def open_runs(self) -> tuple[Run, ...]:
        """Runs that have not ended, oldest first."""
        ...

    def trading_switch(self) -> TradingSwitch:
        """The kill switch as it stands now; enabled where nobody has ever set it."""
        ...

    def set_trading_switch(self, switch: TradingSwitch, at: datetime) -> None: ...
