"""The story itself: what is asked of the service, in which order, and how much time passes in between.

Decides the dates, the requests and their order, and keeps what came of each. Judges nothing (checks.py) and shows
nothing but progress.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from demo.exchanges import Response, Service
from demo.month import NEW_YORK, AccountAt, account_at, pass_days
from demo.recorded_closes import RecordedCloses
from demo.terminal import Terminal
from ib_trading_simulator.launch import Launched

FIRST_DAY = date(2019, 6, 3)
LAST_DAY = date(2019, 7, 1)
TIME_OF_DAY = time(11, 0)
"""New York: an hour and a half into the session."""

CASH = Decimal(100_000)

SIMULATOR_OPTIONS = (
    "--clock", "virtual", "--cash", f"USD={CASH}",
    "--start", datetime.combine(FIRST_DAY, TIME_OF_DAY, NEW_YORK).isoformat(),
)  # fmt: skip
"""Virtual time stands still until it is advanced: nothing here depends on how fast the machine is."""


@dataclass(frozen=True, slots=True)
class Trading:
    """One day's allocation: the plan alone, the run, and the service's and the simulator's account after it."""

    dry_run: Response
    run: Response
    summary: Response
    account: AccountAt


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that was answered. `orders_…` counts the orders that had reached the simulator by then."""

    account: str
    begin: AccountAt
    first_summary: Response
    collected: Response
    first: Trading
    orders_after_first: int
    repeated: Response
    orders_after_repeated: int
    unchanged: Response
    orders_after_unchanged: int
    closes: tuple[AccountAt, ...]
    collected_again: Response
    second: Trading
    control: Mapping[str, Any]
    """The simulator's record at the end, without its message log."""

    @property
    def tradings(self) -> tuple[Trading, Trading]:
        return self.first, self.second


def tell(service: Service, simulator: Launched, recorded: RecordedCloses, terminal: Terminal) -> Story:
    """The whole month."""
    begin = account_at(simulator.state(messages=False), simulator.account)
    with terminal.phase("summary of an empty account") as phase:
        first_summary = service.get("summary before", "/summary")
        phase.result = (
            f"{first_summary.document['netLiquidation']:,.2f} {first_summary.document['baseCurrency']}"
        )
    collected = _collect(service, "collect", {"strategies": ["trend"]}, terminal)
    first = _trade(service, simulator, "allocation", terminal)
    orders_after_first = _orders(simulator)
    with terminal.phase("the same request again") as phase:
        repeated = service.post("allocation repeated", "/allocation", {}, key="demo allocation")
        orders_after_repeated = _orders(simulator)
        phase.result = f"stored answer, {orders_after_repeated - orders_after_first} new orders"
    with terminal.phase("trend alone, under a new key") as phase:
        body = {"strategies": ["trend"]}
        unchanged = service.post(
            "allocation of trend, market unchanged", "/allocation", body, key="demo unchanged"
        )
        orders_after_unchanged = _orders(simulator)
        phase.result = f"{len(unchanged.document['orders'])} orders"
    closes = _month(simulator, recorded, terminal)
    simulator.advance(to=datetime.combine(LAST_DAY, TIME_OF_DAY, NEW_YORK))
    collected_again = _collect(service, "collect a month later", {}, terminal)
    second = _trade(service, simulator, "allocation a month later", terminal)
    return Story(
        account=simulator.account,
        begin=begin,
        first_summary=first_summary,
        collected=collected,
        first=first,
        orders_after_first=orders_after_first,
        repeated=repeated,
        orders_after_repeated=orders_after_repeated,
        unchanged=unchanged,
        orders_after_unchanged=orders_after_unchanged,
        closes=closes,
        collected_again=collected_again,
        second=second,
        control=simulator.state(messages=False),
    )


def _collect(service: Service, name: str, body: Mapping[str, object], terminal: Terminal) -> Response:
    with terminal.phase(name.replace("collect", "collect market data")) as phase:

        def on_line(line: dict[str, Any]) -> None:
            if "done" in line:
                phase.progress(
                    f"{line['done']} of {line['of']}: {line['localSymbol']}, {line['stored']} days"
                )

        response = service.post(name, "/collect-market-data", body, on_line=on_line)
        instruments = len(response.lines) - 1
        phase.result = f"{response.document['stored']:,} daily closes of {instruments} instruments"
    return response


def _trade(service: Service, simulator: Launched, name: str, terminal: Terminal) -> Trading:
    with terminal.phase(f"{name}, dry-run") as phase:
        dry_run = service.post(f"{name}, dry-run", "/allocation", {"dryRun": True})
        phase.result = f"a plan of {len(dry_run.document['plan']['orders'])} orders"
    with terminal.phase(name) as phase:
        run = service.post(name, "/allocation", {}, key=f"demo {name}")
        filled = [order for order in run.document["orders"] if order["status"] == "filled"]
        phase.result = f"{len(filled)} of {len(run.document['orders'])} orders filled"
    with terminal.phase("summary") as phase:
        summary = service.get(f"summary after {name}", "/summary")
        phase.result = f"{len(summary.document['positions'])} positions"
    return Trading(dry_run, run, summary, account_at(simulator.state(messages=False), simulator.account))


def _month(simulator: Launched, recorded: RecordedCloses, terminal: Terminal) -> tuple[AccountAt, ...]:
    days = [day for day in recorded.between(FIRST_DAY, LAST_DAY) if day < LAST_DAY]
    with terminal.phase("a simulated month passes") as phase:

        def on_close(close: AccountAt) -> None:
            phase.progress(f"{close.day}: {close.net_liquidation:,.2f}")

        closes = pass_days(simulator, days, on_close)
        phase.result = f"{len(closes)} trading days to {closes[-1].day}"
    return closes


def _orders(simulator: Launched) -> int:
    return len(simulator.state(messages=False)["orders"])
