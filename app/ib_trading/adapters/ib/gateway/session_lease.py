"""Holds the lease of the gateway's session for as long as the gateway runs, and says when it must stop.

An instance that could not renew for too long stops the gateway before the lease expires: another may then start one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from ib_trading.core.lease import Lease
from ib_trading.core.refusals import StaleFence, StoreUnavailable
from ib_trading.ports.clock import Clock
from ib_trading.ports.lease import LeaseStore

log = structlog.stdlib.get_logger("app.gateway")


@dataclass(slots=True)
class SessionLease:
    """`holder` names this instance; `seconds` is the lease's length."""

    store: LeaseStore
    clock: Clock
    holder: str
    seconds: float
    _lease: Lease | None = None

    def take(self) -> bool:
        """Whether it is ours now. StoreUnavailable where nobody can say."""
        now = self.clock.now()
        self._lease = self.store.acquire(self.holder, now, self._until(now))
        return self._lease is not None

    def keep(self) -> bool:
        """Renews what is due; False once the gateway must be stopped."""
        if self._lease is None:
            return False
        now = self.clock.now()
        left = (self._lease.expires_at - now).total_seconds()
        if left > self.seconds * 2 / 3:
            return True
        try:
            self._lease = self.store.renew(self._lease, self._until(now))
        except StaleFence:
            self._lease = None
            return False
        except StoreUnavailable as error:
            log.warning("gateway session not renewed", detail=error.detail, secondsLeft=left)
            return left > self.seconds / 6
        return True

    def give_back(self) -> None:
        """May be called again."""
        lease, self._lease = self._lease, None
        if lease is None:
            return
        try:
            self.store.release(lease)
        except StoreUnavailable as error:
            # It expires by itself.
            log.warning("gateway session not released", detail=error.detail)

    def _until(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self.seconds)
