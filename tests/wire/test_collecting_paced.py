"""Collecting history from a simulator that refuses what is asked too often, judged by its record alone."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from app.adapters.ib.history_pace import HistoryPace
from app.adapters.ib.session import IbGateway
from app.composition import create
from app.core.pacing import HistoryLimits
from simulator.launch import HOST, Launched
from tests.service import START, ServiceUnderTest

SPEED = 60
"""Seconds of the simulator's in one of ours. What the machine loses between two questions counts as often."""

Launch = Callable[[str], Launched]


@pytest.fixture
def launch() -> Iterator[Launch]:
    """Starts a simulator that holds bars of every size to its limits, under the clock given."""
    with ExitStack() as running:
        yield lambda clock: running.enter_context(
            Launched.start("--clock", clock, "--start", START, "--history-pacing", "all")
        )


def at_the_simulators_speed(folder: Path, simulator: Launched) -> ServiceUnderTest:
    """The service, with a pace that waits by the simulator's seconds and makes no exception for larger bars, as the
    simulator makes none."""

    async def wait(seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)

    pace = HistoryPace(lambda: time.monotonic() * SPEED, wait, HistoryLimits(small=None))
    usual = ServiceUnderTest.over(folder, simulator.port).services
    gateway = IbGateway(HOST, simulator.port, usual.mode.client_id, history_pace=pace)
    services = replace(usual, gateway=gateway)
    return ServiceUnderTest(services, create(services).test_client(), folder)


def collect(service: ServiceUnderTest, **members: Any) -> Any:
    reply = service.post("/collect-market-data", members)
    assert reply.status == 200, reply.text
    return reply.body


def asked(simulator: Launched, speed: float = 1) -> list[float]:
    """When questions for history reached the simulator, in its seconds from the first one on."""
    messages = simulator.state()["messages"]
    instants = [one["nanoseconds"] for one in messages if one["name"] == "reqHistoricalData"]
    return [(instant - instants[0]) * 1e-9 * speed for instant in instants]


def violations(simulator: Launched) -> Any:
    return simulator.state(messages=False)["pacingViolations"]


def bars_a_day(service: ServiceUnderTest, table: str) -> dict[tuple[str, str], int]:
    """How many bars are stored of each symbol and day."""
    with duckdb.connect(service.folder / "stores" / "paper.duckdb", read_only=True) as warehouse:
        rows = warehouse.execute(f"SELECT local_symbol, bar_start FROM {table}").fetchall()
    assert len(rows) == len(set(rows))
    return Counter((symbol, f"{start:%Y-%m-%d}") for symbol, start in rows)


def test_sixty_questions_in_ten_minutes_are_never_exceeded_and_the_rate_is_used(
    launch: Launch, tmp_path: Path
) -> None:
    """Three bar sizes of five stocks: more than twice what ten minutes allow, so that twenty of the simulator's pass.

    The limit is one: what was asked of one size counts against the next, over runs and sessions.
    """
    simulator = launch(f"virtual:{SPEED}")
    service = at_the_simulators_speed(tmp_path, simulator)
    stocks = ["AAPL", "JPM", "KO", "MSFT", "XOM"]
    wanted = [
        {"instruments": stocks, "barSize": "1 hour", "since": "2019-03-11", "until": "2019-05-24"},
        {"instruments": stocks, "barSize": "5 mins", "since": "2019-04-15", "until": "2019-05-24"},
        {"instruments": stocks, "barSize": "1 min", "since": "2019-05-01", "until": "2019-05-24"},
    ]
    for one in wanted:
        assert collect(service, **one)["rejected"] == 0
    assert violations(simulator) == []
    for table, days, bars in (("bars_1_hour", 54, 7), ("bars_5_mins", 29, 78), ("bars_1_min", 18, 390)):
        stored = bars_a_day(service, table)
        assert (len(stored), set(stored.values())) == (days * len(stocks), {bars}), table

    instants = asked(simulator, SPEED)
    assert len(instants) > 2 * 60
    ten_minutes = [later - earlier for earlier, later in zip(instants, instants[60:], strict=False)]
    assert min(ten_minutes) > 599
    assert 600 / (sum(ten_minutes) / len(ten_minutes)) >= 0.95

    for one in wanted:
        assert collect(service, **one)["requested"] == 0
    assert len(asked(simulator)) == len(instants)


def test_one_stock_is_asked_for_five_times_in_two_seconds_and_no_sixth(
    launch: Launch, tmp_path: Path
) -> None:
    """The service as it is composed, in real time. Of each two seconds the time to an answer is lost, since a question
    counts from there: a tenth is allowed for it."""
    simulator = launch("real")
    service = ServiceUnderTest.over(tmp_path, simulator.port)
    wanted = {"instruments": ["AAPL"], "barSize": "1 min", "since": "2019-05-01", "until": "2019-05-24"}
    assert collect(service, **wanted)["stored"] == 18 * 390
    assert violations(simulator) == []
    instants = asked(simulator)
    assert len(instants) == 18
    two_seconds = [later - earlier for earlier, later in zip(instants, instants[5:], strict=False)]
    assert min(two_seconds) > 1.99
    assert 2 / (sum(two_seconds) / len(two_seconds)) >= 0.9
    assert collect(service, **wanted)["requested"] == 0
    assert len(asked(simulator)) == 18
