"""Collecting without a bar size: every series that strategies declare, over the real wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ib_trading.host.in_process import InProcess
from ib_trading.strategies import ContractSpec, History, Strategy, StrategyView, forex, stocks
from ib_trading_simulator.launch import Launched
from tests.service import ServiceUnderTest

STACK = """\
config:
  ib-trading:trading:
    exposure: {overall: "0.4", strategies: {%s}}
    limits: {maxWeightPerInstrument: "1"}
    collectSeconds: "0"
"""
MACD = 'macd: {share: "1", strategy: macd_hedge, parameters: {bar_size: 30 mins}}'


@pytest.fixture
def simulated() -> tuple[str, ...]:
    """A Monday, fifteen minutes after the open: no half hour of the day is over."""
    return ("--start", "2019-06-03T13:45:00Z", "--cash", "USD=1000000")


@pytest.fixture
def macd(tmp_path: Path, simulator: Launched) -> ServiceUnderTest:
    """With the strategy on bars of thirty minutes, of which it reads 350."""
    return ServiceUnderTest.over(tmp_path, simulator.port, stack_file=STACK % MACD)


def collected(service: ServiceUnderTest, **members: Any) -> Any:
    reply = service.post("/collect-market-data", members)
    assert reply.status == 200, reply.text
    return reply.body


def series(entries: Any) -> list[tuple[str, str, str]]:
    return [(one["localSymbol"], one["barSize"], one["whatToShow"]) for one in entries]


def test_it_is_what_the_strategies_decide_on_in_each_size_and_the_closes_that_limits_compare_with(
    macd: ServiceUnderTest,
) -> None:
    """Days only were collected, and the strategy had none of its half hours."""
    first = collected(macd)
    assert series(first["instruments"]) == [
        (symbol, *kind)
        for symbol in ("SPY", "VIXY")
        for kind in (("1 day", "ADJUSTED_LAST"), ("30 mins", "TRADES"))
    ]
    assert (first["requested"], first["failed"]) == (4, 0)
    stored = [one["stored"] for one in first["instruments"]]
    assert (30 <= stored[0] < 60, 351 <= stored[1] < 600, stored[:2]) == (True, True, stored[2:])
    again = collected(macd)
    assert (again["requested"], again["stored"], len(again["instruments"])) == (0, 0, 4)
    reply = macd.post("/allocation", {"dryRun": True})
    assert reply.status == 200, "without a run that collects for itself"
    assert reply.body["notes"]["macd"]["regime"] in {"bullish", "bearish"}


def test_a_line_a_series(macd: ServiceUnderTest) -> None:
    reply = macd.post("/collect-market-data", {"strategies": ["macd"]}, Accept="application/x-ndjson")
    *lines, totals = [json.loads(line) for line in reply.text.splitlines()]
    assert [(line["done"], line["of"]) for line in lines] == [(n, 4) for n in (1, 2, 3, 4)]
    assert len(set(series(lines))) == 4
    assert totals["stored"] == sum(line["stored"] for line in lines)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"barSize": "1 day"}, ("1 day", "ADJUSTED_LAST")),
        ({"barSize": "30 mins"}, ("30 mins", "TRADES")),
        ({"whatToShow": "TRADES"}, ("1 day", "TRADES")),
        ({"barSize": "1 hour", "whatToShow": "BID"}, ("1 hour", "BID")),
    ],
)
def test_what_the_request_says_is_collected_and_nothing_else(
    macd: ServiceUnderTest, said: dict[str, str], expected: tuple[str, str]
) -> None:
    assert series(collected(macd, **said)["instruments"]) == [("SPY", *expected), ("VIXY", *expected)]


def test_instruments_that_the_request_names_are_collected_in_days(macd: ServiceUnderTest) -> None:
    found = collected(macd, instruments=["KO", "AAPL"], barSize=None)
    assert series(found["instruments"]) == [(symbol, "1 day", "ADJUSTED_LAST") for symbol in ("KO", "AAPL")]


class Declares(Strategy):
    """Reads and never trades."""

    name = "declares"

    def __init__(self, instruments: tuple[ContractSpec, ...], *history: History) -> None:
        self.instruments, self.history = instruments, history

    def weights(self, view: StrategyView) -> Mapping[ContractSpec, float]:
        return {}


def declaring(folder: Path, simulator: Launched, **strategies: Declares) -> ServiceUnderTest:
    shares = ", ".join(f'{name}: "0.2"' for name in strategies)
    plain = ServiceUnderTest.over(folder, simulator.port, stack_file=STACK % shares)
    return plain.having(strategies=InProcess(strategies))


def test_raw_and_adjusted_days_weeks_and_hours_each_come_as_long_as_the_longest_wish(
    tmp_path: Path, simulator: Launched
) -> None:
    """One more would not be needed: two strategies declare the hours."""
    service = declaring(
        tmp_path,
        simulator,
        slow=Declares(
            stocks("KO"), History("1 week", 80), History("1 hour", 10), History("1 day", 90, adjusted=False)
        ),
        quick=Declares(stocks("KO"), History("1 hour", 200)),
    )
    found = collected(service)["instruments"]
    assert series(found) == [
        ("KO", "1 day", "ADJUSTED_LAST"),
        ("KO", "1 day", "TRADES"),
        ("KO", "1 hour", "TRADES"),
        ("KO", "1 week", "TRADES"),
    ]
    least = (30, 90, 200, 80)
    stored = [one["stored"] for one in found]
    assert all(n <= bars < 2 * n for n, bars in zip(least, stored, strict=True)), stored
    only = collected(service, strategies=["quick"])["instruments"]
    assert series(only) == [("KO", "1 day", "ADJUSTED_LAST"), ("KO", "1 hour", "TRADES")]


def test_inputs_are_collected_too_and_each_instrument_in_what_is_shown_of_it(
    tmp_path: Path, simulator: Launched
) -> None:
    reads = Declares((forex("EUR.USD"),), History("1 hour", 30))
    reads.inputs = stocks("KO")
    found = collected(declaring(tmp_path, simulator, reads=reads))["instruments"]
    assert sorted(series(found)) == [
        ("EUR.USD", "1 day", "MIDPOINT"),
        ("EUR.USD", "1 hour", "MIDPOINT"),
        ("KO", "1 day", "ADJUSTED_LAST"),
        ("KO", "1 hour", "TRADES"),
    ]


def test_the_days_that_the_request_names_hold_for_every_series(tmp_path: Path, simulator: Launched) -> None:
    """Up to a day of the past it is as many bars as are wanted, before that day."""
    service = declaring(tmp_path, simulator, reads=Declares(stocks("KO"), History("30 mins", 50)))
    days, half_hours = collected(service, since="2019-05-06", until="2019-05-10")["instruments"]
    assert (days["stored"], half_hours["stored"]) == (5, 65)
    assert half_hours["asked"] == {"since": "2019-05-06", "until": "2019-05-10"}
    days, half_hours = collected(service, until="2019-03-01")["instruments"]
    assert half_hours["asked"]["until"] == days["asked"]["until"] == "2019-03-01"
    assert half_hours["stored"] == 5 * 13, "a day more than the four that are needed"
    con_id = half_hours["conId"]
    until = datetime(2019, 3, 2, tzinfo=UTC)
    [columns] = service.services.warehouse.bars(
        [con_id], "TRADES", "30 mins", before=until, count=99
    ).values()
    assert len(columns) == half_hours["stored"]


def test_of_an_instruments_series_the_one_that_did_not_come_is_named(
    macd: ServiceUnderTest, simulator: Launched
) -> None:
    simulator.fault(
        {"do": "refuse", "code": 162, "text": "no permission"}, message="reqHistoricalData", symbol="SPY"
    )
    reply = macd.post("/collect-market-data")
    assert (reply.status, reply.body["failed"]) == (502, 1)
    [failed] = [one for one in reply.body["instruments"] if one["error"]]
    named = f"SPY ({failed['barSize']} {failed['whatToShow']})"
    assert (
        f"the history of {named} could not be collected; that of the other 3 is stored"
        in reply.body["detail"]
    )
