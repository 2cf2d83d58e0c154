"""The bar that forms, over the real wire: asked for by the run that decides on it, and stored nowhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ib_trading.authoring.view import FormingBar
from ib_trading.host.in_process import InProcess
from ib_trading.strategies import KEEP, History, NotSeen, Strategy, StrategyView, forex, stocks
from ib_trading_simulator.launch import Launched
from tests.service import ServiceUnderTest

STACK = """\
config:
  ib-trading:trading:
    exposure: {overall: "0.9", strategies: {reader: "1"}}
    collectSeconds: "%s"
"""
(KO,) = stocks("KO")
EURO = forex("EURUSD")
SIZES = ("1 day", "30 mins", "1 week")


class Reader(Strategy):
    """Looks at what forms, and keeps what it has."""

    name = "reader"
    instruments = (KO, EURO)

    def __init__(self, *, forming: bool = True) -> None:
        self.history = tuple(History(size, 5, forming=forming) for size in SIZES)
        self.seen: dict[tuple[str, str], FormingBar | str | None] = {}
        self.newest: dict[tuple[str, str], str] = {}

    def decide(self, view: StrategyView) -> Any:
        for spec in self.instruments:
            for size in SIZES:
                self.newest[spec.symbol, size] = str(view.bars(spec, size).start[-1])
                try:
                    self.seen[spec.symbol, size] = view.forming(spec, size)
                except NotSeen as unknown:
                    self.seen[spec.symbol, size] = str(unknown)
        return KEEP

    def bar(self, size: str, symbol: str = "KO") -> FormingBar:
        found = self.seen[symbol, size]
        assert isinstance(found, FormingBar), found
        return found


def reading(
    folder: Path, simulator: Launched, reader: Reader, seconds: int = 30
) -> tuple[ServiceUnderTest, Reader]:
    plain = ServiceUnderTest.over(folder, simulator.port, stack_file=STACK % seconds)
    return plain.having(strategies=InProcess({"reader": reader})), reader


@pytest.fixture
def asked(simulator: Launched) -> Callable[[], int]:
    """How many questions for history there were since the last call."""
    seen = 0

    def count() -> int:
        nonlocal seen
        messages = simulator.state(since=seen)["messages"]
        seen += len(messages)
        return sum(one["name"] == "reqHistoricalData" for one in messages)

    return count


def ran(service: ServiceUnderTest, **body: Any) -> None:
    reply = service.post("/allocation", {"dryRun": True} | body)
    assert reply.status == 200, reply.text


def test_it_is_of_the_same_series_and_reaches_up_to_the_decision(tmp_path: Path, simulator: Launched) -> None:
    """Monday the 3rd of June 2019, ten past eleven and a quarter to twelve in New York."""
    simulator.advance(to="2019-06-03T15:10:00Z")
    service, reader = reading(tmp_path, simulator, Reader())
    ran(service)
    early = reader.bar("1 day")
    assert reader.bar("30 mins").start.isoformat() == "2019-06-03T15:00:00+00:00"
    assert reader.newest["KO", "30 mins"] == "2019-06-03T14:30:00"
    assert (reader.newest["KO", "1 day"], reader.newest["KO", "1 week"]) == (
        "2019-05-31T00:00:00",
        "2019-05-27T00:00:00",
    )
    simulator.set_price("KO", 70)
    simulator.advance(to="2019-06-03T15:45:00Z")
    ran(service)
    late = reader.bar("1 day")
    assert early.start == late.start == reader.bar("1 week").start
    assert (early.open, late.close, late.high) == (late.open, 70, 70)
    assert early.volume < late.volume
    assert early.as_of.isoformat() == "2019-06-03T15:10:00+00:00"
    assert late.as_of.isoformat() == "2019-06-03T15:45:00+00:00"
    assert (reader.bar("30 mins").close, reader.bar("1 week").high) == (70, 70)


def test_a_currency_pair_s_day_and_half_hour_form_as_well(tmp_path: Path, simulator: Launched) -> None:
    service, reader = reading(tmp_path, simulator, Reader())
    ran(service)
    assert reader.bar("1 day", "EUR").start.isoformat() == "2019-06-03T00:00:00+00:00"
    assert reader.bar("1 day", "EUR").volume != reader.bar("1 day", "EUR").volume, "a pair has none"


def test_it_costs_a_question_only_where_nothing_is_asked_for_anyway(
    tmp_path: Path, simulator: Launched, asked: Callable[[], int]
) -> None:
    """Two instruments in three sizes: the first run of a day asks for all of them with and without it."""
    simulator.advance(to="2019-06-03T15:10:00Z")
    plain, _ = reading(tmp_path / "plain", simulator, Reader(forming=False))
    forming, _ = reading(tmp_path / "forming", simulator, Reader())
    counts = []
    for to in ("15:10:00", "15:20:00", "15:40:00"):
        simulator.advance(to=f"2019-06-03T{to}Z")
        asked()
        ran(plain)
        without = asked()
        simulator.advance(by="30 seconds")
        ran(forming)
        counts.append((without, asked()))
    assert counts == [(6, 6), (0, 6), (2, 6)]


def test_nothing_of_it_is_stored(tmp_path: Path, simulator: Launched) -> None:
    simulator.advance(to="2019-06-03T15:10:00Z")
    service, reader = reading(tmp_path, simulator, Reader())
    for _ in range(2):
        ran(service)
        assert reader.bar("30 mins").start.isoformat() == "2019-06-03T15:00:00+00:00"
        simulator.advance(by="1 minute")
    with duckdb.connect(service.folder / "stores" / "paper.duckdb", read_only=True) as warehouse:
        for size, newest in {
            "30_mins": "06-03 14:30",
            "1_day": "05-31 00:00",
            "1_week": "05-27 00:00",
        }.items():
            [(start,)] = warehouse.execute(f"SELECT max(bar_start) FROM bars_{size}").fetchall()
            assert f"{start:%m-%d %H:%M}" == newest


def test_after_the_close_no_day_forms_and_the_week_still_does(
    tmp_path: Path, simulator: Launched, asked: Callable[[], int]
) -> None:
    simulator.advance(to="2019-06-03T20:30:00Z")
    service, reader = reading(tmp_path, simulator, Reader())
    ran(service)
    assert (reader.seen["KO", "1 day"], reader.seen["KO", "30 mins"]) == (None, None)
    assert reader.bar("1 week").start.isoformat() == "2019-06-03T00:00:00+00:00"
    assert reader.newest["KO", "1 day"] == "2019-06-03T00:00:00"


def test_where_it_is_not_declared_or_nobody_asked_the_strategy_is_told_so(
    tmp_path: Path, simulator: Launched
) -> None:
    service, reader = reading(tmp_path, simulator, Reader(forming=False))
    ran(service)
    undeclared = reader.seen["KO", "30 mins"]
    assert isinstance(undeclared, str)
    assert "'30 mins' are not in the strategy's history with forming=True" in undeclared
    silent, other = reading(tmp_path, simulator, Reader(), seconds=0)
    ran(silent)
    unknown = other.seen["KO", "30 mins"]
    assert isinstance(unknown, str)
    assert unknown.endswith("nothing is asked for before a run, since collectSeconds is 0")


def test_a_broker_that_refuses_to_tell_it_is_named_and_the_strategy_may_go_on(
    tmp_path: Path, simulator: Launched
) -> None:
    """Nothing complete is missing: it is there since the run before. A strategy that lets it pass fails alone."""
    service, reader = reading(tmp_path, simulator, Reader())
    ran(service)
    simulator.advance(by="5 minutes")
    text = "Historical Market Data Service error message:No market data permissions for NYSE STK"
    simulator.fault(
        {"do": "refuse", "code": 162, "text": text}, message="reqHistoricalData", symbol="KO", times=3
    )
    ran(service)
    for size in SIZES:
        unknown = str(reader.seen["KO", size])
        assert unknown.startswith(f"nobody knows the bar of {size!r} of ")
        assert "No market data permissions" in unknown
    assert reader.bar("1 day", "EUR").as_of.isoformat() == "2019-06-03T15:05:00+00:00"
