"""Collecting history from the simulator, by what the warehouse holds and the simulator was asked afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ib_trading.composition import create
from ib_trading.core.collection import BarQuestion
from ib_trading.core.history import Bar, Portion, Series, daily_start
from ib_trading.core.refusals import BrokerFault
from ib_trading.ports.broker import Broker, BrokerSource, GatewayStatus
from ib_trading_simulator.launch import Launched
from tests.service import ServiceUnderTest

HISTORY_REQUEST = "20"


@pytest.fixture
def asked(simulator: Launched) -> Callable[[], int]:
    """How many questions for history have reached the simulator since the last call."""
    seen = 0

    def count() -> int:
        nonlocal seen
        messages = simulator.state(since=seen)["messages"]
        seen += len(messages)
        return sum(one["direction"] == "in" and one["fields"][0] == HISTORY_REQUEST for one in messages)

    return count


def collect(service: ServiceUnderTest, **members: Any) -> Any:
    reply = service.post("/collect-market-data", {"instruments": ["AAPL"]} | members)
    assert reply.status == 200, reply.text
    return reply.body


def rows(service: ServiceUnderTest, table: str = "bars_1_day") -> list[tuple[Any, ...]]:
    """(symbol, start, close) of every stored bar, oldest first."""
    with duckdb.connect(service.folder / "stores" / "paper.duckdb", read_only=True) as warehouse:
        question = f"SELECT local_symbol, bar_start, close FROM {table} ORDER BY ALL"
        return warehouse.execute(question).fetchall()


class RefusesOne:
    """A gateway that answers questions for the history of one symbol with a refusal, and is the real one otherwise."""

    def __init__(self, gateway: BrokerSource, symbol: str) -> None:
        self._gateway = gateway
        self._symbol = symbol

    def status(self) -> GatewayStatus:
        return self._gateway.status()

    def begin(self) -> None:
        self._gateway.begin()

    def close(self) -> None:
        self._gateway.close()

    @contextmanager
    def session(self) -> Generator[Any]:
        with self._gateway.session() as broker:
            yield _Refusing(broker, self._symbol)


class _Refusing:
    def __init__(self, broker: Broker, symbol: str) -> None:
        self._broker = broker
        self._symbol = symbol

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)

    def bars(
        self, questions: Sequence[BarQuestion], at: datetime, *, seconds: float | None = None
    ) -> tuple[tuple[Bar, ...] | BrokerFault, ...]:
        fault = BrokerFault("162 no permission for these data")
        allowed = [question for question in questions if question.instrument.symbol != self._symbol]
        answers = iter(self._broker.bars(allowed, at, seconds=seconds))
        return tuple(next(answers) if question in allowed else fault for question in questions)


def test_a_longer_history_that_is_wanted_later_is_filled_in_before_what_is_there(
    service: ServiceUnderTest, asked: Callable[[], int]
) -> None:
    collect(service, since="2019-05-01", whatToShow="TRADES")
    assert asked() == 1
    assert collect(service, since="2019-03-01", whatToShow="TRADES")["stored"] == 42
    assert asked() == 1
    days = [start.date() for _, start, _ in rows(service)]
    assert (days[0], days[-1], len(days)) == (date(2019, 3, 1), date(2019, 5, 31), 64)
    assert collect(service, since="2019-03-01", whatToShow="TRADES")["requested"] == 0
    assert asked() == 0


def test_a_holiday_is_asked_for_once(service: ServiceUnderTest, asked: Callable[[], int]) -> None:
    """Memorial Day, the 27th of May 2019, has no bar however often one asks."""
    for _ in range(2):
        reply = collect(service, since="2019-05-27", until="2019-05-27", whatToShow="TRADES")
    assert (asked(), reply["requested"], reply["stored"]) == (1, 0, 0)


@pytest.mark.parametrize(
    ("size", "table", "a_day", "questions"),
    [("1 hour", "bars_1_hour", 7, 1), ("5 mins", "bars_5_mins", 78, 2), ("1 min", "bars_1_min", 390, 7)],
)
def test_shorter_bars_have_tables_of_their_own_and_a_second_run_asks_for_nothing(
    service: ServiceUnderTest,
    asked: Callable[[], int],
    size: str,
    table: str,
    a_day: int,
    questions: int,
) -> None:
    """Seven trading days: two weeks without a weekend's worth and Memorial Day."""
    wanted = {"barSize": size, "since": "2019-05-22", "until": "2019-05-31"}
    assert collect(service, **wanted)["stored"] == 7 * a_day
    stored = rows(service, table)
    assert len({start for _, start, _ in stored}) == 7 * a_day
    assert stored[0][1] == datetime(2019, 5, 22, 13, 30)  # noqa: DTZ001  as the table keeps it: UTC without a zone
    assert asked() in {questions, questions + 1}
    assert collect(service, **wanted)["stored"] == 0
    assert asked() == 0


def test_a_day_that_is_still_trading_is_not_stored(service: ServiceUnderTest) -> None:
    """It is eleven in New York."""
    collect(service, barSize="1 hour", since="2019-05-31", until="2019-06-03")
    assert {start.date() for _, start, _ in rows(service, "bars_1_hour")} == {date(2019, 5, 31)}


def test_the_adjusted_series_is_collected_in_days_only(service: ServiceUnderTest) -> None:
    body = {"instruments": ["AAPL"], "barSize": "1 hour", "whatToShow": "ADJUSTED_LAST"}
    reply = service.post("/collect-market-data", body)
    assert (reply.status, reply.body["errors"][0]["path"]) == (400, "whatToShow")


def test_a_series_that_is_adjusted_anew_is_replaced_as_a_whole(
    service: ServiceUnderTest, simulator: Launched
) -> None:
    """As after a split: what is stored is four times what the broker now says of the same days."""
    before = collect(service)
    recorded = rows(service)
    series = Series(before["instruments"][0]["conId"], "AAPL", "ADJUSTED_LAST", "1 day")
    stored = service.services.warehouse.daily_closes(
        [series.con_id], "ADJUSTED_LAST", datetime(2100, 1, 1, tzinfo=UTC), 1000
    )[series.con_id]
    known = service.services.warehouse.stored([series.con_id], "ADJUSTED_LAST", "1 day")[series.con_id]
    wrong = [_flat(close.day, close.close * 4) for close in stored]
    service.services.warehouse.store([Portion(series, wrong, known.asked, replaces=True)], datetime.now(UTC))
    simulator.advance(to="2019-06-04T15:00:00Z")
    [result] = collect(service)["instruments"]
    assert "split or dividend" in result["recollected"]
    assert rows(service)[: len(recorded)] == recorded
    assert result["stored"] == len(rows(service)) == len(recorded) + 1
    assert collect(service)["requested"] == 0


def _flat(day: date, close: Decimal) -> Bar:
    return Bar(daily_start(day), close, close, close, close)


def test_an_instrument_that_the_broker_refuses_stops_no_other(service: ServiceUnderTest) -> None:
    """Its days count as not asked, so that the next call asks for them."""
    body = {"instruments": ["AAPL", "KO"], "whatToShow": "TRADES"}
    refusing = replace(service.services, gateway=RefusesOne(service.services.gateway, "AAPL"))
    failing = ServiceUnderTest(refusing, create(refusing).test_client(), service.folder)
    reply = failing.post("/collect-market-data", body)
    assert (reply.status, reply.body["failed"], reply.body["requested"]) == (502, 1, 1)
    aapl, ko = reply.body["instruments"]
    assert "no permission" in aapl["error"]
    assert ko["stored"] > 20
    assert "AAPL could not be collected; that of the other 1 is stored" in reply.body["detail"]
    lines = failing.post("/collect-market-data", body, Accept="application/x-ndjson").text.splitlines()
    *progress, last = [json.loads(line) for line in lines]
    assert [line["error"] is not None for line in progress] == [True, False]
    assert (last["status"], last["failed"]) == (502, 1)
    assert collect(service, **body)["requested"] == 1


def test_a_run_that_is_killed_is_continued_by_the_next_one(
    service: ServiceUnderTest, simulator: Launched, tmp_path: Path
) -> None:
    """SIGKILL after the first instruments are reported: what is stored stays, the rest is asked for, nothing twice."""
    with subprocess.Popen(
        [sys.executable, "-c", COLLECT, str(tmp_path), str(simulator.port)], stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert json.loads(running.stdout.readline())["done"] == 1
        os.kill(running.pid, signal.SIGKILL)
    survived = rows(service)
    assert 0 < len({symbol for symbol, _, _ in survived}) < 20
    reply = service.post("/collect-market-data", {"strategies": ["trend"]}).body
    assert reply["requested"] == 20 - len({symbol for symbol, _, _ in survived})
    stored = rows(service)
    assert len(stored) == len({(symbol, start) for symbol, start, _ in stored})
    assert len({symbol for symbol, _, _ in stored}) == 20
    whole = ServiceUnderTest.over(tmp_path / "another", simulator.port)
    whole.post("/collect-market-data", {"strategies": ["trend"]})
    assert stored == rows(whole)


COLLECT = """
import sys
from pathlib import Path
from ib_trading.logs import log_as_json
from tests.service import ServiceUnderTest
log_as_json(sys.stderr)
service = ServiceUnderTest.over(Path(sys.argv[1]), int(sys.argv[2]))
headers = {"Accept": "application/x-ndjson"}
for line in service.client.post("/collect-market-data", json={"strategies": ["trend"]}, headers=headers).response:
    print(line.decode(), end="", flush=True)
"""
