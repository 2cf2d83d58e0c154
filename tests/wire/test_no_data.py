"""A broker that says "no data" and has them: what is asked for again, over the real wire, and stored afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
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
    """Collects AAPL's May, which is said, and tells whether something was asked and how many new bars that took."""
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
UNSAID: dict[str, Any] = {"since": None}
"""As a schedule collects: from the third of April on, and without a person who knows of a hole."""


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
    assert [collect(**UNSAID) for _ in range(3)] == [(True, 0)] * 3, "the same day is no other word"
    simulator.advance(to="2019-06-04T15:00:00Z")
    assert collect(**UNSAID) == (True, 0)
    simulator.advance(to="2019-06-05T15:00:00Z")
    assert collect(**UNSAID) == (False, 0), "four times no data"


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


UP_TO_MAY_15 = {date(2019, 3, 31) + timedelta(days=n) for n in range(46)}


def test_the_beginning_that_an_answer_lacks_is_asked_for_on_another_day_and_then_believed(
    simulator: Launched, way: LosesBars, collect: Callable[..., Any]
) -> None:
    """As of a share that was not listed yet."""
    way.lost = {"AAPL": UP_TO_MAY_15}
    assert collect(**UNSAID) == (True, 11)
    simulator.advance(to="2019-06-04T15:00:00Z")
    assert collect(**UNSAID) == (True, 0)
    way.lost = {}
    assert collect(**UNSAID) == (False, 0)


@pytest.mark.parametrize(("size", "a_day"), [("1 day", 1), ("1 hour", 7), ("1 week", 1)])
def test_a_hole_of_two_days_of_trouble_heals_within_a_month(
    simulator: Launched, way: LosesBars, collect: Callable[..., Any], size: str, a_day: int
) -> None:
    """It was believed for good: only a deleted row of the warehouse filled it."""
    way.lost = {"AAPL": {date(2019, 5, 13), date(2019, 5, 14)}}
    assert collect(barSize=size, **UNSAID)[1] > 0
    simulator.advance(to="2019-06-04T15:00:00Z")
    assert collect(barSize=size, **UNSAID) == (True, 0)
    way.lost = {}
    simulator.advance(to="2019-07-03T15:00:00Z")
    assert collect(barSize=size, **UNSAID) == (False, 0)
    simulator.advance(to="2019-07-05T15:00:00Z")
    assert collect(barSize=size, **UNSAID) == (True, 1 if size == "1 week" else 2 * a_day)
    assert collect(barSize=size, **UNSAID) == (False, 0)


@pytest.mark.parametrize("text", KINDS)
def test_what_the_broker_says_again_after_a_month_is_believed_for_another(
    simulator: Launched, collect: Callable[..., Any], text: str
) -> None:
    """Two days of 162, a third a month later; the bars come after two months."""
    say_no_data(simulator, text, times=3)
    told = []
    for day in ("06-03", "06-04", "07-03", "07-05", "07-08", "08-03", "08-05", "08-06"):
        simulator.advance(to=f"2019-{day}T15:30:00Z")
        told.append(collect(**UNSAID))
    no_data, nothing = (True, 0), (False, 0)
    assert told[:-2] == [no_data, no_data, nothing, no_data, nothing, nothing]
    assert (told[-2][0], told[-2][1] > TRADING_DAYS_OF_MAY, told[-1]) == (True, True, nothing)


@pytest.mark.parametrize(("size", "a_day"), [("1 day", 1), ("1 hour", 7), ("1 week", 1)])
def test_who_names_the_first_day_repairs_a_hole_at_once(
    simulator: Launched, way: LosesBars, collect: Callable[..., Any], size: str, a_day: int
) -> None:
    way.lost = {"AAPL": {date(2019, 5, 13), date(2019, 5, 14)}}
    collect(barSize=size)
    simulator.advance(to="2019-06-04T15:00:00Z")
    assert collect(barSize=size) == (True, 0)
    way.lost = {}
    assert collect(barSize=size, **UNSAID)[0], "April, which nobody has asked for yet"
    assert collect(barSize=size, **UNSAID) == (False, 0)
    assert collect(barSize=size, since="2019-05-20") == (False, 0), "the hole lies before it"
    assert collect(barSize=size) == (True, 1 if size == "1 week" else 2 * a_day)
    assert collect(barSize=size) == (False, 0)


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
