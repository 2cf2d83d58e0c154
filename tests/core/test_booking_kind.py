"""What a booking is about shows in its id, as whoever makes one spells it."""

from __future__ import annotations

import pytest

from ib_trading.core.booking_kind import BookingKind, booking_kind
from ib_trading.core.reconciliation import REPAIR
from tests.contracts.samples import a_booking


@pytest.mark.parametrize(
    ("booking_id", "kind"),
    [
        ("0000e215.00000001.01.01", BookingKind.EXECUTION),
        ("reversal:0000e215.00000001.01.02", BookingKind.REVERSAL),
        ("commission:1:0000e215.00000001.01.01", BookingKind.COMMISSION),
        ("cross:run-1:265598", BookingKind.CROSS),
        (f"{REPAIR}abc", BookingKind.REPAIR),
        ("elsewhere:abc", BookingKind.EXECUTION),
    ],
)
def test_a_booking_is_of_the_kind_that_its_id_begins_with(booking_id: str, kind: BookingKind) -> None:
    assert booking_kind(a_booking(booking_id, {"trend": "1"})) is kind


def test_the_word_of_a_kind_is_what_its_ids_begin_with() -> None:
    """An execution is told by its execId, which has no word before it."""
    assert {kind.name: kind.value for kind in BookingKind} == {
        "EXECUTION": "",
        "REVERSAL": "reversal:",
        "COMMISSION": "commission:",
        "CROSS": "cross:",
        "REPAIR": "repair:",
    }
