"""A conversion of cash is nobody's holding, but it is a live order while it works."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from ib_trading.core.journal import Run, RunState
from ib_trading.core.order import Order
from ib_trading.core.order_kind import OrderType, Side, TimeInForce
from ib_trading.core.order_state import OrderState
from ib_trading.intents.leased_ledger import LeasedLedger
from ib_trading.intents.read_snapshot import working_orders
from ib_trading.intents.services import Services
from ib_trading.intents.settle import book
from tests.core.builders import NOW, execution
from tests.service import ServiceUnderTest, closed_port

CONVERSION = Order(
    order_ref="ib-pcash",
    run_id="run",
    con_id=11,
    local_symbol="EUR.USD",
    action=Side.SELL,
    quantity=Decimal(5000),
    order_type=OrderType.MARKET,
    tif=TimeInForce.DAY,
    adaptive_priority=None,
    increment=Decimal(1),
    source={},
    state=OrderState.WORKING,
    filled=Decimal(2000),
)
FILL = replace(execution("e.01", "-2000"), order_ref="ib-pcash", con_id=11)


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return ServiceUnderTest.over(tmp_path, closed_port()).services


@pytest.fixture
def ledger(services: Services) -> Iterator[LeasedLedger]:
    services.claims.claim(Run("run", "key", "hash", "cash-balancer", RunState.CLAIMED, NOW), None)
    with services.leased("run") as ledger:
        ledger.record_orders((CONVERSION,))
        yield ledger


def test_its_fills_change_no_holding(services: Services, ledger: LeasedLedger) -> None:
    assert book(ledger, (CONVERSION,), (FILL,)) == 0
    assert services.ledger.holdings() == {}


def test_the_same_fill_of_a_strategy_s_order_does(services: Services, ledger: LeasedLedger) -> None:
    order = replace(CONVERSION, source={"alpha": Decimal(-5000)})
    assert book(ledger, (order,), (FILL,)) == 1
    assert services.ledger.holdings() == {"alpha": {11: -2000}}


@pytest.mark.usefixtures("ledger")
def test_what_it_may_still_fill_is_working_so_that_no_second_one_leaves(services: Services) -> None:
    assert working_orders(services.ledger) == {"unassigned": {11: Decimal(3000)}}
