"""How fast history gets into the warehouse, against a bare loop that asks the same and stores nothing.

Both ask one running simulator for the same series with the same questions; the library's client in a loop, all at
once. The warehouse alone is measured beside it, with bars that are there already in memory.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.bare_client import CLIENT_ID, run
from bench.market import START
from bench.measured import Measured, milliseconds
from bench.service_run import AllAlike, bench_services, told
from ib_trading.adapters.local.duckdb_warehouse import DuckdbWarehouse
from ib_trading.core.coverage import DaySpan
from ib_trading.core.history import Bar, Portion, Series
from ib_trading.intents.collect_market_data import CollectMarketData
from ib_trading.intents.intent import Call
from ib_trading.schema.requests import CollectMarketDataRequest
from ib_trading.strategies.trend import Trend
from ib_trading_simulator.launch import HOST, Launched

ROUNDS = 5
CONNECT_SECONDS, COLLECT_SECONDS = 20, 600
BOUND_SECONDS = 1.5
STORED_SERIES, STORED_DAYS = 20, 5000


def measure(rounds: int | None = None) -> Measured:
    service, bare, second = [], [], []
    bars = 0
    with Launched.start("--clock", "virtual", "--start", START) as simulator:
        # The first answers are slower: the simulator makes a stock's days up when they are first looked at.
        questions = _questions(simulator, _collect(simulator)[2])
        for _ in range(rounds or ROUNDS):
            seconds, again, asked = _collect(simulator)
            service.append(seconds)
            second.append(again)
            bars = sum(one["stored"] for one in asked["instruments"])
            bare.append(_ask_bare(simulator, questions))
    stored = _store()
    ratio = statistics.median(service) / statistics.median(bare)
    median = statistics.median(service)
    rows = [
        ("", "time", "bars", "bars a second"),
        (
            f"collect {len(questions)} stocks, a year each",
            milliseconds(service),
            f"{bars:,}",
            f"{bars / median:,.0f}",
        ),
        (
            "the same questions in a bare loop",
            milliseconds(bare),
            f"{bars:,}",
            f"{bars / statistics.median(bare):,.0f}",
        ),
        ("collect again: nothing is asked", milliseconds(second), "0", ""),
        (
            "into the warehouse alone",
            milliseconds([stored]),
            f"{STORED_SERIES * STORED_DAYS:,}",
            f"{STORED_SERIES * STORED_DAYS / stored:,.0f}",
        ),
    ]
    figures = {
        "service": service,
        "bare": bare,
        "again": second,
        "bars": bars,
        "ratio": round(ratio, 4),
        "storeSeconds": stored,
    }
    about = (
        f"Daily bars of {len(questions)} stocks, {len(questions)} questions; service to bare loop {ratio:.2f}. The bare"
        " loop neither finds the contracts nor stores anything."
    )
    return Measured("ingest", about, rows, figures, {"seconds to collect": (median, BOUND_SECONDS)})


def _collect(simulator: Launched) -> tuple[float, float, dict[str, Any]]:
    """Seconds of collecting into an empty warehouse and of doing so again, and the first answer."""
    with tempfile.TemporaryDirectory(prefix="ib-trading-bench-") as folder:
        services = bench_services(simulator, folder, AllAlike(()))
        collecting = CollectMarketData(services)
        seconds, answers = [], []
        for number in range(2):
            began = time.perf_counter()
            answers.append(
                collecting.answer(Call(f"bench {number}", CollectMarketDataRequest(strategies=(Trend.name,))))
            )
            seconds.append(time.perf_counter() - began)
    first, again = (told(services, answer) for answer in answers)
    if first["failed"] or again["requested"]:
        raise RuntimeError(f"collecting did not come to an end: {first['failed']} failed")
    return seconds[0], seconds[1], first


def _questions(simulator: Launched, asked: dict[str, Any]) -> Sequence[tuple[int, str]]:
    """(contract id, duration) as the simulator was asked."""
    durations = {
        message["fields"][2]: next(field for field in message["fields"] if field.endswith((" D", " Y")))
        for message in simulator.state()["messages"]
        if message["direction"] == "in" and message["name"] == "reqHistoricalData"
    }
    return [(one["conId"], durations[str(one["conId"])]) for one in asked["instruments"]]


def _ask_bare(simulator: Launched, questions: Sequence[tuple[int, str]]) -> float:
    async def ask() -> float:
        from ib_insync import IB, Contract

        ib = IB()
        ib.wrapper.clientId = CLIENT_ID
        began = time.perf_counter()
        await ib.client.connectAsync(HOST, simulator.port, CLIENT_ID, CONNECT_SECONDS)
        try:
            await asyncio.gather(
                *(
                    ib.reqHistoricalDataAsync(
                        Contract(conId=con_id, exchange="SMART"), "", duration, "1 day", "ADJUSTED_LAST", True
                    )
                    for con_id, duration in questions
                )
            )
            return time.perf_counter() - began
        finally:
            ib.disconnect()

    return run(ask(), COLLECT_SECONDS)


def _store() -> float:
    """Seconds for STORED_SERIES series of STORED_DAYS bars each."""
    first = datetime(2000, 1, 3, tzinfo=UTC)
    figure = Decimal("157.92")
    bars = [
        Bar(first + timedelta(days=day), figure, figure, figure, figure, figure) for day in range(STORED_DAYS)
    ]
    span = DaySpan(first.date(), bars[-1].start.date())
    portions = [
        Portion(Series(con_id, str(con_id), "TRADES", "1 day"), bars, (span,))
        for con_id in range(STORED_SERIES)
    ]
    with tempfile.TemporaryDirectory(prefix="ib-trading-bench-") as folder:
        warehouse = DuckdbWarehouse(Path(folder) / "paper.duckdb")
        began = time.perf_counter()
        warehouse.store(portions, first)
        return time.perf_counter() - began
