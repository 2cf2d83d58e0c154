"""An account in which somebody else holds one of each kind, none of which is quoted: ours trades as in any other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ib_trading_simulator.launch import Launched
from tests.service import STACK_FILE, START, Reply, ServiceUnderTest
from tests.wire.client import Launch

THEIRS = {
    "XYZ RT": 100,
    "BRK B": 0.37,
    "QQQ   270115P00500000": -3,
    "ESU9": 1,
    "912810TL8": 5,
    "VWELX": 20.512,
    "BTC.USD": 0.05,
    "IBUS500": 2,
}
"""The pair that the broker shows as well, EUR.USD, is cash."""


@pytest.fixture
def simulated() -> tuple[str, ...]:
    return ("--start", START, "--cash", "USD=1000000", "--others")


def held(simulator: Launched) -> dict[str, float]:
    positions = simulator.state(messages=False)["accounts"][simulator.account]["positions"]
    return {one["symbol"]: float(one["quantity"]) for one in positions}


def test_an_allocation_trades_and_leaves_it_alone(simulator: Launched, service: ServiceUnderTest) -> None:
    """A bond, an option without market data, or a hundred rights made every allocation a 422."""
    told = service.post("/allocation")
    assert told.status == 200, told.text
    assert held(simulator) == {
        name: float(quantity) for name, quantity in told.body["consolidatedTrades"].items()
    }
    (said,) = [warning for warning in told.body["warnings"] if "left alone" in warning]
    assert all(name in said for name in THEIRS)
    assert "EUR.USD" not in said
    asked = [one for one in simulator.state()["messages"] if one["direction"] == "in"]
    about = {
        field
        for one in asked
        if one["name"] in {"reqContractDetails", "reqMktData"}
        for field in one["fields"]
    }
    assert not about & {"15960357", "728937835", "990900001"}


def test_their_worth_counts_where_leverage_is_limited(
    tmp_path: Path, service: ServiceUnderTest, launch: Launch
) -> None:
    """At the broker's figures: 12.50 + 74.90 + 6,210 in stocks and options, of an account worth a million."""
    alone = launch("--start", START, "--cash", "USD=1000000")
    without = ServiceUnderTest.over(tmp_path / "alone", alone.port).post("/allocation", {"dryRun": True})
    beside = service.post("/allocation", {"dryRun": True})
    more = gross(beside) - gross(without)
    assert 0.0062 < more < 0.0064


def gross(told: Reply) -> float:
    (verdict,) = [one for one in told.body["limits"] if one["rule"].startswith("gross leverage")]
    return float(verdict["value"])


def test_the_summary_shows_all_of_it_at_the_brokers_figures(service: ServiceUnderTest) -> None:
    told = service.get("/summary")
    assert (told.status, told.body["notValued"]) == (200, []), told.text
    shown = {one["localSymbol"]: one["marketValue"] for one in told.body["positions"]}
    assert shown["912810TL8"] == 4980.5
    assert shown["QQQ   270115P00500000"] == -6210
    assert set(shown) == {*THEIRS, "EUR.USD"}
    assert told.body["holdings"] == {"unassigned": THEIRS}


def test_close_all_of_strategies_closes_theirs_only(simulator: Launched, service: ServiceUnderTest) -> None:
    assert service.post("/allocation").status == 200
    assert held(simulator)
    told = service.post("/close-all", {"strategies": ["dummy", "trend"]})
    assert (told.status, held(simulator)) == (200, {}), told.text
    orders = simulator.state(messages=False)["orders"]
    assert not {one["symbol"] for one in orders} & set(THEIRS)


def test_close_all_of_everything_closes_ours_and_says_what_it_has_to_leave(
    simulator: Launched, service: ServiceUnderTest
) -> None:
    """What has no hours that anybody tells cannot be ordered; it stops nothing else."""
    assert service.post("/allocation").status == 200
    told = service.post("/close-all")
    assert (told.status, held(simulator)) == (423, {}), told.text
    assert "912810TL8: left out" in json.dumps(told.body["warnings"])


def test_a_reconciliation_names_them_by_their_symbols(service: ServiceUnderTest) -> None:
    told = service.post("/trade-reconciliation", {"dryRun": True})
    assert (told.status, told.body["positions"]) == (200, THEIRS), told.text
    assert {one["localSymbol"] for one in told.body["differences"]} == set(THEIRS)


def test_a_run_that_was_interrupted_among_them_is_settled_by_the_next(
    tmp_path: Path, simulator: Launched
) -> None:
    """Some of its orders have left when the connection breaks; the next run books them and trades what is missing."""
    service = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=STACK_FILE)
    simulator.fault("disconnect", message="placeOrder", nth=3)
    broken = service.post("/allocation", Idempotency_Key="first")
    assert broken.status == 502, broken.text
    told = service.post("/allocation", Idempotency_Key="second")
    assert told.status == 200, told.text
    again = service.post("/allocation", {"dryRun": True})
    assert (again.status, again.body["orders"]) == (200, []), again.text
    ours = service.get("/summary").body["holdings"]
    together: dict[str, float] = {}
    for name in ("dummy", "trend"):
        for symbol, quantity in ours[name].items():
            together[symbol] = together.get(symbol, 0) + quantity
    assert together == held(simulator)
