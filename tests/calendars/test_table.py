"""The service's calendars, judged by the library that their table was made from."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ib_trading.core.calendar import sessions
from tests.calendars.table import EARLIER, FIRST, LAST, MARKETS, TABLE, spans, table

pytest.importorskip("exchange_calendars")

NAMED = "XNYS CMES XLON XETR XSWX XTKS XHKG".split()
"""New York, Chicago, London, Frankfurt, Zurich, Tokyo, Hong Kong."""

TWO_YEARS = timedelta(days=730)


@pytest.mark.parametrize("market", MARKETS)
def test_the_sessions_of_every_year_are_the_library_s(market: str) -> None:
    """Opens, closes and breaks to the minute, no day missing and none in excess: summer time, half days and all."""
    ours = {
        session.day: [session.open, *(edge for pause in session.breaks for edge in pause), session.close]
        for session in sessions(market, EARLIER.get(market, FIRST), LAST)
    }
    theirs = {
        day: [edge.astimezone(UTC) for span in row for edge in span] for day, row in spans(market).items()
    }
    assert ours == theirs


def test_every_market_that_strategies_may_name_has_ten_years_of_them() -> None:
    for market in NAMED:
        assert len(sessions(market, date(2015, 1, 1), date(2024, 12, 31))) > 2400


@pytest.mark.once
def test_the_table_is_what_the_session_would_write() -> None:
    assert TABLE.read_text(encoding="utf-8") == table(), "run ./nox -s calendars"


def test_the_table_reaches_two_years_ahead() -> None:
    """When this fails, move LAST in tests/calendars/table.py on, and run ./nox -s calendars."""
    assert datetime.now(UTC).date() + TWO_YEARS < LAST
