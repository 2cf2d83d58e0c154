"""The main job over the real wire: service → TCP → simulator, judged by the simulator's own record."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

from ib_trading_simulator.launch import Launched
from tests.elapsed import within
from tests.positions import broker_positions_by_symbol, together
from tests.service import STACK_FILE, START, ServiceUnderTest, closed_port


def test_the_brokers_clock_is_told(service: ServiceUnderTest) -> None:
    assert service.get("/current-time").body["brokerTime"] == START


def test_an_allocation_fills_and_the_ledger_equals_theat_the_broker_by_symbol(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    collected = service.post("/collect-market-data", {"strategies": ["trend"]})
    assert (collected.status, collected.body["requested"]) == (200, 20)
    reply = service.post("/allocation", Idempotency_Key="first")
    assert reply.status == 200, reply.text
    assert len(reply.body["orders"]) >= 10
    assert {order["status"] for order in reply.body["orders"]} == {"filled"}
    assert all(order["commission"] > 0 for order in reply.body["orders"])
    assert together(service.get("/summary").body["holdings"]) == broker_positions_by_symbol(simulator)


def test_two_strategies_of_one_class_trade_and_hold_under_their_own_names(
    tmp_path: Path, simulator: Launched
) -> None:
    strategies = '{calm: {share: "0.1", strategy: dummy}, bold: {share: "0.3", strategy: dummy}}'
    stack_file = STACK_FILE.replace('{dummy: "0.2", trend: "0.6"}', strategies)
    service = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=stack_file)
    service.post("/allocation", {"strategies": ["bold"]})
    assert set(service.services.ledger.holdings()) == {"bold"}
    body = service.post("/allocation").body
    assert body["exposure"] == {"overall": 0.9, "calm": 0.1, "bold": 0.3}
    assert set(service.services.ledger.holdings()) == {"calm", "bold"}
    assert together(service.get("/summary").body["holdings"]) == broker_positions_by_symbol(simulator)


def test_every_fill_happened_at_the_simulators_own_bid_or_ask(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    service.post("/allocation", {"strategies": ["dummy"]})
    executions = simulator.state(messages=False)["executions"]
    assert executions
    for execution in executions:
        side = "ask" if execution["side"] == "BOT" else "bid"
        assert Decimal(str(execution["price"])) == Decimal(str(execution[side]))


def test_a_dry_run_is_the_runs_plan_byte_for_byte_and_sends_nothing(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    service.post("/collect-market-data")
    dry = service.post("/allocation", {"dryRun": True})
    assert (dry.status, dry.body["dryRun"], dry.body["orders"]) == (200, True, [])
    assert simulator.state(messages=False)["orders"] == []
    run = service.post("/allocation")
    assert _plan_bytes(run.text) == _plan_bytes(dry.text)


def test_the_same_key_again_gets_the_stored_answer(service: ServiceUnderTest, simulator: Launched) -> None:
    first = service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="monday")
    orders = simulator.state(messages=False)["orders"]
    again = service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="monday")
    assert again.text == first.text
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert simulator.state(messages=False)["orders"] == orders


def test_the_same_request_without_a_key_counts_as_a_repetition(service: ServiceUnderTest) -> None:
    """A scheduler's retry that lost its headers must not trade twice within retryCheckMinutes."""
    first = service.post("/allocation", {"strategies": ["dummy"]})
    assert service.post("/allocation", {"strategies": ["dummy"]}).text == first.text


def test_a_key_used_for_another_request_is_422(service: ServiceUnderTest) -> None:
    service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="monday")
    other = service.post("/allocation", {"strategies": ["trend"]}, Idempotency_Key="monday")
    assert (other.status, other.body["title"]) == (422, "Idempotency key used again for another request")


def test_a_new_key_on_an_unchanged_market_plans_no_order(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    """Commissions have lowered net liquidation by then; the no-trade band keeps that from moving single
    shares.
    """
    service.post("/collect-market-data")
    assert service.post("/allocation", Idempotency_Key="1").body["orders"]
    before = len(simulator.state(messages=False)["orders"])
    second = service.post("/allocation", Idempotency_Key="2")
    assert (second.status, second.body["orders"], second.body["plan"]["orders"]) == (200, [], [])
    assert len(simulator.state(messages=False)["orders"]) == before


def test_history_is_asked_for_once(service: ServiceUnderTest, simulator: Launched) -> None:
    first = service.post("/collect-market-data")
    assert first.body["stored"] > 5000
    second = service.post("/collect-market-data")
    assert (second.body["requested"], second.body["stored"]) == (0, 0)


def test_progress_comes_as_lines_when_asked_for(service: ServiceUnderTest) -> None:
    reply = service.post(
        "/collect-market-data", {"instruments": ["AAPL", "KO"]}, Accept="application/x-ndjson"
    )
    lines = [json.loads(line) for line in reply.text.splitlines()]
    assert [(line["localSymbol"], line["done"], line["of"]) for line in lines[:-1]] == [
        ("AAPL", 1, 2),
        ("KO", 2, 2),
    ]
    assert lines[-1]["stored"] == sum(line["stored"] for line in lines[:-1]) > 0


def test_an_account_of_the_other_kind_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with Launched.start("--clock", "virtual", "--start", START, "--account", "U1234567") as live_gateway:
        service = ServiceUnderTest.over(tmp_path, live_gateway.port)
        reply = service.post("/allocation", {"strategies": ["dummy"]})
        assert reply.status == 422
        assert "U1234567, a live account, but this service trades paper" in reply.body["detail"]
        assert service.get("/summary").status == 422
        assert live_gateway.state(messages=False)["orders"] == []


def test_a_login_with_several_accounts_must_be_told_which(tmp_path: Path) -> None:
    with Launched.start("--clock", "virtual", "--start", START, "--account", "DU1,DU2") as gateway:
        reply = ServiceUnderTest.over(tmp_path, gateway.port).post("/allocation", {"strategies": ["dummy"]})
        assert reply.status == 422
        assert "DU1, DU2; say which one in ib-trading:trading.account" in reply.body["detail"]


def test_a_gateway_that_is_not_there_leaves_nothing_behind(tmp_path: Path) -> None:
    """503 within five seconds; no order, holding or stored answer remains, and the same key trades later."""
    absent = ServiceUnderTest.over(tmp_path, closed_port())
    with within(5):
        reply = absent.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="monday")
    assert reply.status == 503
    assert int(reply.headers["Retry-After"]) > 0
    assert absent.services.ledger.runs(10) == ()
    assert absent.services.ledger.unsettled_orders() == ()
    assert absent.services.ledger.holdings() == {}
    assert absent.get("/ready").status == 503
    with Launched.start("--clock", "virtual", "--start", START) as gateway:
        present = ServiceUnderTest.over(tmp_path, gateway.port)
        assert present.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="monday").status == 200


def test_while_the_exchange_is_closed_a_market_order_is_refused(tmp_path: Path) -> None:
    """It would queue for the next session and fill at a price nobody sized it for."""
    with Launched.start("--clock", "virtual", "--start", "2019-06-03T22:00:00Z") as gateway:
        reply = ServiceUnderTest.over(tmp_path, gateway.port).post("/allocation", {"strategies": ["dummy"]})
        assert reply.status == 422
        assert "exchange open for a market order" in reply.body["detail"]
        assert gateway.state(messages=False)["orders"] == []


def test_on_a_holiday_a_run_ends_well_and_sends_nothing(tmp_path: Path) -> None:
    """On 4 July it was refused, retried, and reported as missed."""
    with Launched.start("--clock", "virtual", "--start", "2019-07-04T15:00:00Z") as gateway:
        reply = ServiceUnderTest.over(tmp_path, gateway.port).post("/allocation", {"strategies": ["dummy"]})
        assert (reply.status, reply.body["orders"]) == (200, [])
        assert reply.body["trades"]["dummy"], "what it would have done is said"
        assert "2019-07-04 is no trading day there" in reply.body["warnings"][0]
        assert gateway.state(messages=False)["orders"] == []


def test_a_manual_trade_is_nobodys_and_is_left_alone(service: ServiceUnderTest, simulator: Launched) -> None:
    """A comparable system undid its owner's own trades at the next run."""
    simulator.trade("KO", "BUY", 77)
    service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="1")
    assert service.get("/summary").body["holdings"]["unassigned"] == {"KO": 77}
    assert together(service.get("/summary").body["holdings"]) == broker_positions_by_symbol(simulator)


def test_with_the_kill_switch_off_nothing_is_sent(service: ServiceUnderTest, simulator: Launched) -> None:
    service.disable_trading("audit")
    reply = service.post("/allocation", {"strategies": ["dummy"]})
    assert (reply.status, "audit" in reply.body["detail"]) == (423, True)
    assert simulator.state(messages=False)["orders"] == []


def _plan_bytes(text: str) -> str:
    """The plan as it stands in a response: from its brace to the one that closes it."""
    start = text.index('"plan":') + len('"plan":')
    _, length = json.JSONDecoder().raw_decode(text[start:])
    return text[start : start + length]


def test_a_refusal_is_stored_and_told_again_in_the_same_bytes(tmp_path: Path) -> None:
    with Launched.start("--clock", "virtual", "--start", "2019-06-03T22:00:00Z") as gateway:
        service = ServiceUnderTest.over(tmp_path, gateway.port)
        first = service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="a key of words")
        again = service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="a key of words")
        assert (first.status, again.status, again.text) == (422, 422, first.text)
        assert again.headers["Idempotency-Replayed"] == "true"
