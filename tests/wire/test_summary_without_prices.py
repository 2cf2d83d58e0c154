"""/summary where the broker tells no price: everything else is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ib_trading_simulator.launch import Launched
from tests.service import ServiceUnderTest


@pytest.fixture
def simulator(simulator: Launched) -> Launched:
    """An account that holds two stocks, bought by hand."""
    simulator.trade("KO", "BUY", 77)
    simulator.trade("JNJ", "BUY", 10)
    return simulator


@pytest.mark.parametrize(
    "deed",
    [{"do": "refuse", "code": 354, "text": "Requested market data is not subscribed"}, {"do": "drop"}],
    ids=["not subscribed", "silent"],
)
def test_one_contract_without_a_price_hides_nothing_of_the_others(
    tmp_path: Path, simulator: Launched, deed: dict[str, Any]
) -> None:
    """A stock without a subscription made the whole summary a 422 or 502; a deployment that asks for it
    would have gone back for that. It is worth what the broker itself says."""
    service = ServiceUnderTest.impatient(tmp_path, simulator.port)
    simulator.fault(deed, message="reqMktData", symbol="KO", times="always")
    told = service.get("/summary")
    assert (told.status, told.body["notValued"]) == (200, []), told.text
    values = {one["localSymbol"]: one["marketValue"] for one in told.body["positions"]}
    assert values["KO"] > 3000
    assert values["JNJ"] > 1000
    assert told.body["holdings"]["unassigned"] == {"JNJ": 10, "KO": 77}
