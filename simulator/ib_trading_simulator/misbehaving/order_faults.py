"""What faults do to one order at the broker.

Decides nothing: faults.py has the language, broker.py does what is said here. Most orders have `NO_FAULTS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class OrderFaults:
    """`rejected` and `inactive` are the broker's reason; None is "not".

    `fills_at_most` is all of the order that ever trades, in units of the contract: the rest works on in
    silence. `false_error` is the code of an error that is told while the order lives on. `fills_after_cancel`
    is how long after the confirmed cancellation the rest of it fills all the same.
    """

    rejected: str | None = None
    inactive: str | None = None
    fills_at_most: Decimal | None = None
    false_error: int | None = None
    fills_after_cancel: timedelta | None = None


NO_FAULTS = OrderFaults()
