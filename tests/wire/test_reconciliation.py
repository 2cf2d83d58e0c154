"""trade-reconciliation over the real wire: what the broker told is booked, what nothing explains waits for a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ib_trading_simulator.launch import Launched
from tests.positions import broker_positions, together
from tests.service import START, ServiceUnderTest, closed_port


def reconciled(service: ServiceUnderTest, **body: Any) -> Any:
    reply = service.post("/trade-reconciliation", body)
    assert reply.status == 200, reply.text
    return reply.body


def allocate(service: ServiceUnderTest, key: str) -> Any:
    return service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key=key)


def a_difference(service: ServiceUnderTest, simulator: Launched, symbol: str, quantity: int) -> None:
    """A trade by hand of a day whose executions are no longer told."""
    simulator.trade(symbol, "BUY", quantity)
    simulator.advance(by="1 day")


def test_with_nothing_to_explain_nothing_is_proposed(service: ServiceUnderTest, simulator: Launched) -> None:
    allocate(service, "monday")
    told = reconciled(service)
    assert (told["booked"], told["differences"], told["repairs"]) == ([], [], [])
    assert together(service.services.ledger.holdings()) == broker_positions(simulator)


def test_todays_trade_by_hand_is_booked_to_nobody_and_is_no_difference(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    """A comparable system undid its owner's trades at the next run."""
    simulator.trade("KO", "BUY", 77)
    told = reconciled(service)
    assert (told["holdings"], told["differences"]) == ({"unassigned": {"KO": 77}}, [])
    assert allocate(service, "monday").status == 200
    assert together(service.services.ledger.holdings()) == broker_positions(simulator)


def test_what_no_rule_explains_locks_its_instrument_until_the_repair_is_accepted(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    symbol = allocate(service, "first").body["orders"][0]["localSymbol"]
    a_difference(service, simulator, symbol, 5)
    [repair] = reconciled(service)["repairs"]
    assert (repair["localSymbol"], repair["kind"], repair["shares"]) == (
        symbol,
        "bookToUnassigned",
        {"unassigned": 5},
    )
    simulator.set_price(symbol, 1000)
    refused = allocate(service, "second")
    assert refused.status == 423
    assert symbol in refused.body["detail"]
    assert "/trade-reconciliation" in refused.body["detail"]
    after = reconciled(service, accept=[repair["id"]])
    assert ([one["id"] for one in after["applied"]], after["repairs"]) == ([repair["id"]], [])
    assert allocate(service, "third").status != 423
    assert together(service.services.ledger.holdings()) == broker_positions(simulator)


def test_a_difference_that_nobody_reconciled_yet_locks_its_instrument(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    """After a split between two runs: while trade-reconciliation alone locked, the next allocation traded on. Dry-run
    and run say the same, and name the repair that ends it."""
    symbol = allocate(service, "first").body["orders"][0]["localSymbol"]
    a_difference(service, simulator, symbol, 5)
    simulator.set_price(symbol, 1000)
    dry = service.post("/allocation", {"strategies": ["dummy"], "dryRun": True})
    refused = allocate(service, "second")
    assert (dry.status, refused.status) == (423, 423)
    assert dry.body["locks"] == refused.body["locks"]
    [lock] = refused.body["locks"]
    assert (lock["localSymbol"], lock["orderRefs"]) == (symbol, [])
    [repair] = refused.body["repairs"]
    reconciled(service, accept=[repair["id"]])
    assert allocate(service, "third").status != 423
    assert together(service.services.ledger.holdings()) == broker_positions(simulator)


def test_only_the_instrument_that_differs_is_locked(service: ServiceUnderTest, simulator: Launched) -> None:
    a_difference(service, simulator, "AAPL", 5)
    assert "AAPL" not in allocate(service, "monday").body["consolidatedTrades"]
    assert allocate(service, "monday").status == 200


def test_a_repair_is_applied_once_however_often_it_is_accepted(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    a_difference(service, simulator, "KO", 5)
    [repair] = reconciled(service)["repairs"]
    reconciled(service, accept=[repair["id"], repair["id"]])
    again = reconciled(service, accept=[repair["id"]])
    assert (again["applied"], again["differences"]) == ([], [])
    assert together(service.services.ledger.holdings()) == broker_positions(simulator)


def test_the_same_difference_a_second_time_is_another_repair(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    """An id that was booked once would otherwise make the second one unrepairable."""
    ids = []
    for side in ("BUY", "SELL", "BUY"):
        simulator.trade("KO", side, 5)
        simulator.advance(by="1 day")
        [repair] = reconciled(service)["repairs"]
        reconciled(service, accept=[repair["id"]])
        ids.append(repair["id"])
    assert len(set(ids)) == 3
    assert together(service.services.ledger.holdings()) == broker_positions(simulator)


def test_a_dry_run_proposes_the_same_and_writes_nothing(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    a_difference(service, simulator, "KO", 5)
    simulator.trade("AAPL", "BUY", 3)
    dry = reconciled(service, dryRun=True)
    assert service.bookings() == ()
    run = reconciled(service)
    assert (dry["repairs"], dry["booked"], dry["holdings"]) == (
        run["repairs"],
        run["booked"],
        run["holdings"],
    )


def test_an_id_that_stands_for_facts_that_have_moved_on_is_refused(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    a_difference(service, simulator, "KO", 5)
    [repair] = reconciled(service)["repairs"]
    a_difference(service, simulator, "KO", 1)
    refused = service.post("/trade-reconciliation", {"accept": [repair["id"]]})
    assert (refused.status, repair["id"] in refused.body["detail"]) == (422, True)
    assert service.services.ledger.holdings() == {}


def test_a_misspelt_dry_run_is_refused_and_not_taken_for_the_real_thing(service: ServiceUnderTest) -> None:
    assert service.post("/trade-reconciliation", {"dryrun": True}).status == 400


def test_the_same_key_again_gets_the_stored_answer_whatever_has_happened_since(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    """The scheduler's second attempt is told what the first one did, and does nothing."""
    due: dict[str, Any] = {
        "X_CloudScheduler_JobName": "ib-paper--trade-reconciliation",
        "X_CloudScheduler_ScheduleTime": START,
    }
    first = service.post("/trade-reconciliation", **due)
    simulator.trade("KO", "BUY", 7)
    again = service.post("/trade-reconciliation", **due)
    assert (first.status, again.status, again.text) == (200, 200, first.text)
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    assert together(service.services.ledger.holdings()) == {}


def test_without_a_key_every_call_looks_anew(service: ServiceUnderTest, simulator: Launched) -> None:
    """The signature of a request counts for trading runs. A person who reconciles twice in ten minutes has heard of
    something in between."""
    assert reconciled(service)["booked"] == []
    simulator.trade("KO", "BUY", 7)
    assert len(reconciled(service)["booked"]) == 1


def test_a_key_used_for_other_repairs_is_422(service: ServiceUnderTest, simulator: Launched) -> None:
    a_difference(service, simulator, "KO", 5)
    [repair] = service.post("/trade-reconciliation", Idempotency_Key="friday").body["repairs"]
    other = service.post("/trade-reconciliation", {"accept": [repair["id"]]}, Idempotency_Key="friday")
    assert (other.status, "use a new key" in other.body["detail"]) == (422, True)
    assert together(service.services.ledger.holdings()) == {}


def test_a_reconciliation_is_among_the_runs_with_its_answer(service: ServiceUnderTest) -> None:
    told = reconciled(service)
    reconciled(service, dryRun=True)
    [run] = service.get("/runs").body["runs"]
    assert (run["intent"], run["state"], run["status"]) == ("trade-reconciliation", "settled", 200)
    assert service.get(f"/runs/{told['runId']}").body["outcome"] == told


def test_a_refused_repair_is_the_keys_answer_in_the_same_bytes(service: ServiceUnderTest) -> None:
    replies = [
        service.post("/trade-reconciliation", {"accept": ["0123"]}, Idempotency_Key="friday")
        for _ in range(2)
    ]
    assert [(reply.status, reply.headers.get("Idempotency-Replayed")) for reply in replies] == [
        (422, None),
        (422, "true"),
    ]
    assert replies[0].text == replies[1].text
    assert [run["state"] for run in service.get("/runs").body["runs"]] == ["refused"]


def test_a_gateway_that_is_away_leaves_the_key_free(tmp_path: Path, simulator: Launched) -> None:
    absent = ServiceUnderTest.over(tmp_path, closed_port())
    assert absent.post("/trade-reconciliation", Idempotency_Key="friday").status == 503
    assert absent.services.ledger.runs(10) == ()
    present = ServiceUnderTest.over(tmp_path, simulator.port)
    reply = present.post("/trade-reconciliation", Idempotency_Key="friday")
    assert (reply.status, reply.headers.get("Idempotency-Replayed")) == (200, None)
