"""How a value is spelled for a column of the warehouse, so that it is the same one in every warehouse.

A NUMERIC keeps nine decimal places, half even; a TIMESTAMP is an instant, spelled in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal

_STEP = Decimal("1e-9")
_CONTEXT = Context(prec=38, rounding=ROUND_HALF_EVEN)


def numeric_text(figure: Decimal) -> str:
    """ValueError for a figure that is not finite."""
    if not figure.is_finite():
        raise ValueError(f"{figure} is not a price or a volume")
    return format(_CONTEXT.quantize(figure, _STEP), "f")


def utc_text(at: datetime) -> str:
    """ISO 8601 without a zone; ValueError for an instant whose zone is not known."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat()
