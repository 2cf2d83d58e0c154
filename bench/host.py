"""What it costs that strategies are asked in a process of their own: two of them, on 20 instruments with a year of daily
bars each, beside the same two called in the service's.

Both sides decide on the same questions and have to answer the same. What the host adds is a question's and an answer's way
through a socket, and a process for each question.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from bench.authored import DAYS, Ranked, Smoothed
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

KINDS = (Ranked, Smoothed)
ROUNDS = 30
AT = datetime(2024, 6, 3, 15, tzinfo=UTC)
SECONDS, MEGABYTES = 60.0, 1024
BOUND_MILLISECONDS = 20.0
ROOT = Path(__file__).resolve().parent.parent


def measure(rounds: int | None = None) -> Measured:
    questions = [_question(kind.name) for kind in KINDS]
    in_process = InProcess({kind.name: kind for kind in KINDS})
    with _host() as host:
        began = time.perf_counter()
        host.offers()
        start = time.perf_counter() - began
        there, here = [], []
        # The first answers pay for what is made once.
        _asked(host, questions)
        _asked(in_process, questions)
        for _ in range(rounds or ROUNDS):
            seconds, told = _asked(host, questions)
            there.append(seconds)
            seconds, expected = _asked(in_process, questions)
            here.append(seconds)
            if told != expected:
                raise RuntimeError(f"the host answered {told}, and in process it was {expected}")
    added = [one - other for one, other in zip(there, here, strict=True)]
    rows = [
        ("", "time"),
        ("two strategies in the process of strategies", milliseconds(there)),
        ("the same two in the service's own", milliseconds(here)),
        ("added", milliseconds(added)),
        ("the process's start, every strategy and pandas imported, once", milliseconds([start])),
    ]
    figures = {"host": there, "inProcess": here, "added": added, "start": start}
    about = f"20 instruments with {DAYS} daily bars each, one strategy by arrays and one by frames; medians."
    bounds = {"milliseconds added to a run": (statistics.median(added) * 1000, BOUND_MILLISECONDS)}
    return Measured("host", about, rows, figures, bounds)


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
def _host() -> Iterator[StrategyHost]:
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
        array("d", (20 + (number * 7 + day * 3) % 50 / 25 for day in range(DAYS))) for number in range(len(specs))
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
