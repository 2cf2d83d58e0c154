"""A right that one holder has at a time, such as to trade: what of it whoever writes has to show. Who gets it next, the
port decides (ports/lease.py)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Lease:
    """`fence` grows with each holder: a writer whose fence is not the newest is refused."""

    holder: str
    fence: int
    expires_at: datetime
