"""Questions that wait for the broker's limits together, in virtual time: an hour passes in a moment."""

from __future__ import annotations

import asyncio
import heapq
import random
from collections.abc import Sequence
from itertools import count
from typing import Any

from ib_trading.adapters.ib.history_pace import HistoryPace
from ib_trading.core.pacing import HistoryRequest
from tests.core.test_pacing import Sent, request, violations


class VirtualTime:
    """A clock that jumps to the next waiter as soon as nobody has anything else to do."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._numbers = count()

    def clock(self) -> float:
        return self.now

    async def wait(self, seconds: float) -> None:
        woken = asyncio.Event()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._numbers), woken))
        await woken.wait()

    async def run(self, work: Sequence[asyncio.Future[Any]]) -> None:
        """Until all of `work` is done."""
        while not all(task.done() for task in work):
            for _ in range(5):
                await asyncio.sleep(0)
            if self._sleepers:
                self.now, _, woken = heapq.heappop(self._sleepers)
                woken.set()


def paced(wanted: Sequence[HistoryRequest], at_once: int, answer_seconds: float) -> Sent:
    """The instants at which a pace lets `wanted` leave, `at_once` of them open at a time."""
    time, sent = VirtualTime(), []
    pace = HistoryPace(time.clock, time.wait)

    async def ask_some(some: Sequence[HistoryRequest]) -> None:
        for one in some:
            await pace.allow(one)
            sent.append((time.now, one))
            await time.wait(answer_seconds)

    async def ask_all() -> None:
        await time.run([asyncio.ensure_future(ask_some(wanted[lane::at_once])) for lane in range(at_once)])

    asyncio.run(ask_all())
    return sent


def test_ten_at_a_time_break_no_limit_and_use_the_rate_it_allows() -> None:
    """Two thousand small bars take five and a half hours of the broker's time."""
    sent = paced([request(number % 20, str(number)) for number in range(2000)], 10, answer_seconds=1.5)
    assert len(sent) == 2000
    assert violations(sent) == []
    assert len(sent) - 60 >= 0.95 * sent[-1][0] / 600 * 60


def test_a_contract_that_has_to_wait_holds_up_no_other() -> None:
    wanted = [request(1, str(number), "1 min") for number in range(20)]
    others = [request(number, "1", "1 min") for number in range(2, 22)]
    sent = paced([one for pair in zip(wanted, others, strict=True) for one in pair], 2, answer_seconds=0.1)
    assert violations(sent) == []
    assert max(at for at, one in sent if one.con_id > 1) < 2.5
    assert max(at for at, one in sent if one.con_id == 1) > 5


def test_what_leaves_late_counts_from_when_it_left() -> None:
    """Six questions granted at zero of which the first left only after a second: the window starts there."""
    time = VirtualTime()
    pace = HistoryPace(time.clock, time.wait)

    async def instants() -> list[float]:
        departures = [await pace.allow(request(1, str(number), "1 min")) for number in range(5)]
        time.now = 1.0
        for departure in departures:
            pace.leaves(departure)
        waiting = asyncio.ensure_future(pace.allow(request(1, "later", "1 min")))
        await time.run([waiting])
        return [waiting.result().at]

    [at] = asyncio.run(instants())
    assert 3.0 <= at < 3.2


def read_late(wanted: Sequence[HistoryRequest], at_once: int) -> Sent:
    """The instants at which a broker reads `wanted`, anywhere between a question and its answer."""
    time, read, chance = VirtualTime(), [], random.Random(1)
    pace = HistoryPace(time.clock, time.wait)

    async def ask_some(some: Sequence[HistoryRequest]) -> None:
        for one in some:
            departure = await pace.allow(one)
            await time.wait(chance.uniform(0, 1))
            read.append((time.now, one))
            await time.wait(chance.uniform(0, 1))
            pace.over(departure)

    async def ask_all() -> None:
        await time.run([asyncio.ensure_future(ask_some(wanted[lane::at_once])) for lane in range(at_once)])

    asyncio.run(ask_all())
    return read


def test_no_limit_is_broken_however_late_the_broker_reads() -> None:
    """A question that is read late and a later one that is read at once are closer together there than here."""
    mixed = [
        request(number % 10, str(number), what="BID_ASK" if number % 3 == 0 else "TRADES")
        for number in range(900)
    ]
    read = read_late(mixed, 10)
    assert violations(read) == []
    weight = sum(one.weight for _, one in read)
    assert weight - 60 >= 0.95 * read[-1][0] / 600 * 60


def test_what_is_answered_out_of_turn_counts_each_from_its_own_answer() -> None:
    """Sixty questions of which the first is answered last: two places are free only when both counted out."""
    time = VirtualTime()
    pace = HistoryPace(time.clock, time.wait)

    async def instants() -> list[float]:
        departures = [await pace.allow(request(number, "1")) for number in range(60)]
        for departure in departures[1:]:
            pace.over(departure)
        time.now = 30.0
        pace.over(departures[0])
        waiting = asyncio.ensure_future(pace.allow(request(99, "1", what="BID_ASK")))
        await time.run([waiting])
        return [waiting.result().at]

    [at] = asyncio.run(instants())
    assert 630 <= at < 631
