"""What the simulator costs, against servers that compute nothing: a fill, a tick, resting orders, its start, its memory
and a day in which nothing happens.

Ratios compare two things in one run, each done in turns; the fastest of a few is taken, so that what else the machine
does at that moment stays out. Where there is no /proc the memory is not measured.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench import round_trips, tick_stream
from bench.measured import Measured
from bench.round_trips import OPTIONS
from ib_trading_simulator.launch import Launched
from ib_trading_simulator.market.market import DATA

ORDERS = 300
RESTING = 1000
ROUNDS = 3
IDLE_DAYS = 100
FILL_BOUND, TICK_BOUND, RESTING_BOUND, START_BOUND = 1.5, 3.0, 1.2, 2.0
MEGABYTES_BOUND, IDLE_MILLISECONDS_BOUND = 150.0, 5.0

_ONE_FILE = DATA / "us-stocks" / "days.csv.gz"
# What no simulator in Python could start without.
_LEAST = f"import asyncio, gzip; gzip.open({str(_ONE_FILE)!r}).read()"


@dataclass(frozen=True, slots=True)
class _Compared:
    """Seconds of the simulator and of its baseline."""

    simulator: float
    baseline: float

    @property
    def ratio(self) -> float:
        return self.simulator / self.baseline

    def row(self, what: str) -> tuple[str, ...]:
        return what, _milliseconds(self.simulator), _milliseconds(self.baseline), f"{self.ratio:.2f}"


def measure(rounds: int | None = None) -> Measured:
    """`rounds` overrides how often each is done."""
    times = rounds or ROUNDS
    fill, (tick, resting, waiting, ticks), start = _fill(times), _ticks(times), _start(times)
    megabytes, idle = _memory(), _idle_day(times)
    rows = [
        ("", "simulator", "baseline", "ratio"),
        fill.row("place to fill through ib_insync; a server that replays the answers"),
        tick.row(f"{ticks:,} ticks to a plain socket; a bare asyncio server, message by message"),
        resting.row(f"the same beside {RESTING:,} resting orders; without them"),
        waiting.row(f"the same beside {RESTING:,} stops that wait or trail; without them"),
        start.row("start; import asyncio and unpack the prices"),
        ("memory with 20 stocks", "not measured" if megabytes is None else f"{megabytes:.0f} MB", "", ""),
        ("a virtual day in which nothing happens", _milliseconds(idle), "", ""),
    ]
    bounds = {
        "place to fill, ratio": (fill.ratio, FILL_BOUND),
        "ticks, ratio": (tick.ratio, TICK_BOUND),
        "ticks beside resting orders, ratio": (resting.ratio, RESTING_BOUND),
        "ticks beside waiting stops, ratio": (waiting.ratio, RESTING_BOUND),
        "start, ratio": (start.ratio, START_BOUND),
        "milliseconds of an idle day": (idle * 1000, IDLE_MILLISECONDS_BOUND),
    }
    if megabytes is not None:
        bounds["megabytes"] = (megabytes, MEGABYTES_BOUND)
    figures: dict[str, object] = {what: round(figure, 4) for what, (figure, _) in bounds.items()}
    figures["ticksASecond"] = round(ticks / tick.simulator)
    about = "A ratio is the simulator's time to the baseline's, named after the semicolon; the fastest of a few runs."
    return Measured("simulator", about, rows, figures, bounds)


def _fill(rounds: int) -> _Compared:
    ours, baseline = [], []
    for _ in range(rounds):
        seconds, answers = round_trips.simulated(ORDERS)
        ours.append(round_trips.typical(seconds))
        baseline.append(round_trips.typical(round_trips.replayed(answers, ORDERS)))
    return _Compared(min(ours), min(baseline))


def _ticks(rounds: int) -> tuple[_Compared, _Compared, _Compared, int]:
    """Against the bare server, then beside resting orders and beside waiting stops against without; and how many ticks
    there were."""
    ours, bare, beside, waiting = [], [], [], []
    count = 0
    for _ in range(rounds):
        streamed = tick_stream.simulated()
        count = len(streamed.frames)
        ours.append(streamed.seconds)
        bare.append(tick_stream.bare(streamed.frames))
        beside.append(tick_stream.simulated(RESTING).seconds)
        waiting.append(tick_stream.simulated(RESTING, tick_stream.STOPS).seconds)
    least = min(ours)
    return _Compared(least, min(bare)), _Compared(min(beside), least), _Compared(min(waiting), least), count


def _start(rounds: int) -> _Compared:
    """From the process's birth to its first line, and to the end of the least it could do."""
    ours, least = [], []
    for _ in range(rounds + 2):
        began = time.perf_counter()
        with Launched.start(*OPTIONS):
            ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", _LEAST], check=True)
        least.append(time.perf_counter() - began)
    return _Compared(min(ours), min(least))


def _memory() -> float | None:
    """The most it has held, in MB, after a look at each of the twenty stocks; None where nobody tells."""
    with Launched.start(*OPTIONS) as simulator:
        for symbol in tick_stream.STOCKS:
            simulator.trade(symbol, "BUY", 1)
        status = Path(f"/proc/{simulator.process.pid}/status")
        if not status.exists():
            return None
        (peak,) = (line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak) / 1024


def _idle_day(rounds: int) -> float:
    """Seconds for one, asked for by itself through the control port."""
    seconds = []
    with Launched.start(*OPTIONS) as simulator:
        for _ in range(rounds):
            began = time.perf_counter()
            for _ in range(IDLE_DAYS):
                simulator.advance(by="1 day")
            seconds.append((time.perf_counter() - began) / IDLE_DAYS)
    return min(seconds)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.2f} ms"
