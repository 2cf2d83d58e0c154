"""The application meets each publicly reported incident that the simulator ships, and is not fooled.

Judged by the simulator's record: every planned order was sent once, and what it filled is what the ledger holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import pytest

from ib_trading_simulator.launch import Launched
from ib_trading_simulator.misbehaving.scenario import SHIPPED
from tests.service import START, ServiceUnderTest

Meet = Callable[[str], tuple[Launched, ServiceUnderTest]]
TRADED = ("false-cancel-10349", "fills-without-status", "executions-twice")
NOT_ANSWERED = ("executions-without-end",)


@pytest.fixture
def meet(tmp_path: Path) -> Iterator[Meet]:
    """Starts a simulator that misbehaves so, and a service on it."""
    with ExitStack() as running:

        def start(name: str) -> tuple[Launched, ServiceUnderTest]:
            options = ("--clock", "virtual", "--start", START, "--cash", "USD=1000000")
            scenario = ("--scenario", SHIPPED / f"{name}.toml")
            simulator = running.enter_context(Launched.start(*options, *scenario))
            serving = ServiceUnderTest.impatient if name in NOT_ANSWERED else ServiceUnderTest.over
            return simulator, serving(tmp_path, simulator.port)

        yield start


def test_every_shipped_scenario_is_met() -> None:
    """A file that nobody tries proves nothing."""
    assert {path.stem for path in SHIPPED.iterdir()} == {*TRADED, *NOT_ANSWERED}


@pytest.mark.parametrize("name", TRADED)
def test_each_order_is_sent_once_and_the_ledger_is_the_broker_s(meet: Meet, name: str) -> None:
    """Whatever is said about an order, what it filled is booked once."""
    simulator, service = meet(name)
    reply = service.post("/allocation", {"strategies": ["dummy"]})
    assert reply.status == 200, reply.text
    state = simulator.state(messages=False)
    assert sum(fault["done"] for fault in state["faults"]) > 0
    assert len(state["orders"]) == len(reply.body["orders"]) > 0
    assert {order["status"] for order in reply.body["orders"]} == {"filled"}
    held = {row["conId"]: Decimal(row["quantity"]) for row in state["positions"]}
    assert service.services.ledger.holdings()["dummy"] == held


@pytest.mark.parametrize("name", NOT_ANSWERED)
def test_an_answer_without_its_end_is_a_fault_and_books_nothing(meet: Meet, name: str) -> None:
    """Executions that may be half of them are not all of them."""
    simulator, service = meet(name)
    simulator.trade("KO", "BUY", 100)
    reply = service.post("/trade-reconciliation")
    assert (reply.status, "executions" in reply.body["detail"]) == (502, True), reply.text
    assert service.services.ledger.holdings() == {}
