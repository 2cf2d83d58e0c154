"""Which run has a key. Claimed before the lease is asked for, and without it: whoever repeats a key is answered while
another run trades, and of two that claim the same key at once the store lets one have it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from ib_trading.core.journal import Run


class RunClaims(Protocol):
    def claim(self, run: Run, not_before: datetime | None) -> Run | None:
        """Create `run` for its key, atomically. Returns None if it was created, else the run that has the key.

        Runs claimed before `not_before` do not count: a key that is only a signature expires.
        """
        ...

    def withdraw(self, run_id: str) -> None:
        """Forget a claim that came to nothing, so that its key may be used again. ValueError for a run that has orders:
        what may have been sent stays, whoever has the lease by then."""
        ...
