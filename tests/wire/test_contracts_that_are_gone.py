"""A contract that the broker knows no more (delisted, expired) is left out or repaired; it stops nothing else."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ib_trading.core.attribution import Booking
from ib_trading_simulator.launch import Launched
from tests.service import ServiceUnderTest

GONE = 999999


@pytest.fixture
def simulator(simulator: Launched) -> Launched:
    simulator.trade("KO", "BUY", 77)
    return simulator


def book(service: ServiceUnderTest, holder: str, *quantities: int) -> None:
    at = service.services.clock.now()
    with service.services.leased("earlier") as ledger:
        ledger.book(
            [
                Booking(f"e{number}.01", "", GONE, Decimal(10), at, {holder: Decimal(quantity)}, {})
                for number, quantity in enumerate(quantities)
            ]
        )


@pytest.mark.parametrize("holder", ["dummy", "unassigned"])
def test_a_holding_that_was_delisted_is_repaired_and_stops_no_other_intent(
    service: ServiceUnderTest, holder: str
) -> None:
    """Every intent was a 502, trade-reconciliation too, so that the repair could not even be accepted."""
    book(service, holder, 5)
    dry = service.post("/allocation", {"strategies": ["dummy"], "dryRun": True})
    assert dry.status == 200, dry.text
    assert any("contract 999999: left out" in one for one in dry.body["warnings"]) is True
    assert service.post("/cash-balancer", {"dryRun": True}).status == 200
    assert service.post("/close-all", {"dryRun": True}).status == 200
    summary = service.get("/summary")
    assert (summary.status, summary.body["notValued"]) == (200, ["contract 999999"]), summary.text
    told = service.post("/trade-reconciliation").body
    (repair,) = told["repairs"]
    assert repair["localSymbol"] == "contract 999999"
    repaired = service.post("/trade-reconciliation", {"accept": [repair["id"]]})
    assert (repaired.status, repaired.body["differences"]) == (200, []), repaired.text


def test_a_contract_that_was_held_once_and_is_gone_leaves_the_summary_readable(
    service: ServiceUnderTest,
) -> None:
    """Bought and sold years ago, delisted since: the summary has all bookings in it, and was a 502 for ever."""
    book(service, "dummy", 5, -5)
    summary = service.get("/summary")
    assert (summary.status, summary.body["notValued"]) == (200, ["contract 999999"]), summary.text
