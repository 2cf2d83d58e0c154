"""A trading run collects what its strategies decide on and the warehouse lacks, over the real wire."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ib_trading.core.bars import BarColumns
from ib_trading.core.collection import Need
from ib_trading.core.instruments import ContractSpec
from ib_trading.host.in_process import InProcess
from ib_trading.intents.top_up import top_up
from ib_trading.schema.log_events import RunEvent
from ib_trading.strategies import Strategy, StrategyView, stocks
from ib_trading_simulator.launch import Launched
from tests.captured import said
from tests.service import ServiceUnderTest

STACK = """\
config:
  ib-trading:trading:
    exposure: {overall: "0.9", strategies: {reader: "1"}}
    limits: {maxWeightPerInstrument: "1"}
    fillSeconds: "2"
    collectSeconds: "%s"
"""


class Reader(Strategy):
    """Puts a part of its capital into whatever it has twenty closes of."""

    name = "reader"
    history_days = 20

    def __init__(self, *instruments: ContractSpec) -> None:
        self.instruments = instruments
        self.seen: Mapping[ContractSpec, tuple[float, ...]] = {}

    def weights(self, view: StrategyView) -> Mapping[ContractSpec, float]:
        self.seen = view.closes
        return {spec: 0.1 for spec in self.instruments if len(view.closes[spec]) >= self.history_days}


def reading(
    folder: Path, simulator: Launched, *instruments: ContractSpec, seconds: int = 30
) -> tuple[ServiceUnderTest, Reader]:
    plain = ServiceUnderTest.over(folder, simulator.port, stack_file=STACK % seconds)
    reader = Reader(*instruments)
    return plain.having(strategies=InProcess({"reader": reader})), reader


@pytest.fixture
def asked(simulator: Launched) -> Callable[[], list[str]]:
    """What of each question for history since the last call was to be shown."""
    seen = 0

    def shown() -> list[str]:
        nonlocal seen
        messages = simulator.state(since=seen)["messages"]
        seen += len(messages)
        return [one["fields"][19] for one in messages if one["name"] == "reqHistoricalData"]

    return shown


def test_one_schedule_suffices_and_what_is_there_is_not_asked_for(
    tmp_path: Path, simulator: Launched, asked: Callable[[], list[str]]
) -> None:
    service, reader = reading(tmp_path, simulator, *stocks("KO", "JNJ"))
    reply = service.post("/allocation", Idempotency_Key="monday")
    assert reply.status == 200, reply.text
    assert {len(closes) for closes in reader.seen.values()} == {20}
    assert asked() == ["ADJUSTED_LAST"] * 2
    assert service.post("/allocation", Idempotency_Key="again").status == 200
    assert asked() == []
    simulator.advance(to="2019-06-04T15:00:00Z")
    assert service.post("/allocation", Idempotency_Key="tuesday").status == 200
    assert asked() == ["ADJUSTED_LAST"] * 2


def test_a_dry_run_decides_on_the_bars_that_the_run_decides_on(tmp_path: Path, simulator: Launched) -> None:
    service, _ = reading(tmp_path, simulator, *stocks("KO", "JNJ"))
    planned = service.post("/allocation", {"dryRun": True})
    assert planned.status == 200, planned.text
    done = service.post("/allocation", Idempotency_Key="monday")
    assert (done.body["signals"], done.body["orders"] != []) == (planned.body["signals"], True)


@pytest.mark.parametrize("name", ["EUR.USD", "GBP.USD", "USD.JPY"])
def test_a_currency_pair_has_a_history_of_midpoints(
    tmp_path: Path, simulator: Launched, asked: Callable[[], list[str]], name: str
) -> None:
    """Nobody reports its trades: asked for those, the broker has no data, and the strategy never ran."""
    symbol, currency = name.split(".")
    pair = ContractSpec(symbol, "CASH", "IDEALPRO", currency)
    service, reader = reading(tmp_path, simulator, pair)
    reply = service.post("/allocation", {"dryRun": True})
    assert reply.status == 200, reply.text
    assert (len(reader.seen[pair]), asked()) == (20, ["MIDPOINT"])
    collected = service.post("/collect-market-data", {"strategies": ["reader"], "barSize": "30 mins"})
    assert (collected.status, set(asked())) == (200, {"MIDPOINT"})
    assert collected.body["stored"] > 0


@pytest.mark.parametrize("name", ["EUR.USD", "USD.JPY"])
def test_a_pairs_days_come_one_by_one_and_whole(tmp_path: Path, simulator: Launched, name: str) -> None:
    """Its day ends at five in the afternoon. Asked for up to midnight, the broker served the beginning of the next one
    instead, and the day counted as one without a bar."""
    symbol, currency = name.split(".")
    pair = ContractSpec(symbol, "CASH", "IDEALPRO", currency)
    service, reader = reading(tmp_path, simulator, pair)
    closes: list[tuple[float, ...]] = []
    for day in ("03", "04", "05", "06", "07", "10", "11"):
        simulator.advance(to=f"2019-06-{day}T15:30:00Z")
        reply = service.post("/allocation", Idempotency_Key=day)
        assert reply.status == 200, reply.text
        closes.append(reader.seen[pair])
    assert all(later[:-1] == earlier[1:] for earlier, later in itertools.pairwise(closes))
    anew, reader = reading(tmp_path / "anew", simulator, pair)
    assert anew.post("/allocation", {"dryRun": True}).status == 200
    assert reader.seen[pair] == closes[-1], "as if all of them had been asked for at once"


def test_with_no_seconds_for_it_a_run_reads_what_is_there(
    tmp_path: Path, simulator: Launched, asked: Callable[[], list[str]]
) -> None:
    service, _ = reading(tmp_path, simulator, *stocks("KO"), seconds=0)
    reply = service.post("/allocation", {"dryRun": True})
    assert (reply.status, asked()) == (422, [])
    assert "KO has no stored history" in reply.body["detail"]


def test_a_broker_that_does_not_answer_is_waited_for_no_longer_than_the_seconds(
    tmp_path: Path, simulator: Launched
) -> None:
    """The strategy lacks what did not come, and fails; the next run asks for it."""
    service, reader = reading(tmp_path, simulator, *stocks("KO", "JNJ"), seconds=1)
    simulator.fault({"do": "drop"}, message="reqHistoricalData", symbol="KO")
    with said() as lines:
        reply = service.post("/allocation", {"dryRun": True})
    assert (reply.status, reader.seen) == (422, {})
    [line] = [line for line in lines if line["event"] == RunEvent.TOPPED_UP]
    assert (line["stored"], line["log_level"]) == ({"JNJ": 29}, "warning")
    assert "did not come within" in line["lacking"]["KO"]
    assert "KO has no stored history" in reply.body["detail"]


NEEDS = {"30 mins": (26, 3), "1 hour": (14, 2), "5 mins": (100, 18), "1 week": (4, 0), "1 day": (5, 0)}
"""Bar size → how many are needed, and how many of today are complete at eleven in New York."""


@pytest.mark.parametrize(("size", "count", "of_today"), [(size, *figures) for size, figures in NEEDS.items()])
def test_bars_of_every_size_are_there_up_to_the_last_that_is_complete(
    tmp_path: Path, simulator: Launched, size: str, count: int, of_today: int
) -> None:
    service, _ = reading(tmp_path, simulator)
    need = Need(ContractSpec("KO"), size, "TRADES", count)
    columns = topped_up(service, need)
    assert len(columns) >= count
    assert len(topped_up(service, need)) == len(columns)
    today = 1_559_568_600  # 2019-06-03 13:30 UTC, a Monday
    assert sum(start >= today for start in columns.start) == of_today
    simulator.advance(to="2019-06-03T16:00:00Z")
    later = topped_up(service, need)
    hours = {"30 mins": 2, "1 hour": 1, "5 mins": 12}.get(size, 0)
    assert len(later) == len(columns) + hours
    assert list(later.start)[: len(columns)] == list(columns.start), "no bar that formed was stored"


def topped_up(service: ServiceUnderTest, need: Need) -> BarColumns:
    services = service.services
    with services.gateway.session() as broker:
        config = services.config.read()
        top_up(services, broker, [need], config)
        instrument = broker.instruments([need.spec])[need.spec]
        at = services.business_time(broker)
    kept = [instrument.con_id], need.what_to_show, need.bar_size
    return services.warehouse.bars(*kept, before=at, count=10_000)[instrument.con_id]


def test_what_is_stored_of_a_forming_bar_is_nothing(tmp_path: Path, simulator: Launched) -> None:
    """Read in every size at ten past eleven: no bar ends later."""
    simulator.advance(to="2019-06-03T15:10:00Z")
    service, _ = reading(tmp_path, simulator)
    for size in ("3 mins", "20 mins", "2 hours"):
        topped_up(service, Need(ContractSpec("KO"), size, "TRADES", 3))
    with duckdb.connect(service.folder / "stores" / "paper.duckdb", read_only=True) as warehouse:
        newest = {size: _newest(warehouse, size) for size in ("3_mins", "20_mins", "2_hours")}
    assert newest == {"3_mins": "15:06", "20_mins": "14:40", "2_hours": "18:00"}


def _newest(warehouse: Any, size: str) -> str:
    [(start,)] = warehouse.execute(f"SELECT max(bar_start) FROM bars_{size}").fetchall()
    return f"{start:%H:%M}"
