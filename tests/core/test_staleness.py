"""Old history decides nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ib_trading.core.refusals import StrategyFailed
from ib_trading.core.signals import read_signals
from ib_trading.core.staleness import stale_history
from tests.core.builders import AFTER_HOURS, NOW, STOCK, answers, asked, closes, config, snapshot, stock

FRIDAY = date(2024, 5, 31)
FRESH = {1: closes("100"), 2: closes("50"), 3: closes("20")}


def test_a_close_may_be_as_old_as_the_configuration_says_and_no_older() -> None:
    """NOW is Monday the 3rd of June, which is not over; Memorial Day was the 27th of May."""
    assert stale_history(STOCK, closes("100", last_day=date(2024, 5, 28)), NOW, 3) is None
    reason = stale_history(STOCK, closes("100", last_day=date(2024, 5, 24)), NOW, 3)
    assert reason is not None
    assert "AAA is of 2024-05-24, 4 trading days old" in reason
    assert "historyMaxAgeDays (3); call collect-market-data" in reason


def test_the_newest_close_counts_and_not_the_oldest() -> None:
    assert stale_history(STOCK, closes(*["100"] * 300, last_day=FRIDAY), NOW, 3) is None


def test_days_are_counted_on_the_exchanges_clock() -> None:
    """At 01:00 UTC on Tuesday it is still Monday in New York."""
    night = datetime(2024, 6, 4, 1, tzinfo=UTC)
    assert stale_history(STOCK, closes("100", last_day=FRIDAY), night, 3) is None


def test_a_session_counts_once_it_is_over() -> None:
    assert stale_history(STOCK, closes("100", last_day=FRIDAY), AFTER_HOURS, 1) is None
    assert stale_history(STOCK, closes("100", last_day=date(2024, 5, 30)), NOW, 1) is None
    assert stale_history(STOCK, closes("100", last_day=date(2024, 5, 30)), AFTER_HOURS, 1) is not None


def test_holidays_make_no_history_old() -> None:
    """In 2019 Tokyo did not trade from the 27th of April to the 6th of May, ten days; on the 7th Friday the 26th was
    called eleven days old."""
    tokyo = stock(9, "7203", primary_exchange="TSEJ", time_zone="Asia/Tokyo", liquid_hours=(), currency="JPY")
    friday = closes("6800", last_day=date(2019, 4, 26))
    assert stale_history(tokyo, friday, datetime(2019, 5, 7, 5, tzinfo=UTC), 1) is None
    assert stale_history(tokyo, friday, datetime(2019, 5, 8, 7, tzinfo=UTC), 1) is not None


def test_a_warehouse_that_was_lost_flattens_nobody() -> None:
    """Without a single close, a strategy of trends says zero for everything: an empty warehouse would sell it all."""
    assert stale_history(STOCK, (), NOW, 3) == "AAA has no stored history; call collect-market-data first"
    with pytest.raises(StrategyFailed, match="alpha decides on history, but AAA has no stored history"):
        read_signals(asked(snapshot(), {"alpha": answers(history_days=5)}))


def test_a_strategy_on_old_history_fails_as_one_that_raises() -> None:
    old = FRESH | {2: closes("50", last_day=date(2024, 5, 20))}
    with pytest.raises(StrategyFailed, match="the newest stored close of BBB is of 2024-05-20"):
        read_signals(asked(snapshot(closes=old), {"alpha": answers(history_days=5)}))
    isolated = snapshot(closes=old, config=config(on_strategy_error="isolate"))
    signals = read_signals(asked(isolated, {"alpha": answers(history_days=5), "beta": answers(AAA="0.5")}))
    assert set(signals.failed) == {"alpha"}
    assert signals.weights["beta"][1] == Decimal("0.5")


def test_a_strategy_that_reads_no_history_needs_none() -> None:
    assert read_signals(asked(snapshot(), {"alpha": answers(AAA="1")})).failed == {}


def test_fresh_history_is_decided_on() -> None:
    week = dict.fromkeys(FRESH, closes("98", "99", "100", "101", "102"))
    days = (24, 28, 29, 30, 31)  # the 27th was a holiday
    whole = {
        con_id: tuple(replace(one, day=date(2024, 5, day)) for one, day in zip(some, days, strict=True))
        for con_id, some in week.items()
    }
    state = asked(snapshot(closes=whole), {"alpha": answers(history_days=5, AAA="1")})
    assert read_signals(state).failed == {}
