"""Where runs and their orders are kept. The store only persists; core/journal.py decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from ib_trading.core.journal import Run
from ib_trading.core.lease import Lease
from ib_trading.core.memory import NO_MEMORIES, Memories
from ib_trading.core.order import Order


class JournalStore(Protocol):
    """To read."""

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

    def memories(self) -> Memories:
        """What strategies remember, by the names under which it was written."""
        ...

    def open_runs(self) -> tuple[Run, ...]:
        """Runs that have not ended, oldest first."""
        ...


class JournalWriter(JournalStore, Protocol):
    """To write as well, under the trading lease. Each write checks the fence in its own transaction: StaleFence if a
    newer lease has been given since, and nothing is written. Called by intents/leased_ledger.py alone."""

    def save_run(self, run: Run, lease: Lease, memories: Memories = NO_MEMORIES) -> None:
        """Replaces the run's key, state, plan and response. In the same transaction each of `memories` takes the place
        of one that was decided earlier."""
        ...

    def save_plan(self, run: Run, orders: Sequence[Order], lease: Lease) -> None:
        """`save_run` and `save_orders` in one transaction: no plan without its orders."""
        ...

    def save_orders(self, orders: Sequence[Order], lease: Lease) -> None:
        """Writes all of them durably in one transaction, over what was there under their orderRefs."""
        ...
