"""What it costs that strategies are asked in a process of their own: two of them, on 20 instruments with a year of
daily bars each, beside the same two called in the service's.

Both sides decide on the same questions and have to answer the same. What the host adds is a question's and an answer's
way through a socket, and a process for each question.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from array import array
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from bench.authored import DAYS, STOCKS, Framed, Ranked, Smoothed
from bench.measured import Measured, milliseconds
from ib_trading.adapters.local.strategy_host import StrategyHost
from ib_trading.core.strategy import (
    DAILY,
    Answer,
    Failure,
    History,
    Instance,
    Question,
    Seen,
    SeenBars,
    SeenPrice,
)
from ib_trading.host.in_process import InProcess
from ib_trading.ports.strategies import Strategies
from ib_trading.strategies import Strategy

KINDS = (Ranked, Smoothed, Framed)
ROUNDS = 30
AT = datetime(2024, 6, 3, 15, tzinfo=UTC)
SECONDS, MEGABYTES = 60.0, 1024
BOUND_MILLISECONDS = 20.0
ROOT = Path(__file__).resolve().parent.parent


def measure(rounds: int | None = None) -> Measured:
    with _host() as host:
        began = time.perf_counter()
        host.offers()
        start = time.perf_counter() - began
        arrays = _both(host, (Ranked, Smoothed), rounds or ROUNDS)
        frames = _both(host, (Framed, Framed), rounds or ROUNDS)
    rows = [("", "in their process", "in the service's", "added")]
    for what, both in (("two strategies, by arrays", arrays), ("two strategies, by pandas", frames)):
        rows.append((what, *map(milliseconds, (both.there, both.here, both.added))))
    rows.append(("start, all strategies and pandas imported", milliseconds([start]), "", ""))
    figures = {
        f"{name}{what}": seconds
        for name, both in (("arrays", arrays), ("frames", frames))
        for what, seconds in (("There", both.there), ("Here", both.here), ("Added", both.added))
    }
    about = (
        f"{STOCKS} instruments with {DAYS} daily bars each, medians. What a forked process touches first, it pays for: "
        "pandas touches more."
    )
    bounds = {"milliseconds added to a run": (statistics.median(arrays.added) * 1000, BOUND_MILLISECONDS)}
    return Measured("host", about, rows, figures | {"start": start}, bounds)


@dataclass(frozen=True, slots=True)
class _Both:
    """Seconds of each round."""

    there: Sequence[float]
    here: Sequence[float]

    @property
    def added(self) -> list[float]:
        return [one - other for one, other in zip(self.there, self.here, strict=True)]


def _both(host: Strategies, kinds: Sequence[type[Strategy]], rounds: int) -> _Both:
    """RuntimeError where the two do not answer the same."""
    questions = [_question(kind.name) for kind in kinds]
    in_process = InProcess({kind.name: kind for kind in kinds})
    there, here = [], []
    # The first answers pay for what is made once.
    for number in range(rounds + 1):
        seconds, told = _asked(host, questions)
        seconds_here, expected = _asked(in_process, questions)
        if told != expected:
            raise RuntimeError(f"the host answered {told}, and in process it was {expected}")
        if number:
            there.append(seconds)
            here.append(seconds_here)
    return _Both(there, here)


def _asked(strategies: Strategies, questions: Sequence[Question]) -> tuple[float, list[Answer]]:
    """Seconds, and what was answered; RuntimeError where one failed."""
    began = time.perf_counter()
    told = [strategies.answer(one, SECONDS, MEGABYTES) for one in questions]
    seconds = time.perf_counter() - began
    failed = [one for one in told if isinstance(one, Failure)]
    if failed:
        raise RuntimeError(f"a strategy {failed[0].sentence}: {failed[0].traceback}")
    return seconds, [one for one in told if isinstance(one, Answer)]


@contextmanager
def _host() -> Generator[StrategyHost]:
    """One that finds the two as an installed package's."""
    with tempfile.TemporaryDirectory(prefix="ib-trading-bench-") as folder:
        info = Path(folder) / "bench-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bench\nVersion: 1\n", encoding="utf-8")
        points = "".join(f"{kind.name} = {kind.__module__}:{kind.__name__}\n" for kind in KINDS)
        (info / "entry_points.txt").write_text(f"[ib_trading.strategies]\n{points}", encoding="utf-8")
        host = StrategyHost(Path(sys.executable), {"PYTHONPATH": os.pathsep.join((folder, str(ROOT)))})
        try:
            yield host
        finally:
            host.close()


def _question(name: str) -> Question:
    """The same prices for both; each stock's are made up."""
    first = AT.replace(hour=0) - timedelta(days=DAYS)
    starts = array("q", (int((first + timedelta(days=day)).timestamp()) for day in range(DAYS)))
    specs = Ranked.instruments
    closes = [
        array("d", (20 + (number * 7 + day * 3) % 50 / 25 for day in range(DAYS)))
        for number in range(len(specs))
    ]
    return Question(
        instance=Instance(name, name),
        at=AT,
        seed=1,
        base_currency="USD",
        capital=Decimal(100_000),
        instruments=tuple(
            Seen(spec, spec.symbol, "USD", "America/New_York", SeenPrice(close[-1], "mid", AT))
            for spec, close in zip(specs, closes, strict=True)
        ),
        bars=tuple(
            SeenBars(index, History(DAILY, DAYS), starts.tobytes(), *[close.tobytes()] * 5)
            for index, close in enumerate(closes)
        ),
        rates={"USD": 1.0},
    )
