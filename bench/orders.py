"""How long orders take through the service, against the library's bare loop and a client that sleeps.

Service and bare loop place the same market orders at simulators of the same kind, a fresh one each time, in turns. The
time is the simulator's, from its message log: from the first placeOrder that arrived to the last acknowledgement that
left (message_times.py). The bounds are on the ratio of the medians, which no machine's speed enters. The client that
sleeps two seconds an order is computed from the bare loop, not run.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.bare_loop import place_bare
from bench.market import START, write_market
from bench.measured import Measured, milliseconds
from bench.message_times import placing_seconds
from bench.service_run import BenchOrder, place_through_service
from ib_trading_simulator.launch import Launched

BOUNDS = {20: 1.3, 200: 1.1}
"""Orders → the ratio that may not be exceeded; at one order the figure is mostly noise."""
ROUNDS = {1: 9, 20: 9, 200: 3}
SLEEP_SECONDS = 2.0


def measure(rounds: int | None = None) -> Measured:
    """`rounds` overrides how often each is done."""
    rows = [("orders", "service", "bare loop", "ratio", "sleeps 2 s an order (computed)")]
    figures: dict[str, object] = {}
    bounds: dict[str, tuple[float, float]] = {}
    for count, usual in ROUNDS.items():
        service, bare = _rounds(count, rounds or usual)
        ratio = statistics.median(service) / statistics.median(bare)
        slept = statistics.median(bare) + SLEEP_SECONDS * count
        rows.append(
            (str(count), milliseconds(service), milliseconds(bare), f"{ratio:.2f}", f"{slept:,.0f} s")
        )
        figures[str(count)] = {
            "service": service,
            "bare": bare,
            "ratio": round(ratio, 4),
            "ratioToSleeping": round(statistics.median(service) / slept, 6),
        }
        if count in BOUNDS:
            bounds[f"{count} orders, ratio to the bare loop"] = (ratio, BOUNDS[count])
    about = "Market orders, from the first that arrived to the last acknowledgement, by the simulator's log; medians."
    return Measured("orders", about, rows, figures, bounds)


def _rounds(count: int, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds through the service and in the bare loop: who goes first changes from pair to pair, after one of each
    that is not counted."""
    with tempfile.TemporaryDirectory(prefix="ib-trading-bench-") as folder:
        symbols = write_market(Path(folder), count)
        orders: tuple[BenchOrder, ...] = ()

        def through_service(simulator: Launched) -> None:
            nonlocal orders
            orders = place_through_service(simulator, symbols)

        def bare(simulator: Launched) -> None:
            place_bare(simulator, orders)

        def timed(place: Callable[[Launched], None]) -> float:
            # Both sides keep to 45 messages a second themselves; the library's bursts, read late, can look like more.
            rate = ("--message-rate", "0")
            market = ("--clock", "virtual", "--start", START, "--data", folder, "--cash", "USD=10000000")
            with Launched.start(*market, *rate) as simulator:
                place(simulator)
                return placing_seconds(simulator.state()["messages"], count)

        timed(through_service)
        timed(bare)
        service_seconds: list[float] = []
        bare_seconds: list[float] = []
        for number in range(rounds):
            pair = [(through_service, service_seconds), (bare, bare_seconds)]
            for place, seconds in pair if number % 2 else reversed(pair):
                seconds.append(timed(place))
    return service_seconds, bare_seconds
