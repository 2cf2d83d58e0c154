"""A right that one holder has at a time, and for a while: to trade and write the ledger, or to run the gateway.

Each of the two is a lease of its own; what they have in common stands here. Two runs that trade at once would order the
same twice. The broker lets a user be logged in once: two instances that both start a gateway (the old and the new one
of a deployment overlap) would throw each other out for ever.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from ib_trading.core.lease import Lease


class LeaseStore(Protocol):
    """Where one lease is kept. Its fence only rises. The instants are real time."""

    def acquire(self, holder: str, now: datetime, expires_at: datetime) -> Lease | None:
        """The lease with a fence above every earlier one, or None while another holder's has not expired."""
        ...

    def renew(self, lease: Lease, expires_at: datetime) -> Lease:
        """StaleFence if a newer lease has been given since, or this one was given back."""
        ...

    def release(self, lease: Lease) -> None:
        """Gives it back; one that another holder has taken meanwhile is left to it."""
        ...

    def check(self, lease: Lease) -> None:
        """StaleFence unless `lease` is still the newest. Asked before every order that leaves: it waits for no
        writer."""
        ...
