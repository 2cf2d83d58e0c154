"""Before anything is closed our open orders are cancelled; one that stays inactive is a matter of its contract only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from ib_trading.core.account import OrderReport
from ib_trading.core.canonical import canonical_json
from ib_trading.core.journal import RunState
from ib_trading.core.locks import Lock, locks
from ib_trading.core.order_kind import Side
from ib_trading.core.order_state import OrderState
from ib_trading.core.refusals import BrokerFault
from ib_trading.intents.close_all import CloseAll, CloseAllRequest
from ib_trading.intents.compare import compare_unwritten
from ib_trading.intents.services import Services
from ib_trading.intents.settle import settle_earlier
from ib_trading.ports.broker import Broker
from tests.contracts.samples import a_run, an_order
from tests.intents.account_model import ModelAccount
from tests.service import ServiceUnderTest, closed_port

REF = "ib-pabc"


@dataclass(slots=True)
class Stubborn:
    """A broker that is asked to cancel an order and leaves it as it is."""

    state: OrderState

    def order_reports(self, account: str) -> tuple[OrderReport, ...]:
        report = OrderReport(
            REF, 1, 1, 265598, "AAPL", Side.BUY, Decimal(3), "MKT", self.state, Decimal(0), None
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
    services.claims.claim(a_run("run-1"), None)
    with services.leased("run-2") as ledger:
        if journalled:
            ledger.record_orders([an_order(REF, "run-1", state)])
        broker = cast("Broker", Stubborn(state))
        CloseAll(services).prepare(broker, "DU1", ledger, CloseAllRequest())


def test_an_inactive_order_that_is_not_cancelled_stops_nothing_but_its_contract(services: Services) -> None:
    """It used to refuse the whole of close-all, and so trapped every other position."""
    prepare(services, OrderState.INACTIVE)
    (order,) = services.ledger.unsettled_orders()
    assert order.state is OrderState.INACTIVE


def test_a_working_order_that_is_not_cancelled_stops_close_all(services: Services) -> None:
    """It could open at any moment what was just closed."""
    with pytest.raises(BrokerFault, match="nothing was closed"):
        prepare(services, OrderState.WORKING)


def test_an_inactive_order_that_no_journal_knows_stops_nothing_but_its_contract_either(
    services: Services,
) -> None:
    """It is a stray then, which locks its contract. While nothing would have, it stopped the whole of close-all."""
    prepare(services, OrderState.INACTIVE, journalled=False)
    account = ModelAccount()
    account.accept("ib-pabcdefghijklmnop", 1, Decimal(3))
    compared = compare_unwritten(services, cast("Broker", account), "DU1")
    assert [lock.con_id for lock in locks(compared.differences, compared.orders, compared.strays)] == [1]


def test_who_finishes_an_interrupted_close_all_answers_for_what_it_left_out_too(services: Services) -> None:
    """A key gets the same kind of answer, whether its process lived or not."""
    account = ModelAccount()
    order = replace(
        an_order(REF, "run-1", OrderState.SENDING), con_id=1, local_symbol="AAA", increment=Decimal(1)
    )
    locked = Lock(2, "BBB", "order ib-pdef is unknown", ("ib-pdef",))
    plan = canonical_json({"orders": [{"conId": 1, "tif": "DAY"}], "locks": [locked], "reduceOnly": True})
    run = a_run("run-1")
    services.claims.claim(run, None)
    account.accept(REF, 1, Decimal(3))
    account.fill(REF, 10, None)
    with services.leased("run-2") as ledger:
        ledger.record_plan(replace(run, state=RunState.SUBMITTING, plan=plan), [order])
        settle_earlier(services, ledger, account, "DU1", "run-2")
    ended = services.ledger.run("run-1")
    assert ended is not None
    assert ended.response is not None
    assert (ended.state, ended.response.status) == (RunState.SETTLED, 423)
    assert b"left out: BBB" in ended.response.body
