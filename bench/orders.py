"""How long twenty orders take through the service, against the library's bare loop.

    python -m bench orders [--rounds N] [--json FILE]

Both place the same twenty market orders at simulators of the same kind, a fresh one each time, in turns. The time is
the simulator's, from its message log: from the first placeOrder that arrived to the last acknowledgement that left
(message_times.py). The bound is on the ratio of the medians, which no machine's speed enters.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.bare_loop import place_bare
from bench.message_times import placing_seconds
from bench.service_run import ORDERS, BenchOrder, place_through_service
from simulator.launch import Launched

BOUND = 1.3
ROUNDS = 21
START = "2019-06-03T15:00:00Z"


@dataclass(frozen=True, slots=True)
class Result:
    """Seconds a round, service and bare loop."""

    service: tuple[float, ...]
    bare: tuple[float, ...]

    @property
    def ratio(self) -> float:
        return statistics.median(self.service) / statistics.median(self.bare)

    @property
    def within(self) -> bool:
        return self.ratio <= BOUND


def measure(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench orders", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    given = parser.parse_args(arguments)
    if given.rounds < 1:
        parser.error("--rounds has to be at least 1")
    result = _rounds(given.rounds)
    _tell(result)
    if given.json:
        figures = {
            "orders": ORDERS,
            "service": result.service,
            "bare": result.bare,
            "ratio": round(result.ratio, 4),
            "bound": BOUND,
            "within": result.within,
        }
        given.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0 if result.within else 1


def _rounds(count: int) -> Result:
    """`count` pairs, who goes first changing from pair to pair, after one of each that is not counted."""
    orders: tuple[BenchOrder, ...] = ()

    def through_service(simulator: Launched) -> None:
        nonlocal orders
        orders = place_through_service(simulator)

    def bare(simulator: Launched) -> None:
        place_bare(simulator, orders)

    _timed(through_service)
    _timed(bare)
    service_seconds, bare_seconds = [], []
    for number in range(count):
        pair = [(through_service, service_seconds), (bare, bare_seconds)]
        for place, seconds in pair if number % 2 else reversed(pair):
            seconds.append(_timed(place))
    return Result(tuple(service_seconds), tuple(bare_seconds))


def _timed(place: Callable[[Launched], None]) -> float:
    with Launched.start("--clock", "virtual", "--start", START) as simulator:
        place(simulator)
        return placing_seconds(simulator.state()["messages"], ORDERS)


def _tell(result: Result) -> None:
    print(
        f"{ORDERS} orders, from the first that arrived to the last acknowledgement, by the simulator's log\n"
    )
    print(f"{'round':>10}{'service':>14}{'bare loop':>14}")
    for number, pair in enumerate(zip(result.service, result.bare, strict=True), start=1):
        print(f"{number:>10}" + "".join(f"{seconds * 1000:>11.1f} ms" for seconds in pair))
    medians = (statistics.median(result.service), statistics.median(result.bare))
    print(f"{'median':>10}" + "".join(f"{seconds * 1000:>11.1f} ms" for seconds in medians))
    verdict = "within" if result.within else "over"
    print(f"\nratio of the medians {result.ratio:.2f}, {verdict} the bound of {BOUND}")
