"""The machine's own clock: real time for leases and deadlines, and business time where `CLOCK=system`."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """Clock on the machine's time, which is expected to be kept right by the operating system."""

    def now(self) -> datetime:
        return datetime.now(UTC)
