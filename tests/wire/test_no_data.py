"""A broker that says "no data" and has them: what is asked for again, over the real wire, and stored afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from ib_trading.composition import create
from ib_trading.core.coverage import DaySpan
from ib_trading.core.history import Bar, Portion, Series, daily_start
from ib_trading_simulator.launch import Launched
from tests.service import ServiceUnderTest
from tests.wire.losing_bars import LosesBars

HMDS = "Historical Market Data Service error message:"
KINDS = (
    f"{HMDS}HMDS query returned no data: AAPL@SMART Trades",
    f"{HMDS}No historical market data for AAPL/STK@SMART Last 1",
)


@pytest.fixture
def way(simulator: Launched, service: ServiceUnderTest) -> LosesBars:
    return LosesBars(simulator.port, service.services.mode.client_id)


@pytest.fixture
def collect(service: ServiceUnderTest, way: LosesBars) -> Callable[..., Any]:
    """Collects AAPL's May and tells how many questions and new bars that took."""
    services = replace(service.services, gateway=way)
    client = ServiceUnderTest(services, create(services).test_client(), service.folder)

    def ask(**members: Any) -> tuple[bool, int]:
        wanted = {
            "instruments": ["AAPL"],
            "since": "2019-05-01",
            "until": "2019-05-31",
            "whatToShow": "TRADES",
        }
        reply = client.post("/collect-market-data", wanted | members)
        assert reply.status == 200, reply.text
        [result] = reply.body["instruments"]
        return result["asked"] is not None, result["stored"]

    return ask


def say_no_data(simulator: Launched, text: str, times: int = 1) -> None:
    simulator.fault(
        {"do": "refuse", "code": 162, "text": text}, message="reqHistoricalData", symbol="AAPL", times=times
    )


TRADING_DAYS_OF_MAY = 22


@pytest.mark.parametrize("text", KINDS)
def test_a_gap_that_the_broker_had_no_data_for_is_filled_as_soon_as_it_has_them(
    simulator: Launched, collect: Callable[..., Any], text: str
) -> None:
    """During its maintenance it says so of every series; once was enough, and the gap was never asked for again."""
    say_no_data(simulator, text)
    assert collect() == (True, 0)
    assert collect() == (True, TRADING_DAYS_OF_MAY)
    assert collect() == (False, 0)


def test_no_data_is_believed_when_it_is_said_again_on_another_day(
    simulator: Launched, collect: Callable[..., Any]
) -> None:
    say_no_data(simulator, KINDS[0], times=4)
    assert [collect(), collect(), collect()] == [(True, 0)] * 3, "the same day is no other word"
    simulator.advance(to="2019-06-04T15:00:00Z")
    assert collect() == (True, 0)
    simulator.advance(to="2019-06-05T15:00:00Z")
    assert collect() == (False, 0), "four times no data"


@pytest.mark.parametrize(("size", "a_day"), [("1 day", 1), ("1 hour", 7), ("1 week", 1)])
def test_a_hole_in_an_answer_is_a_gap_too(
    simulator: Launched, way: LosesBars, collect: Callable[..., Any], size: str, a_day: int
) -> None:
    """The days around it were answered: that was taken for a day without trading."""
    way.lost = {"AAPL": {date(2019, 5, 13), date(2019, 5, 14)}}
    first = collect(barSize=size)
    way.lost = {}
    missing = 1 if size == "1 week" else 2 * a_day
    assert collect(barSize=size) == (True, missing)
    assert first == (True, (5 if size == "1 week" else TRADING_DAYS_OF_MAY * a_day) - missing)
    assert collect(barSize=size) == (False, 0)


def test_the_beginning_that_an_answer_lacks_is_asked_for_on_another_day_and_then_believed(
    simulator: Launched, way: LosesBars, collect: Callable[..., Any]
) -> None:
    """As of a share that was not listed yet."""
    way.lost = {"AAPL": {date(2019, 5, day) for day in range(1, 16)}}
    assert collect() == (True, 11)
    simulator.advance(to="2019-06-04T15:00:00Z")
    assert collect() == (True, 0)
    way.lost = {}
    assert collect() == (False, 0)


def test_what_was_believed_before_at_the_first_word_is_asked_for_once_more(
    service: ServiceUnderTest, collect: Callable[..., Any]
) -> None:
    """A store of an earlier version has nothing but the days that were asked for: those with bars stay as they are."""
    con_id = 265598
    asked = DaySpan(date(2019, 5, 1), date(2019, 5, 31))
    series = Series(con_id, "AAPL", "TRADES", "1 day")
    first = [Bar(daily_start(date(2019, 5, day)), *[Decimal(170 + day)] * 4) for day in (1, 2, 3, 6, 7)]
    service.services.warehouse.store([Portion(series, first, (asked,))], datetime(2019, 6, 1, tzinfo=UTC))
    assert collect() == (True, TRADING_DAYS_OF_MAY - 5)
    assert collect() == (False, 0)
