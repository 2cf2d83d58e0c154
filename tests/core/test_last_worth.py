"""What an account was worth before the day, by what the service has written down."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.journal import Run, RunState
from ib_trading.core.last_worth import Worth, last_worth, loss_base

NOW = datetime(2026, 6, 3, 15, tzinfo=UTC)


def run(at: datetime | None, worth: object = 100000, account: str = "DU1", base: str = "USD") -> Run:
    plan = {"account": account, "baseCurrency": base, "netLiquidation": worth}
    return Run(
        "r", "k", "h", "allocation", RunState.SETTLED, NOW, at, json.dumps(plan).encode() if at else None
    )


def found(*runs: Run) -> Worth | None:
    return last_worth(runs, "DU1", "USD", NOW)


def test_the_newest_of_an_earlier_day_counts() -> None:
    yesterday = NOW - timedelta(days=1)
    told = found(run(NOW, 1), run(None), run(yesterday, 97000), run(yesterday - timedelta(hours=5), 98000))
    assert told == Worth(date(2026, 6, 2), Decimal(97000))


@pytest.mark.parametrize(
    "other",
    [
        run(NOW - timedelta(days=1), account="DU2"),
        run(NOW - timedelta(days=1), base="CHF"),
        run(NOW - timedelta(days=8)),
        run(NOW - timedelta(days=1), worth=None),
        run(NOW - timedelta(days=1), worth=0),
        run(NOW - timedelta(hours=6)),
    ],
    ids=["another account", "another currency", "too long ago", "no figure", "nothing", "today"],
)
def test_none_where_nothing_fits(other: Run) -> None:
    assert found(other) is None


def test_the_day_is_the_broker_s() -> None:
    """Three in the morning in London is yesterday evening in New York."""
    at = datetime(2026, 6, 3, 3, tzinfo=UTC)
    assert found(run(at)) == Worth(date(2026, 6, 2), Decimal(100000))


amounts = st.decimals("0.01", 10**9, places=2)


@given(amounts, st.decimals(-(10**6), 10**6, places=2), amounts, amounts)
def test_no_deposit_and_no_withdrawal_makes_a_loss_a_smaller_part(
    before: Decimal, profit: Decimal, deposit: Decimal, withdrawn: Decimal
) -> None:
    """Of an account that was worth `before` by yesterday's last run, and has earned `profit` today."""
    last = Worth(date(2026, 6, 2), before)
    quiet = loss_base(before + profit, profit, last).value
    assert quiet == before
    assert loss_base(before + profit + deposit, profit, last).value <= quiet
    assert loss_base(before + profit - withdrawn, profit, last).value <= quiet
