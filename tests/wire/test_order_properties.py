"""What a request says about its orders: refused where it does not go together, sent as it was said where it does."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ib_trading.adapters.ib.session import IbGateway
from ib_trading.core.instruments import ContractSpec
from ib_trading.core.order_state import OrderState
from ib_trading_simulator.launch import Launched
from tests.contracts.samples import an_order
from tests.service import STACK_FILE, ServiceUnderTest

ONLY_DUMMY = {"strategies": ["dummy"]}


def allocate(service: ServiceUnderTest, *, key: str = "1", **properties: Any) -> Any:
    return service.post("/allocation", ONLY_DUMMY | {"orderProperties": properties}, Idempotency_Key=key)


def test_limit_orders_at_the_mid_and_their_offset_leave_with_their_prices(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    reply = allocate(service, orderType="LMT", limitOffsetBps="50")
    assert reply.status == 200, reply.text
    prices = {int(con_id): price["price"] for con_id, price in reply.body["prices"].items()}
    planned = reply.body["plan"]["orders"]
    assert planned
    for order in planned:
        assert abs(order["limitPrice"] / prices[order["conId"]] - 1) < 0.0051
    sent = {one["symbol"]: one for one in simulator.state(messages=False)["orders"]}
    assert {one["orderType"] for one in sent.values()} == {"LMT"}


@pytest.mark.parametrize(
    ("properties", "path"),
    [
        ({"orderType": "MOC", "tif": "GTC"}, "orderProperties.tif"),
        ({"limitOffsetBps": "5"}, "orderProperties.limitOffsetBps"),
        ({"goodAfterTime": "15:45"}, "orderProperties.goodAfterTime"),
        ({"goodAfterTime": "03/04/2019 15:45 America/New_York"}, "orderProperties.goodAfterTime"),
        ({"goodAfterTime": "09:00 America/New_York"}, "orderProperties.goodAfterTime"),
        ({"tif": "GTC", "adaptivePriority": "Normal"}, "orderProperties.adaptivePriority"),
        ({"adaptivepriority": None}, "orderProperties.adaptivepriority"),
        ({"orderType": "REL"}, "orderProperties.orderType"),
        ({"orderType": "STP"}, "orderProperties.stopOffsetBps"),
    ],
)
def test_what_does_not_go_together_is_400_with_the_key_and_may_be_corrected_under_the_same_idempotency_key(
    service: ServiceUnderTest, simulator: Launched, properties: dict[str, Any], path: str
) -> None:
    """9:00 has passed by the broker's clock, which nobody knows before it was asked: the claim is withdrawn."""
    refused = allocate(service, **properties)
    assert (refused.status, refused.body["errors"][0]["path"]) == (400, path)
    assert service.services.ledger.runs(10) == ()
    assert simulator.state(messages=False)["orders"] == []
    assert allocate(service).status == 200


def test_an_order_for_later_is_refused_without_a_reconciliation_and_the_plan_shows_both_times(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    reply = allocate(service, goodAfterTime="15:45 America/New_York")
    assert (reply.status, "trade-reconciliation" in reply.body["detail"]) == (422, True)
    order = reply.body["plan"]["orders"][0]
    assert (order["goodAfter"], order["goodAfterAtExchange"]) == (
        "2019-06-03T19:45:00Z",
        "2019-06-03 15:45:00 US/Eastern",
    )
    assert simulator.state(messages=False)["orders"] == []


def test_no_algo_where_null_says_so_and_the_named_priority_where_one_is_named(
    service: ServiceUnderTest,
) -> None:
    plain = service.post(
        "/allocation", ONLY_DUMMY | {"dryRun": True, "orderProperties": {"adaptivePriority": None}}
    )
    urgent = service.post(
        "/allocation", ONLY_DUMMY | {"dryRun": True, "orderProperties": {"adaptivePriority": "Urgent"}}
    )
    default = service.post("/allocation", ONLY_DUMMY | {"dryRun": True})
    assert [
        {order["adaptivePriority"] for order in reply.body["plan"]["orders"]}
        for reply in (plain, urgent, default)
    ] == [{None}, {"Urgent"}, {"Normal"}]


def test_an_order_waits_for_its_start_at_the_broker(simulator: Launched) -> None:
    with IbGateway("127.0.0.1", simulator.port, 101).session() as broker:
        apple = broker.instruments([ContractSpec("AAPL")])[ContractSpec("AAPL")]
        (order_id,) = broker.next_order_ids(1)
        start = datetime.fromisoformat("2019-06-03T15:30:00+00:00")
        later = an_order("ib-plater", "run-1", quantity=Decimal(5), good_after=start)
        broker.place(later, order_id, simulator.account, apple)
        held = broker.follow(["ib-plater"], until_final=False, seconds=10)["ib-plater"]
        assert (held.state, held.filled) == (OrderState.WORKING, 0)
        simulator.advance(to="2019-06-03T15:30:05Z")
        assert (
            broker.follow(["ib-plater"], until_final=True, seconds=10)["ib-plater"].state is OrderState.FILLED
        )


IMPATIENT = STACK_FILE + "    fillSeconds: 1\n"


def test_what_is_at_work_already_is_in_the_plan_and_set_off_against_the_target(
    tmp_path: Path, simulator: Launched
) -> None:
    """target − holding − working = trade: without the third figure a plan without orders explains nothing."""
    service = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=IMPATIENT)
    first = allocate(service, orderType="LMT", limitOffsetBps="-500")
    waiting = {order["localSymbol"]: order["quantity"] for order in first.body["orders"]}
    assert {order["status"] for order in first.body["orders"]} == {"working"}
    plan = service.post("/allocation", ONLY_DUMMY | {"dryRun": True}).body["plan"]
    assert plan["working"] == {"dummy": waiting}
    assert (plan["holdings"], plan["orders"]) == ({"dummy": {}}, [])
    for symbol, target in plan["targetPositions"]["dummy"].items():
        assert plan["trades"]["dummy"][symbol] == target - waiting.get(symbol, 0) == 0


WHAT_IF = STACK_FILE + "    whatIf: true\n"


def test_with_what_if_every_order_is_asked_about_and_none_is_placed_by_it(
    tmp_path: Path, simulator: Launched
) -> None:
    service = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=WHAT_IF)
    dry = service.post("/allocation", ONLY_DUMMY | {"dryRun": True})
    (margin,) = [one for one in dry.body["limits"] if one["rule"] == "margin by the broker's what-if"]
    assert (dry.status, margin["verdict"]) == (200, "passed")
    assert simulator.state(messages=False)["orders"] == []
    run = service.post("/allocation", ONLY_DUMMY)
    assert (run.status, len(run.body["orders"])) == (200, len(dry.body["plan"]["orders"]))


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_broker_too_slow_for_the_what_if_questions_is_a_504_that_leaves_the_key_free(
    tmp_path: Path, dry_run: bool, simulator: Launched
) -> None:
    hurried = WHAT_IF + "    runDeadlineSeconds: 1\n"
    asked = ONLY_DUMMY | {"dryRun": dry_run}
    service = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=hurried)
    simulator.fault({"do": "delay", "realSeconds": 0.4}, message="openOrder", times="always")
    late = service.post("/allocation", asked, Idempotency_Key="monday")
    assert (late.status, "what-if questions" in late.body["detail"]) == (504, True), late.text
    assert (simulator.state(messages=False)["orders"], service.services.ledger.runs(5)) == ([], ())
    simulator.behave()
    again = service.post("/allocation", asked, Idempotency_Key="monday")
    assert (again.status, again.headers.get("Idempotency-Replayed")) == (200, None)


def test_a_what_if_question_that_stays_without_an_answer_is_a_refusal(
    tmp_path: Path, simulator: Launched
) -> None:
    """It was 502, as if the broker could not be relied on at all; the documents had promised 422."""
    service = ServiceUnderTest.impatient(tmp_path, simulator.port, stack_file=WHAT_IF)
    simulator.fault({"do": "drop"}, message="placeOrder", times=1)
    reply = service.post("/allocation", ONLY_DUMMY)
    assert (reply.status, "margin by the broker's what-if" in reply.body["detail"]) == (422, True), reply.text
    assert simulator.state(messages=False)["orders"] == []


LOSS = STACK_FILE + '    limits: {maxDailyLossPercent: "2"}\n'


def test_after_a_day_of_losses_only_the_way_out_is_open(tmp_path: Path, simulator: Launched) -> None:
    service = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=LOSS)
    simulator.trade("KO", "BUY", 10_000)
    price = simulator.state(messages=False)["executions"][0]["price"]
    simulator.set_price("KO", f"{float(price) * 0.9:.2f}")
    reply = service.post("/allocation", ONLY_DUMMY)
    assert (reply.status, "daily loss in %" in reply.body["detail"]) == (422, True)
    assert service.post("/close-all").status == 200


SCHEDULED = STACK_FILE + (
    "    schedules:\n"
    '      - {intent: trade-reconciliation, cron: "30 17 * * mon-fri", timeZone: America/New_York}\n'
)


def test_an_order_for_later_fills_after_the_answer_and_the_reconciliation_books_it(
    tmp_path: Path, simulator: Launched
) -> None:
    """The run does not wait for what cannot fill yet; the gateway tells that day's executions to whoever asks."""
    service = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=SCHEDULED)
    reply = allocate(service, goodAfterTime="15:45 America/New_York")
    assert (reply.status, {order["status"] for order in reply.body["orders"]}) == (200, {"working"})
    assert service.services.ledger.holdings() == {}
    simulator.advance(to="2019-06-03T21:30:00Z")
    settled = service.post("/trade-reconciliation")
    assert (settled.status, settled.body["repairs"]) == (200, []), settled.text
    bought = {row["symbol"]: Decimal(row["quantity"]) for row in simulator.state(messages=False)["positions"]}
    assert bought
    assert {name: Decimal(q) for name, q in settled.body["holdings"]["dummy"].items()} == bought


@pytest.mark.parametrize(
    "properties",
    [
        {"orderType": "STP", "stopOffsetBps": "100"},
        {"orderType": "STP LMT", "stopOffsetBps": "100", "limitOffsetBps": "100"},
        {"orderType": "TRAIL", "trailingOffsetBps": "100"},
        {"orderType": "TRAIL LIMIT", "trailingOffsetBps": "100", "limitOffsetBps": "100"},
    ],
    ids=lambda properties: properties["orderType"],
)
def test_a_stop_waits_at_the_broker_until_the_market_comes_to_it(
    tmp_path: Path, simulator: Launched, properties: dict[str, str]
) -> None:
    service = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=SCHEDULED)
    reply = allocate(service, **properties)
    assert (reply.status, {order["status"] for order in reply.body["orders"]}) == (200, {"working"}), (
        reply.text
    )
    shown = {one["symbol"]: one for one in simulator.state(messages=False)["orders"]}
    assert {one["orderType"] for one in shown.values()} == {properties["orderType"]}
    assert simulator.state(messages=False)["positions"] == []

    planned = reply.body["plan"]["orders"][0]
    symbol = planned["localSymbol"]
    simulator.set_price(symbol, f"{planned['stopPrice'] * 1.002:.2f}")
    settled = service.post("/trade-reconciliation")
    assert settled.body["holdings"] == {"dummy": {symbol: planned["quantity"]}}, settled.text
    told = service.get(f"/runs/{reply.body['runId']}").body["orders"]
    [filled] = [order for order in told if order["localSymbol"] == symbol]
    assert (filled["status"], filled["orderType"], filled["tif"]) == (
        "filled",
        properties["orderType"],
        "DAY",
    )
    assert filled["commission"] > 0
    assert {order["status"] for order in told if order is not filled} == {"working"}


HURRIED = STACK_FILE + "    runDeadlineSeconds: 1\n"


def test_a_run_whose_deadline_passes_while_orders_work_is_504_and_the_next_call_tells_what_became_of_them(
    tmp_path: Path, simulator: Launched
) -> None:
    service = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=HURRIED)
    late = allocate(service, orderType="LMT", limitOffsetBps="-500", key="late")
    assert (late.status, "not done" in late.body["detail"]) == (504, True), late.text
    simulator.advance(to="2019-06-03T20:30:00Z")
    told = allocate(service, orderType="LMT", limitOffsetBps="-500", key="late")
    assert told.status == 502
    assert {order["status"] for order in told.body["orders"]} == {"cancelled"}
    assert len(simulator.state(messages=False)["orders"]) == len(told.body["orders"])
