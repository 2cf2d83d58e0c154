"""Before anything is closed our open orders are cancelled; one that stays inactive is a matter of its contract only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from app.core.account import OrderReport
from app.core.orders import OrderState
from app.errors import BrokerFault
from app.intents.close_all import CloseAll, CloseAllRequest
from app.intents.lease import held_lease
from app.intents.services import Services
from app.ports.broker import Broker
from tests.contracts.samples import a_run, an_order
from tests.service import ServiceUnderTest, closed_port

REF = "ib-pabc"


@dataclass(slots=True)
class Stubborn:
    """A broker that is asked to cancel an order and leaves it as it is."""

    state: OrderState

    def order_reports(self, account: str) -> tuple[OrderReport, ...]:
        report = OrderReport(
            REF, 1, 1, 265598, "AAPL", "BUY", Decimal(3), "MKT", self.state, Decimal(0), None
        )
        return (report,)

    def cancel(self, order_refs: Sequence[str], *, seconds: float) -> Mapping[str, OrderReport]:
        return {
            report.order_ref: report for report in self.order_reports("") if report.order_ref in order_refs
        }


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return ServiceUnderTest.over(tmp_path, closed_port()).services


def prepare(services: Services, state: OrderState, *, journalled: bool = True) -> None:
    services.journal.claim(a_run("run-1"), None)
    with held_lease(services.journal, services.clock, "run-2") as held:
        if journalled:
            services.journal.save_orders([an_order(REF, "run-1", state)], held.lease)
        broker = cast("Broker", Stubborn(state))
        CloseAll(services).prepare(broker, "DU1", held, CloseAllRequest())


def test_an_inactive_order_that_is_not_cancelled_stops_nothing_but_its_contract(services: Services) -> None:
    """It used to refuse the whole of close-all, and so trapped every other position."""
    prepare(services, OrderState.INACTIVE)
    (order,) = services.journal.unsettled_orders()
    assert order.state is OrderState.INACTIVE


def test_a_working_order_that_is_not_cancelled_stops_close_all(services: Services) -> None:
    """It could open at any moment what was just closed."""
    with pytest.raises(BrokerFault, match="nothing was closed"):
        prepare(services, OrderState.WORKING)


def test_an_inactive_order_that_no_journal_knows_stops_close_all(services: Services) -> None:
    """Nothing would lock its contract."""
    with pytest.raises(BrokerFault, match="nothing was closed"):
        prepare(services, OrderState.INACTIVE, journalled=False)
