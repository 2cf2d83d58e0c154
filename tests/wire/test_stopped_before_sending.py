"""What goes wrong between the plan and the first order marked as sending is told as what it is: nothing was done, and
the same key may trade later.

Every error of that moment was answered as the broker's fault, 502, with orders "under way" that never were.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ib_trading.adapters.local.sqlite_journal import SqliteJournal
from ib_trading.core.journal import Run, RunState
from ib_trading.core.lease import Lease
from ib_trading.core.order import Order
from ib_trading.core.refusals import Refusal, StaleFence, StoreUnavailable
from ib_trading.core.snapshot import TradingSwitch
from ib_trading_simulator.launch import Launched
from tests.scripted_strategies import holdings, told


def sent(simulator: Launched) -> int:
    return len(simulator.state(messages=False)["orders"])


def test_a_switch_thrown_after_planning_stops_a_run_of_crosses_alone_with_423(
    tmp_path: Path, simulator: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the key's stored answer, as if the switch had been thrown before the plan was made."""
    service, alpha, beta = told(tmp_path, simulator)
    alpha.says = {"KO": 0.5}
    service.post("/allocation")
    before = holdings(service)
    alpha.says, beta.says = {}, {"KO": 0.5}
    save_plan = SqliteJournal.save_plan

    def saving(journal: SqliteJournal, run: Run, orders: Sequence[Order], lease: Lease) -> None:
        save_plan(journal, run, orders, lease)
        journal.set_trading_switch(TradingSwitch(False, "margin call"), service.services.clock.now())

    monkeypatch.setattr(SqliteJournal, "save_plan", saving)
    reply = service.post("/allocation", Idempotency_Key="crosses")
    assert (reply.status, "margin call" in reply.body["detail"]) == (423, True), reply.text
    assert (holdings(service), sent(simulator)) == (before, 1)
    (run,) = service.services.ledger.runs(1)
    assert (run.state, len(run.planned()["internalCrosses"])) == (RunState.REFUSED, 1)
    assert service.post("/allocation", Idempotency_Key="crosses").text == reply.text


@pytest.mark.parametrize(
    ("error", "status"),
    [(StoreUnavailable("the journal is away"), 503), (StaleFence("another holder has the lease"), 409)],
)
@pytest.mark.parametrize("writes", [0, 1], ids=["the plan", "the first window"])
def test_a_write_that_fails_before_the_first_order_leaves_is_told_as_itself(
    tmp_path: Path,
    simulator: Launched,
    monkeypatch: pytest.MonkeyPatch,
    error: Refusal,
    status: int,
    writes: int,
) -> None:
    service, alpha, _ = told(tmp_path, simulator)
    alpha.says = {"KO": 0.5}
    saved: list[Run] = []
    save_plan = SqliteJournal.save_plan

    def saving(journal: SqliteJournal, run: Run, orders: Sequence[Order], lease: Lease) -> None:
        if len(saved) == writes:
            raise error
        saved.append(run)
        save_plan(journal, run, orders, lease)

    with monkeypatch.context() as patched:
        patched.setattr(SqliteJournal, "save_plan", saving)
        reply = service.post("/allocation", Idempotency_Key="k")
    assert (reply.status, sent(simulator)) == (status, 0), reply.text
    again = service.post("/allocation", Idempotency_Key="k")
    assert (again.status, sent(simulator)) == (200, 1), again.text
