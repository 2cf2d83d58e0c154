"""close-all at a broker that is silent or refuses: what it does not need to know traps no position."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ib_trading_simulator.launch import Launched
from tests.positions import broker_positions_by_symbol
from tests.service import STACK_FILE, ServiceUnderTest


@pytest.fixture
def simulator(simulator: Launched) -> Launched:
    """An account that holds two stocks, bought by hand."""
    simulator.trade("KO", "BUY", 77)
    simulator.trade("JNJ", "BUY", 10)
    return simulator


def without_warehouse(folder: Path, simulator: Launched) -> ServiceUnderTest:
    """A service whose warehouse cannot be opened: its file is a folder."""
    service = ServiceUnderTest.over(folder, simulator.port)
    (folder / "stores" / "paper.duckdb").mkdir(parents=True)
    return service


@pytest.mark.parametrize("dry_run", [True, False])
def test_close_all_asks_for_no_margins_even_where_every_other_order_does(
    tmp_path: Path, simulator: Launched, dry_run: bool
) -> None:
    """With `whatIf: true` a broker that was silent about one margin was a 502, and every position stayed."""
    service = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=STACK_FILE + "    whatIf: true\n")
    reply = service.post("/close-all", {"dryRun": dry_run})
    assert (reply.status, len(reply.body["plan"]["orders"])) == (200, 2), reply.text
    sent = [one["name"] for one in simulator.state()["messages"]].count("placeOrder")
    assert sent == (0 if dry_run else 2)
    assert bool(broker_positions_by_symbol(simulator)) is dry_run


@pytest.mark.parametrize(
    "deed",
    [{"do": "refuse", "code": 200, "text": "No security definition"}, {"do": "drop"}],
    ids=["refused", "silent"],
)
def test_a_quote_that_is_refused_or_does_not_come_traps_no_position(
    tmp_path: Path, simulator: Launched, deed: dict[str, Any]
) -> None:
    """One dead quote was a 502 for all of close-all, while nothing that it sends rests on a price."""
    service = ServiceUnderTest.impatient(tmp_path, simulator.port)
    simulator.fault(deed, symbol="KO", message="reqMktData", times="always")
    reply = service.post("/close-all")
    assert (reply.status, broker_positions_by_symbol(simulator)) == (200, {}), reply.text


def test_an_allocation_still_refuses_a_quote_that_does_not_come(tmp_path: Path, simulator: Launched) -> None:
    """What is sized by a price cannot do without it."""
    service = ServiceUnderTest.impatient(tmp_path, simulator.port)
    simulator.fault({"do": "drop"}, message="reqMktData", symbol="KO", times="always")
    reply = service.post("/allocation", {"strategies": ["dummy"]})
    assert (reply.status, "a quote of KO" in reply.body["detail"]) == (502, True), reply.text


def test_a_warehouse_that_is_down_traps_no_position(tmp_path: Path, simulator: Launched) -> None:
    """Close-all read a stored close of everything held, and was 503 without the warehouse."""
    service = without_warehouse(tmp_path, simulator)
    reply = service.post("/close-all")
    assert (reply.status, broker_positions_by_symbol(simulator)) == (200, {}), reply.text


def test_to_close_at_a_limit_the_stored_closes_are_still_needed(tmp_path: Path, simulator: Launched) -> None:
    """A limit is made of a quote; a wrong one would give the position away."""
    service = without_warehouse(tmp_path, simulator)
    reply = service.post("/close-all", {"orderProperties": {"orderType": "LMT"}})
    assert (reply.status, len(broker_positions_by_symbol(simulator))) == (503, 2), reply.text
