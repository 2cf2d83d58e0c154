"""History that is no basis for a decision, over the real wire: too few bars, a hole in the middle, series that end on
different days. It is that strategy's failure, with the dates, and nobody trades on it.

A hundred days that were five sold everything; a pair compared a day apart shows a difference that nobody had.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ib_trading.core.instruments import ContractSpec
from ib_trading.host.in_process import InProcess
from ib_trading.strategies import History, Strategy, StrategyView, stocks
from ib_trading_simulator.launch import Launched
from tests.scripted_strategies import holdings
from tests.service import ServiceUnderTest
from tests.wire.losing_bars import LosesBars

STACK = """\
config:
  ib-trading:trading:
    exposure: {overall: "0.9", strategies: {reader: "0.5", steady: "0.5"}}
    limits: {maxWeightPerInstrument: "1"}
    fillSeconds: "2"
    collectSeconds: "30"
    onStrategyError: %s
"""
SHARES = stocks("KO", "JNJ")
PAIRS = tuple(ContractSpec(symbol, "CASH", "IDEALPRO", "USD") for symbol in ("EUR", "GBP"))


class Steady(Strategy):
    """Needs no history."""

    name = "steady"
    instruments = stocks("AAPL")

    def weights(self, view: StrategyView) -> Mapping[ContractSpec, float]:
        return {self.instruments[0]: 0.2}


class Reader(Strategy):
    """Buys a little of whatever it reads."""

    name = "reader"

    def __init__(self, instruments: tuple[ContractSpec, ...], bar_size: str, bars: int) -> None:
        self.instruments, self.history = instruments, (History(bar_size, bars),)
        self.was_asked = 0

    def weights(self, view: StrategyView) -> Mapping[ContractSpec, float]:
        self.was_asked += 1
        return dict.fromkeys(self.instruments, 0.1)


def days(first: date, last: date) -> set[date]:
    return {first + timedelta(days=n) for n in range((last - first).days + 1)}


def of_may(*numbers: int) -> set[date]:
    return {date(2019, 5, number) for number in numbers}


BEFORE_MAY_24 = days(date(2018, 6, 1), date(2019, 5, 23))
FAULTS = {
    "too few days": (SHARES, "1 day", 20, BEFORE_MAY_24, "KO has 5 of 20 bars of 1 day, from 2019-05-24"),
    "too few half hours": (
        SHARES,
        "30 mins",
        20,
        days(date(2019, 3, 1), date(2019, 5, 31)),
        "KO has 3 of 20 bars of 30 mins, from 2019-06-03 to 2019-06-03",
    ),
    "too few weeks": (SHARES, "1 week", 20, BEFORE_MAY_24, "KO has 1 of 20 bars of 1 week, from 2019-05-27"),
    "too few days of a pair": (PAIRS, "1 day", 20, BEFORE_MAY_24, "EUR.USD has 6 of 20 bars of 1 day"),
    "days are missing": (
        SHARES,
        "1 day",
        20,
        of_may(14, 15),
        "KO has no bar of 1 day for 2019-05-14, 2019-05-15, between",
    ),
    "a day of half hours is missing": (
        SHARES,
        "30 mins",
        20,
        of_may(31),
        "KO has no bar of 30 mins for 2019-05-31, between",
    ),
    "a week is missing": (
        SHARES,
        "1 week",
        10,
        of_may(13),
        "KO has no bar of 1 week for 2019-05-13, between",
    ),
    "a day of a pair is missing": (
        PAIRS,
        "1 day",
        20,
        of_may(27),
        "EUR.USD has no bar of 1 day for 2019-05-27, between",
    ),
    "one ends days before": (
        SHARES,
        "1 day",
        20,
        of_may(30, 31),
        "KO ends on 2019-05-29 where others end on 2019-05-31 (1 day)",
    ),
    "one has no half hours of today": (
        SHARES,
        "30 mins",
        20,
        days(date(2019, 6, 3), date(2019, 6, 3)),
        "KO ends on 2019-05-31 where others end on 2019-06-03 (30 mins)",
    ),
    "one ends a week before": (
        SHARES,
        "1 week",
        10,
        of_may(27),
        "KO ends on 2019-05-20 where others end on 2019-05-27 (1 week)",
    ),
    "one pair ends a day before": (
        PAIRS,
        "1 day",
        20,
        of_may(31),
        "EUR.USD ends on 2019-05-30 where others end on 2019-05-31 (1 day)",
    ),
}


@pytest.mark.parametrize(
    ("instruments", "bar_size", "bars", "lost", "why"), FAULTS.values(), ids=FAULTS.keys()
)
def test_a_strategy_fails_by_its_history_with_the_dates_and_by_on_strategy_error(
    tmp_path: Path,
    simulator: Launched,
    instruments: tuple[ContractSpec, ...],
    bar_size: str,
    bars: int,
    lost: Collection[date],
    why: str,
) -> None:
    """The first instrument's bars got lost on the way."""
    reader = Reader(instruments, bar_size, bars)
    for mode in ("refuse", "isolate"):
        plain = ServiceUnderTest.over(tmp_path / mode, simulator.port, stack_file=STACK % mode)
        way = LosesBars(simulator.port, plain.services.mode.client_id)
        way.lost = {"KO" if instruments is SHARES else "EUR.USD": lost}
        service = plain.having(gateway=way, strategies=InProcess({"reader": reader, "steady": Steady}))
        reply = service.post("/allocation", Idempotency_Key="monday")
        if mode == "refuse":
            assert (reply.status, reader.was_asked) == (422, 0), reply.text
            assert why in reply.body["detail"]
            assert simulator.state(messages=False)["orders"] == []
        else:
            assert (reply.status, reader.was_asked) == (200, 0), reply.text
            [warning] = [text for text in reply.body["warnings"] if why in text]
            assert warning.endswith("it stays at its holdings")
            assert holdings(service).keys() == {"steady"}
    way.lost = {}
    assert service.post("/allocation", Idempotency_Key="there again").status == 200
    assert (reader.was_asked, holdings(service).keys()) == (1, {"reader", "steady"})


def test_said_on_two_days_no_data_is_too_little_to_decide_on_and_no_other_strategys_trouble(
    tmp_path: Path, simulator: Launched
) -> None:
    """What the broker has said twice is asked for no more; what is there then is counted and dated."""
    plain = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=STACK % "isolate")
    way = LosesBars(simulator.port, plain.services.mode.client_id)
    reader = Reader(SHARES, "1 day", 20)
    service = plain.having(gateway=way, strategies=InProcess({"reader": reader, "steady": Steady}))
    text = "Historical Market Data Service error message:HMDS query returned no data: KO@SMART Trades"
    simulator.fault(
        {"do": "refuse", "code": 162, "text": text}, message="reqHistoricalData", symbol="KO", times=2
    )
    said = {
        "2019-06-03": "KO has no stored history",
        "2019-06-04": "KO has no stored history",
        "2019-06-05": "KO has 2 of 20 bars of 1 day, from 2019-06-03 to 2019-06-04",
    }
    for day, why in said.items():
        simulator.advance(to=f"{day}T15:30:00Z")
        reply = service.post("/allocation", Idempotency_Key=day)
        assert reply.status == 200, reply.text
        assert any(why in text for text in reply.body["warnings"]), (day, reply.body["warnings"])
    assert (reader.was_asked, holdings(service).keys()) == (0, {"steady"})


def test_a_belief_that_has_expired_fails_no_strategy_and_its_hole_is_healed(
    tmp_path: Path, simulator: Launched
) -> None:
    """Before it is asked for again, the day still counts as one that has no bar; then the bars are there."""
    plain = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=STACK % "refuse")
    way, reader = LosesBars(simulator.port, plain.services.mode.client_id), Reader(SHARES, "1 day", 60)
    way.lost = {"KO": of_may(14, 15)}

    def allocated(day: str, seconds: int = 30) -> int:
        """The status of a run that has so many seconds to collect."""
        simulator.advance(to=f"2019-{day}T15:30:00Z")
        stack_file = STACK.replace('"30"', f'"{seconds}"') % "refuse"
        service = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=stack_file)
        strategies = InProcess({"reader": reader, "steady": Steady})
        return service.having(gateway=way, strategies=strategies).post("/allocation", {"dryRun": True}).status

    def healed() -> bool:
        end = datetime(2019, 12, 31, tzinfo=UTC)
        [closes] = plain.services.warehouse.daily_closes([con_id], "ADJUSTED_LAST", end, 100).values()
        days = {close.day for close in closes}
        assert of_may(13, 16) <= days
        return of_may(14, 15) <= days

    assert [allocated(day) for day in ("06-03", "06-04", "06-05")] == [422, 200, 200]
    simulator.advance(to="2019-07-05T15:00:00Z")
    newest = {"instruments": ["KO", "JNJ"], "since": "2019-06-04"}
    con_id = plain.having(gateway=way).post("/collect-market-data", newest).body["instruments"][0]["conId"]
    assert allocated("07-05", seconds=0) == 200, "expired, and not asked for yet"
    assert allocated("07-08") == 200, "asked for, and said again"
    way.lost = {}
    assert allocated("08-05") == 200
    assert not healed(), "said less than a month ago"
    assert allocated("08-08") == 200
    assert healed()
