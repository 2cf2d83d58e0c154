"""Collecting history from a simulator that refuses what is asked too often, judged by its record alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ib_trading.adapters.ib.history_pace import HistoryPace
from ib_trading.adapters.ib.session import IbGateway
from ib_trading.core.pacing import Departure, HistoryLimits, HistoryRequest
from ib_trading_simulator.launch import HOST, Launched
from tests.service import START, ServiceUnderTest

TURNS = 20
"""Turns of the event loop in which whoever was woken comes to ask or to wait; a handful would do."""

Launch = Callable[[str], Launched]


class StandingTime(HistoryPace):
    """A pace in the simulator's time, which stands still while a question is open, and then goes on to the next instant
    that somebody waits for: what the machine takes to compute is no time at all."""

    def __init__(self, simulator: Launched) -> None:
        super().__init__(lambda: self.now, self._until, HistoryLimits(small=None))
        self.now = 0.0
        self._simulator = simulator
        self._open = 0
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()

    async def allow(self, request: HistoryRequest) -> Departure:
        departure = await super().allow(request)
        self._open += 1
        return departure

    def over(self, departure: Departure) -> None:
        super().over(departure)
        self._open -= 1
        self._pass_time(TURNS)

    async def _until(self, seconds: float) -> None:
        instant: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (self.now + seconds, next(self._numbers), instant))
        self._pass_time(TURNS)
        await instant

    def _pass_time(self, turns: int) -> None:
        if self._open or not self._waiting:
            return
        if turns:
            asyncio.get_running_loop().call_soon(self._pass_time, turns - 1)
            return
        to = self._waiting[0][0]
        self._simulator.advance(by=to - self.now)
        self.now = to
        while self._waiting and self._waiting[0][0] <= to:
            heappop(self._waiting)[2].set_result(None)


@pytest.fixture
def launch() -> Iterator[Launch]:
    """Starts a simulator that holds bars of every size to its limits, under the clock given."""
    with ExitStack() as running:
        yield lambda clock: running.enter_context(
            Launched.start("--clock", clock, "--start", START, "--history-pacing", "all")
        )


def in_standing_time(folder: Path, simulator: Launched) -> ServiceUnderTest:
    """The service in the simulator's own time, with a pace that makes no exception for larger bars, as the simulator
    makes none."""
    usual = ServiceUnderTest.over(folder, simulator.port)
    client_id, pace = usual.services.mode.client_id, StandingTime(simulator)
    return usual.having(gateway=IbGateway(HOST, simulator.port, client_id, history_pace=pace))


def collect(service: ServiceUnderTest, **members: Any) -> Any:
    reply = service.post("/collect-market-data", members)
    assert reply.status == 200, reply.text
    return reply.body


def asked(simulator: Launched) -> list[float]:
    """When questions for history reached the simulator, in its seconds from the first one on."""
    told = simulator.state(messages=False)["historyAsked"]
    instants = [datetime.fromisoformat(one["at"]) for one in told]
    return [(instant - instants[0]).total_seconds() for instant in instants]


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
    simulator = launch("virtual")
    service = in_standing_time(tmp_path, simulator)
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

    instants = asked(simulator)
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
    """Eighteen days of one stock's minutes, each a question of its own."""
    simulator = launch("virtual")
    service = in_standing_time(tmp_path, simulator)
    wanted = {"instruments": ["AAPL"], "barSize": "1 min", "since": "2019-05-01", "until": "2019-05-24"}
    assert collect(service, **wanted)["stored"] == 18 * 390
    assert violations(simulator) == []
    instants = asked(simulator)
    assert len(instants) == 18
    two_seconds = [later - earlier for earlier, later in zip(instants, instants[5:], strict=False)]
    assert min(two_seconds) > 1.99
    assert 2 / (sum(two_seconds) / len(two_seconds)) >= 0.95
    assert collect(service, **wanted)["requested"] == 0
    assert len(asked(simulator)) == 18


def test_in_real_time_the_service_as_it_is_composed_is_never_too_quick(
    launch: Launch, tmp_path: Path
) -> None:
    """The same with its own clock, judged by the simulator's: nothing is refused, and all of it comes."""
    simulator = launch("real")
    service = ServiceUnderTest.over(tmp_path, simulator.port)
    wanted = {"instruments": ["AAPL"], "barSize": "1 min", "since": "2019-05-09", "until": "2019-05-24"}
    assert collect(service, **wanted)["stored"] == 12 * 390
    assert violations(simulator) == []
    assert len(asked(simulator)) == 12
