"""Real time, for leases and deadlines. Business time comes from a session (`CLOCK=broker`) or from here."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The instant, in UTC."""
        ...
