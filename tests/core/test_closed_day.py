"""On a day on which nothing trades a run sends nothing, and nothing is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ib_trading.core.closed_day import no_trading_day
from ib_trading.core.instruments import ContractSpec
from ib_trading.core.market import QuoteType
from ib_trading.core.order_kind import TimeInForce
from ib_trading.core.order_properties import OrderProperties
from ib_trading.core.plan import make_plan
from tests.core.builders import AAA, BBB, Answers, asked, planned, quote, snapshot, stock

INDEPENDENCE_DAY = datetime(2024, 7, 4, 15, tzinfo=UTC)


def on_the_day(*instruments: Any, **changes: Any) -> Any:
    shown = {one.con_id: quote("100", kind=QuoteType.FROZEN) for one in instruments}
    wanted = {"alpha": tuple(shown), "beta": tuple(shown)}
    return snapshot(*instruments, **{"at": INDEPENDENCE_DAY, "quotes": shown, "wanted": wanted} | changes)


def strategies(*instruments: Any) -> dict[str, Any]:
    specs = tuple(ContractSpec(one.symbol) for one in instruments)
    return {"alpha": Answers(specs, {"AAA": "1"}), "beta": Answers(specs, {})}


def test_a_holiday_is_no_failure() -> None:
    plan = planned(on_the_day(AAA, BBB), strategies(AAA, BBB))
    assert (plan.orders, plan.refusals) == ((), ())
    assert plan.trades["alpha"]["AAA"] > 0, "what it would have done is said"
    assert plan.warnings == ("nothing is sent for AAA: 2024-07-04 is no trading day there",)


def test_while_another_of_its_markets_trades_the_run_is_refused_as_ever() -> None:
    """All or nothing: which part of it could be sent, nobody decides for a strategy."""
    london = stock(4, "VOD", primary_exchange="LSE", time_zone="Europe/London")
    plan = planned(on_the_day(AAA, london), strategies(AAA, london))
    assert [verdict.subject for verdict in plan.refusals] == ["AAA"]


def test_an_order_that_waits_is_sent_on_a_holiday() -> None:
    waits = OrderProperties(tif=TimeInForce.OPG)
    plan = make_plan(asked(on_the_day(AAA), strategies(AAA)), waits)
    assert [order.local_symbol for order in plan.orders] == ["AAA"]


def test_before_the_opening_of_a_trading_day_a_run_is_refused() -> None:
    early = datetime(2024, 7, 5, 11, tzinfo=UTC)
    plan = planned(on_the_day(AAA, at=early), strategies(AAA))
    assert [verdict.subject for verdict in plan.refusals] == ["AAA"]


SPY, VODAFONE = ContractSpec("SPY"), ContractSpec("VOD", currency="GBP")
EURO = ContractSpec("EUR", sec_type="CASH", exchange="IDEALPRO")


@pytest.mark.parametrize(
    ("specs", "closed"),
    [
        ((SPY,), True),
        ((SPY, VODAFONE), False),
        ((SPY, EURO), False),
        ((SPY, ContractSpec("SAP", currency="EUR")), False),
        ((), False),
    ],
)
def test_a_schedule_misses_nothing_where_no_market_of_it_trades(
    specs: tuple[ContractSpec, ...], closed: bool
) -> None:
    """A stock whose market only the broker can tell might have traded."""
    assert no_trading_day(specs, INDEPENDENCE_DAY) is closed


def test_sunday_evening_is_a_trading_day_of_pairs() -> None:
    assert no_trading_day([EURO], datetime(2024, 7, 7, 20, tzinfo=UTC))
    assert not no_trading_day([EURO], datetime(2024, 7, 7, 22, tzinfo=UTC))
