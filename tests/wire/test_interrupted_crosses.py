"""Internal crosses of a run that did not reach its end: booked once, by everyone alike, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ib_trading.adapters.local.sqlite_journal import SqliteJournal
from ib_trading.core.journal import Run
from ib_trading.core.lease import Lease
from ib_trading.core.order import Order
from ib_trading.core.order_state import OrderState
from ib_trading.core.refusals import StoreUnavailable
from ib_trading_simulator.launch import Launched
from tests.scripted_strategies import Says, holdings, told
from tests.service import ServiceUnderTest


@pytest.fixture
def alpha_has_ko(tmp_path: Path, simulator: Launched) -> tuple[ServiceUnderTest, Says, Says]:
    service, alpha, beta = told(tmp_path, simulator)
    alpha.says = {"KO": 0.5}
    service.post("/allocation")
    return service, alpha, beta


def test_after_an_interruption_a_dry_run_counts_the_crosses_that_the_run_books_first(
    alpha_has_ko: tuple[ServiceUnderTest, Says, Says], simulator: Launched
) -> None:
    """Alpha gives its KO to beta and buys JNJ; the connection is lost with the order. The run after it booked the cross
    before it planned, the dry-run before that did not: it planned the same cross again."""
    service, alpha, beta = alpha_has_ko
    alpha.says, beta.says = {"JNJ": 0.2}, {"KO": 0.5}
    simulator.fault({"do": "disconnect"}, message="placeOrder")
    assert service.post("/allocation", Idempotency_Key="lost").status == 502
    before = holdings(service)
    dry = service.post("/allocation", {"dryRun": True})
    assert (set(before), holdings(service)) == ({"alpha"}, before)
    run = service.post("/allocation", Idempotency_Key="next")
    assert dry.body["plan"] == run.body["plan"]
    assert run.body["plan"]["internalCrosses"] == []
    assert run.body["plan"]["holdings"]["beta"] == {"KO": next(iter(before["alpha"].values()))}
    assert service.post("/allocation", {"dryRun": True}).body["plan"]["internalCrosses"] == []


def test_what_the_kill_switch_had_stopped_is_not_booked_by_whoever_finishes_the_run(
    alpha_has_ko: tuple[ServiceUnderTest, Says, Says],
    simulator: Launched,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The switch was thrown before the only order left, which was abandoned, and the process died before its
    answer. The next call, with trading disabled all the while, moved the shares of the cross from alpha to beta."""
    service, alpha, beta = alpha_has_ko
    before = holdings(service)
    alpha.says, beta.says = {"JNJ": 0.2}, {"KO": 0.5}
    saved: list[Run] = []
    save_plan, save_orders = SqliteJournal.save_plan, SqliteJournal.save_orders

    def saving_plan(journal: SqliteJournal, run: Run, orders: Sequence[Order], lease: Lease) -> None:
        save_plan(journal, run, orders, lease)
        saved.append(run)
        if len(saved) == 2:  # the plan, then the orders that are about to leave
            service.disable_trading("stop")

    def dying(journal: SqliteJournal, orders: Sequence[Order], lease: Lease) -> None:
        save_orders(journal, orders, lease)
        raise StoreUnavailable("died here")

    with monkeypatch.context() as patched:
        patched.setattr(SqliteJournal, "save_plan", saving_plan)
        patched.setattr(SqliteJournal, "save_orders", dying)
        assert service.post("/allocation", Idempotency_Key="died").status == 502
    assert [order.state for order in service.services.ledger.orders(saved[0].run_id)] == [
        OrderState.ABANDONED
    ]
    assert service.post("/trade-reconciliation").status == 200
    assert holdings(service) == before
    assert len(simulator.state(messages=False)["orders"]) == 1
