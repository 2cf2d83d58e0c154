"""What became of it, asked afterwards: runs, one run, and why an order was sent; and that every call left a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ib_trading_simulator.launch import Launched
from tests.service import START, ServiceUnderTest, closed_port
from tests.wire.client import Launch


@pytest.fixture(scope="module")
def simulator() -> Iterator[Launched]:
    with Launched.start("--clock", "virtual", "--start", START, "--cash", "USD=1000000") as running:
        yield running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, simulator: Launched) -> ServiceUnderTest:
    """One that has collected, traded once as `first`, and refused once as `second`."""
    service = ServiceUnderTest.over(tmp_path_factory.mktemp("runs"), simulator.port)
    assert service.post("/collect-market-data").status == 200
    assert service.post("/allocation", Idempotency_Key="first").status == 200
    service.put("/trading-enabled", {"enabled": False, "reason": "lunch"})
    simulator.trade("KO", "BUY", 1)
    simulator.set_price("KO", 70)
    assert service.post("/allocation", Idempotency_Key="second").status == 423
    return service


@pytest.fixture(scope="module")
def traded(service: ServiceUnderTest) -> Any:
    """The traded run's own answer."""
    return service.post("/allocation", Idempotency_Key="first").body


def test_the_runs_are_listed_newest_first_with_how_they_ended(service: ServiceUnderTest, traded: Any) -> None:
    runs = service.get("/runs").body["runs"]
    assert [(run["intent"], run["state"], run["status"]) for run in runs] == [
        ("allocation", "refused", 423),
        ("allocation", "settled", 200),
    ]
    assert runs[1]["runId"] == traded["runId"]
    assert len(service.get("/runs?limit=1").body["runs"]) == 1


@pytest.mark.parametrize("query", ["limit=0", "limit=many", "limt=3", "limit=1&limit=2", "limit=1001"])
def test_a_question_that_is_not_clear_is_refused(service: ServiceUnderTest, query: str) -> None:
    assert service.get(f"/runs?{query}").status == 400


def test_one_run_shows_its_plan_its_orders_and_its_answer(service: ServiceUnderTest, traded: Any) -> None:
    run = service.get(f"/runs/{traded['runId']}").body
    assert run["plan"] == traded["plan"]
    assert run["outcome"] == traded
    assert [order["orderRef"] for order in run["orders"]] == [o["orderRef"] for o in traded["orders"]]
    assert {order["status"] for order in run["orders"]} == {"filled"}


def test_an_order_is_shown_later_as_its_run_answered_it(service: ServiceUnderTest, traded: Any) -> None:
    """Its type and time in force, what it filled and what that cost: journal and ledger have all of it."""
    run = service.get(f"/runs/{traded['runId']}").body
    assert run["orders"] == traded["orders"]
    for order in traded["orders"]:
        assert service.get(f"/explain/{order['orderRef']}").body["order"] == order
        assert (order["orderType"], order["tif"]) == ("MKT", "DAY")
        assert order["commission"] == sum(fill["commission"] for fill in order["fills"]) > 0


def test_a_run_that_nobody_made_is_404(service: ServiceUnderTest) -> None:
    reply = service.get("/runs/0123")
    assert (reply.status, "GET /runs lists them" in reply.body["detail"]) == (404, True)
    assert service.get("/explain/ib-pabc").status == 404


def test_an_order_is_explained_strategy_by_strategy_to_the_last_share(
    service: ServiceUnderTest, traded: Any
) -> None:
    """For every order of the run: what the strategies wanted is what was crossed and ordered, and what they got is
    what filled."""
    for order in traded["orders"]:
        told = service.get(f"/explain/{order['orderRef']}").body
        parts = told["strategies"]
        assert {part["strategy"]: part["ordered"] for part in parts if part["ordered"]} == order["source"]
        for part in parts:
            assert part["working"] == 0
            assert part["target"] - part["holding"] == part["trade"] == part["crossed"] + part["ordered"]
            assert part["attributed"] == part["ordered"]
        signed = order["filled"] if order["action"] == "BUY" else -order["filled"]
        assert sum(part["attributed"] for part in parts) == signed
        assert sum(share for fill in told["fills"] for share in fill["shares"].values()) == signed
        assert told["price"] == traded["plan"]["prices"][str(order["conId"])]
        assert {verdict["verdict"] for verdict in told["limits"]} == {"passed"}
        assert told["run"]["runId"] == traded["runId"]


def test_the_explanation_says_it_in_words_too(service: ServiceUnderTest, traded: Any) -> None:
    order = next(order for order in traded["orders"] if set(order["source"]) == {"dummy", "trend"})
    [dummy, trend] = service.get(f"/explain/{order['orderRef']}").body["strategies"]
    assert dummy["why"].startswith(f"dummy wants {_plain(dummy['signal'])} of 180000 USD in")
    assert f"and {_plain(trend['ordered'])} by this order" in trend["why"]


def test_a_service_that_lost_its_journal_trades_nothing_that_it_once_ordered(
    tmp_path: Path, simulator: Launched, traded: Any
) -> None:
    """The broker shows orders under names that only this service gives out, and nobody knows any more whose they are:
    a person says so. It used to buy everything once more."""
    service = ServiceUnderTest.over(tmp_path, simulator.port)
    refused = service.post("/allocation", {"dryRun": True, "strategies": ["dummy"]})
    assert refused.status == 423
    held = {order["localSymbol"] for order in traded["orders"]}
    assert {lock["localSymbol"] for lock in refused.body["locks"]} <= held


@pytest.fixture
def another_simulator(launch: Launch, simulated: tuple[str, ...]) -> Launched:
    return launch(*simulated)


def test_every_call_left_a_line_refusals_and_misspelt_ones_too(
    tmp_path: Path, another_simulator: Launched
) -> None:
    service = ServiceUnderTest.over(tmp_path, another_simulator.port)
    job: dict[str, Any] = {
        "X_CloudScheduler_JobName": "ib-paper--allocation",
        "X_CloudScheduler_ScheduleTime": START,
    }
    service.post("/allocation", {"dryRun": True, "strategies": ["dummy"]}, **job)
    service.post("/allocation", {"dryrun": True})
    service.get("/current-time")
    service.post("/collect-market-data", {"instruments": ["KO"]}, Accept="application/x-ndjson")
    service.get("/runs")
    lines = list(reversed(service.services.activity.latest(10)))
    assert [(line.intent, line.dry_run, line.outcome) for line in lines] == [
        ("allocation", True, 200),
        ("allocation", False, 400),
        ("current-time", False, 200),
        ("collect-market-data", False, 200),
    ]
    assert (lines[0].facts["job"], lines[0].facts["due"]) == ("ib-paper--allocation", START)
    assert "did you mean 'dryRun'?" in str(lines[1].facts["detail"])


def test_lines_that_end_with_a_problem_are_recorded_as_that_problem(tmp_path: Path) -> None:
    """The status line said 200 before anything was known."""
    service = ServiceUnderTest.over(tmp_path, closed_port())
    reply = service.post("/collect-market-data", Accept="application/x-ndjson")
    assert (reply.status, json.loads(reply.text.splitlines()[-1])["status"]) == (200, 503)
    assert [line.outcome for line in service.services.activity.latest(10)] == [503]


def _plain(figure: float) -> str:
    return format(Decimal(str(figure)).normalize(), "f")
