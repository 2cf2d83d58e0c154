"""One order after the other through ib_insync, each until it has filled and its commission is told.

At the simulator, and at a server that replays what the simulator said: the client's own work is the same in both, byte
for byte, and what the simulator adds is what the ratio shows.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.bare_client import CLIENT_ID, run
from bench.market import START
from bench.replay import Answers, write_answers
from ib_trading_simulator.launch import HOST, Launched
from ib_trading_simulator.messages.framing import frame

SECONDS = 60
OPTIONS = ("--clock", "virtual", "--start", START, "--cash", "USD=10000000", "--message-rate", "0")


def simulated(count: int) -> tuple[list[float], Answers]:
    """Seconds of each round trip at a fresh simulator, and the conversation."""
    with Launched.start(*OPTIONS) as simulator:
        seconds = _round_trips(simulator.port, count)
        return seconds, _answers(simulator.state()["messages"])


def replayed(answers: Answers, count: int) -> list[float]:
    """Seconds of each round trip where the answers come ready-made, each as one piece as the simulator writes it."""
    with replaying([[b"".join(answer)] if answer else [] for answer in answers]) as port:
        return _round_trips(port, count)


@contextmanager
def replaying(answers: Answers) -> Generator[int]:
    """The port of a server in a process of its own that says these; it ends with its client."""
    with tempfile.TemporaryDirectory(prefix="ib-trading-bench-") as folder:
        path = Path(folder) / "answers.json"
        write_answers(path, answers)
        with subprocess.Popen(
            [sys.executable, "-m", "bench.replay", str(path)], stdout=subprocess.PIPE, text=True
        ) as server:
            assert server.stdout is not None
            try:
                yield int(server.stdout.readline())
            finally:
                server.terminate()


def _round_trips(port: int, count: int) -> list[float]:
    return run(_trade(port, count), SECONDS)


async def _trade(port: int, count: int) -> list[float]:
    from ib_insync import IB, MarketOrder, Stock

    ib = IB()
    ib.wrapper.clientId = CLIENT_ID
    # The handshake only: what the library's own connect asks for besides would be answered in between.
    await ib.client.connectAsync(HOST, port, CLIENT_ID, SECONDS)
    contract = Stock("KO", "SMART", "USD")
    seconds = []
    try:
        for number in range(count):
            began = time.perf_counter()
            trade = ib.placeOrder(contract, MarketOrder("SELL" if number % 2 else "BUY", 100, tif="DAY"))
            await trade.commissionReportEvent
            seconds.append(time.perf_counter() - began)
    finally:
        ib.disconnect()
    return seconds


def _answers(messages: list[dict[str, Any]]) -> Answers:
    """For each frame that came in, the frames that went out before the next."""
    answers: Answers = []
    for message in messages:
        if message["direction"] == "in":
            answers.append([])
        else:
            answers[-1].append(frame(message["fields"]))
    return answers


def typical(seconds: list[float]) -> float:
    """The first quartile: the slower ones tell of what else the machine did."""
    return statistics.quantiles(seconds, n=4)[0]
