"""close-all over the real wire, judged by the simulator's own record."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from ib_trading.core.journal import Run, RunState
from ib_trading.core.order_kind import OrderType, TimeInForce
from ib_trading.core.order_state import OrderState
from ib_trading_simulator.launch import Launched
from tests.contracts.samples import an_order
from tests.positions import broker_positions_by_symbol
from tests.service import ServiceUnderTest


def an_order_in_doubt(service: ServiceUnderTest, simulator: Launched, symbol: str) -> None:
    """A run that marked its order as sending, and whose bytes never left."""
    services = service.services
    (con_id,) = [
        row["conId"] for row in simulator.state(messages=False)["positions"] if row["symbol"] == symbol
    ]
    run = Run("run-1", "lost", "hash", "allocation", RunState.CLAIMED, services.clock.now())
    services.claims.claim(run, None)
    order = an_order(
        "ib-plost",
        run.run_id,
        OrderState.SENDING,
        con_id=con_id,
        local_symbol=symbol,
        quantity=Decimal(5),
        source={"dummy": Decimal(5)},
    )
    with services.leased(run.run_id) as ledger:
        ledger.record_plan(replace(run, state=RunState.SUBMITTING), [order])


def test_everything_is_closed_while_trading_is_disabled_strategies_and_manual_trades_alike(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    """The kill switch never traps a position."""
    service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="1")
    simulator.trade("KO", "BUY", 77)
    assert broker_positions_by_symbol(simulator)
    service.disable_trading("audit")
    dry = service.post("/close-all", {"dryRun": True})
    assert (dry.status, len(broker_positions_by_symbol(simulator)) > 1) == (200, True)
    reply = service.post("/close-all")
    assert reply.status == 200, reply.text
    assert reply.body["plan"] == dry.body["plan"]
    assert broker_positions_by_symbol(simulator) == {}
    ledger = service.services.ledger.holdings()
    assert {name: held for name, held in ledger.items() if name != "unassigned" and held} == {}
    assert service.get("/summary").body["holdings"]["unassigned"] == {}


def test_one_strategy_is_closed_and_what_is_nobody_s_stays(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="1")
    simulator.trade("KO", "BUY", 77)
    before = service.get("/summary").body["holdings"]["dummy"]
    reply = service.post("/close-all", {"strategies": ["dummy"]})
    assert (reply.status, bool(before)) == (200, True)
    assert broker_positions_by_symbol(simulator) == {"KO": 77}


def test_a_live_order_of_ours_is_cancelled_before_anything_is_closed(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    """A limit far below the market works on; close-all cancels it, in a session of its own, and hears of it."""
    with service.services.gateway.session() as broker:
        from ib_trading.core.instruments import ContractSpec

        apple = broker.instruments([ContractSpec("AAPL")])[ContractSpec("AAPL")]
        (order_id,) = broker.next_order_ids(1)
        low: dict[str, Any] = {
            "order_type": OrderType.LIMIT,
            "limit_price": Decimal(1),
            "tif": TimeInForce.GTC,
        }
        broker.place(an_order("ib-plive", "run-1", **low), order_id, simulator.account, apple)
        broker.follow(["ib-plive"], until_final=False, seconds=10)
    simulator.trade("KO", "BUY", 77)
    reply = service.post("/close-all")
    assert reply.status == 200, reply.text
    (live,) = [one for one in simulator.state(messages=False)["orders"] if one["orderRef"] == "ib-plive"]
    assert live["status"] == "Cancelled"
    assert broker_positions_by_symbol(simulator) == {}


def test_a_difference_locks_nothing_and_the_broker_s_word_is_closed(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    """A trade by hand of yesterday, or a split: an allocation may not touch it, close-all gets rid of it."""
    simulator.trade("KO", "BUY", 77)
    simulator.advance(by="1 day")
    assert len(service.post("/trade-reconciliation", {"dryRun": True}).body["repairs"]) == 1
    reply = service.post("/close-all")
    assert (reply.status, reply.body["locks"]) == (200, []), reply.text
    assert broker_positions_by_symbol(simulator) == {}


def test_an_order_in_doubt_leaves_its_contract_out_and_the_rest_is_closed(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    """The answer says so with 423, is complete, and is the key's own; a dry-run plans the same bytes."""
    simulator.trade("KO", "BUY", 77)
    simulator.trade("AAPL", "BUY", 5)
    an_order_in_doubt(service, simulator, "AAPL")
    dry = service.post("/close-all", {"dryRun": True})
    reply = service.post("/close-all", Idempotency_Key="all")
    assert (dry.status, reply.status) == (423, 423), reply.text
    assert dry.body["plan"] == reply.body["plan"]
    assert [(one["localSymbol"], one["status"]) for one in reply.body["orders"]] == [("KO", "filled")]
    assert [lock["localSymbol"] for lock in reply.body["locks"]] == ["AAPL"]
    assert [warning.partition(":")[0] for warning in reply.body["warnings"]] == ["AAPL"]
    assert "left out: AAPL" in reply.body["detail"]
    assert broker_positions_by_symbol(simulator) == {"AAPL": 5}
    assert service.post("/close-all", Idempotency_Key="all").text == reply.text
    [repair] = service.post("/trade-reconciliation").body["repairs"]
    service.post("/trade-reconciliation", {"accept": [repair["id"]]})
    assert service.post("/close-all").status == 200
    assert broker_positions_by_symbol(simulator) == {}


def test_what_a_closed_exchange_keeps_from_closing_is_told_and_is_not_200(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    """Whoever reads 200 believes that nothing is held any more."""
    simulator.trade("KO", "BUY", 77)
    simulator.advance(by="8 hours")
    dry = service.post("/close-all", {"dryRun": True})
    reply = service.post("/close-all")
    assert (dry.status, reply.status, reply.body["orders"]) == (423, 423, []), reply.text
    assert dry.body["plan"] == reply.body["plan"]
    assert reply.body["title"] == "An instrument was left out"
    assert reply.body["detail"].startswith("left out: KO; close it while its exchange is open")
    assert [lock["localSymbol"] for lock in reply.body["locks"]] == ["KO"]
    assert broker_positions_by_symbol(simulator) == {"KO": 77}


def test_an_unknown_strategy_is_400_and_nothing_is_cancelled_or_closed(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    simulator.trade("KO", "BUY", 77)
    reply = service.post("/close-all", {"strategies": ["dumy"]})
    assert (reply.status, reply.body["errors"][0]["path"]) == (400, "strategies[0]")
    assert broker_positions_by_symbol(simulator) == {"KO": 77}


def test_get_does_not_close(service: ServiceUnderTest) -> None:
    assert service.get("/close-all").status == 405
