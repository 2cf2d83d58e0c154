"""A simulator in a process of its own for each test, and ib_insync clients that connect to it over TCP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ib_trading.adapters.ib.session import IbGateway
from ib_trading_simulator.launch import Launched
from tests.service import START, ServiceUnderTest
from tests.wire.client import Connect, Done, Launch, Until
from tests.wire.scripted import DEADLINES, Answer, ScriptedGateway, Talk

if TYPE_CHECKING:
    from ib_insync import IB, Trade

# Seconds, long enough for a slow machine; every wait of these tests ends with what it waits for, not with this.
TIMEOUT = 120


@pytest.fixture
def launch() -> Iterator[Launch]:
    """Starts simulators with a clock that stands still, and ends them with the test."""
    with ExitStack() as running:

        def start(*options: str | Path) -> Launched:
            clock = () if "--clock" in options else ("--clock", "virtual")
            return running.enter_context(Launched.start(*clock, *options))

        yield start


@pytest.fixture
def simulated() -> tuple[str, ...]:
    """The options of `simulator`. A file that wants another morning or account says so in a fixture of this name."""
    return ("--start", START, "--cash", "USD=1000000")


@pytest.fixture
def simulator(launch: Launch, simulated: tuple[str, ...]) -> Launched:
    """A simulator of a test's own, in trading hours, with a million dollars and history behind its stocks."""
    return launch(*simulated)


@pytest.fixture
def service(tmp_path: Path, simulator: Launched) -> ServiceUnderTest:
    """A service that trades there, from a stack file with two strategies and no limits of its own."""
    return ServiceUnderTest.over(tmp_path, simulator.port)


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Connects ib_insync to a simulator; disconnects with the test."""
    # Only the tests that want it load it: the adapter's are run without it too.
    from ib_insync import IB

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    clients: list[IB] = []

    def to(simulator: Launched, client_id: int = 1, *, read_only: bool = False) -> IB:
        ib = IB()
        clients.append(ib)
        ib.connect("127.0.0.1", simulator.port, client_id, timeout=TIMEOUT, readonly=read_only)
        return ib

    yield to
    for ib in clients:
        transport = ib.client.conn.transport
        ib.disconnect()
        if transport is not None:
            # What was not sent yet is nobody's business any more, and would keep the socket open.
            transport.abort()
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    asyncio.set_event_loop(None)


@pytest.fixture
def ib(simulator: Launched, connect: Connect) -> IB:
    return connect(simulator)


@pytest.fixture
def until() -> Until:
    """Lets a client read from its socket until a condition holds.

    ib_insync's waitOnUpdate misses what had arrived before it began to wait, so it is asked again and again.
    """

    def wait(ib: IB, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not condition():
            assert time.monotonic() < deadline, "nothing more came"
            # A socket that closes while it waits ends the wait with an error; the condition tells what it means.
            with suppress(ConnectionError):
                ib.waitOnUpdate(timeout=0.05)

    return wait


@pytest.fixture
def done(until: Until) -> Done:
    """Waits for an order's end and for the commission of each of its fills."""

    def wait(ib: IB, trade: Trade) -> Trade:
        until(ib, lambda: trade.isDone() and all(fill.commissionReport.execId for fill in trade.fills))
        return trade

    return wait


@pytest.fixture
def scripted() -> Iterator[Talk]:
    """A gateway that follows a script, and the way to it, with deadlines short enough to run out."""
    running: list[ScriptedGateway] = []

    def begin(script: dict[int, Answer]) -> tuple[ScriptedGateway, IbGateway]:
        gateway = ScriptedGateway(script).__enter__()
        running.append(gateway)
        return gateway, IbGateway("127.0.0.1", gateway.port, 101, connect_seconds=2, deadlines=DEADLINES)

    yield begin
    for gateway in running:
        gateway.__exit__()
