"""Orders over the wire: placed, acknowledged, filled, refused, and found again, judged by the simulator's record."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from ib_trading.adapters.ib.session import IbGateway
from ib_trading.core.instruments import ContractSpec, Instrument
from ib_trading.core.order_kind import Side
from ib_trading.core.order_state import OrderState
from ib_trading.core.refusals import BrokerFault
from ib_trading.core.snapshot import Margin
from ib_trading.ports.broker import Broker
from ib_trading_simulator.launch import Launched
from tests.contracts.samples import an_order
from tests.elapsed import stretched

OPEN, CLOSED = "2019-01-02T15:00:00Z", "2019-01-02T03:00:00Z"
AAPL = ContractSpec("AAPL")


@dataclass
class Desk:
    """A session, and orders in AAPL placed through it."""

    broker: Broker
    simulator: Launched
    aapl: Instrument

    def place(self, *refs: str, quantity: int = 10, account: str = "", **changes: Any) -> None:
        for ref in refs:
            (order_id,) = self.broker.next_order_ids(1)
            order = an_order(ref, "run-1", quantity=Decimal(quantity), **changes)
            self.broker.place(order, order_id, account or self.simulator.account, self.aapl)

    def what_if(self, **changes: Any) -> Margin | None:
        return self.broker.what_if(an_order("", "run-1", **changes), self.simulator.account, self.aapl)

    @property
    def recorded(self) -> list[dict[str, object]]:
        return self.simulator.state(messages=False)["orders"]


@pytest.fixture
def start() -> str:
    return OPEN


@pytest.fixture
def simulated(start: str) -> tuple[str, ...]:
    return ("--start", start, "--cash", "USD=1000000")


@pytest.fixture
def gateway(simulator: Launched) -> IbGateway:
    return IbGateway("127.0.0.1", simulator.port, 101)


@pytest.fixture
def desk(gateway: IbGateway, simulator: Launched) -> Iterator[Desk]:
    with gateway.session() as broker:
        yield Desk(broker, simulator, broker.instruments([AAPL])[AAPL])


def test_a_market_order_fills_in_several_executions_with_their_commissions(desk: Desk) -> None:
    """No fill is larger than the size displayed, so that an order of many lots is many executions."""
    desk.place("ib-pbig", quantity=20_000)
    report = desk.broker.follow(["ib-pbig"], until_final=True, seconds=10)["ib-pbig"]
    fills = desk.broker.fills(["ib-pbig"], seconds=10)
    assert (report.state, report.filled) == (OrderState.FILLED, 20_000)
    assert len(fills) > 1
    assert sum(fill.quantity for fill in fills) == 20_000
    assert all(fill.commission is not None and fill.commission_currency == "USD" for fill in fills)
    assert sum(fill.commission or 0 for fill in fills) == Decimal(str(20_000 * 0.005))


def test_a_sale_is_a_negative_quantity(desk: Desk) -> None:
    desk.place("ib-psale", quantity=30, action=Side.SELL)
    desk.broker.follow(["ib-psale"], until_final=True, seconds=10)
    (fill,) = desk.broker.fills(["ib-psale"], seconds=10)
    assert fill.quantity == -30
    assert [position.quantity for position in desk.broker.positions(desk.simulator.account)] == [-30]


def test_the_adaptive_algo_arrives_with_its_priority(desk: Desk) -> None:
    desk.place("ib-palgo", adaptive_priority="Patient")
    desk.broker.follow(["ib-palgo"], until_final=True, seconds=10)
    messages = desk.simulator.state()["messages"]
    sent = next(one["fields"] for one in messages if (one["direction"], one["fields"][0]) == ("in", "3"))
    at = sent.index("Adaptive")
    assert sent[at : at + 4] == ["Adaptive", "1", "adaptivePriority", "Patient"]


def test_orders_leave_in_the_sequence_in_which_they_are_placed(desk: Desk) -> None:
    refs = [f"ib-p{index:02}" for index in range(20)]
    desk.place(*refs)
    desk.broker.follow(refs, until_final=True, seconds=10)
    assert [order["orderRef"] for order in desk.recorded] == refs


def test_following_tells_of_the_orders_that_were_asked_about_only(desk: Desk) -> None:
    desk.place("ib-pone", "ib-ptwo")
    assert set(desk.broker.follow(["ib-ptwo"], until_final=True, seconds=10)) == {"ib-ptwo"}


def test_an_order_that_was_never_placed_has_no_report(desk: Desk) -> None:
    assert desk.broker.follow(["ib-pnone"], until_final=False, seconds=0.05) == {}
    assert desk.broker.fills(["ib-pnone"], seconds=30) == ()


@pytest.mark.parametrize("start", [CLOSED])
def test_an_order_held_for_the_opening_is_acknowledged_and_works(desk: Desk) -> None:
    """The warning 399 comes before the echo, and is not its end."""
    desk.place("ib-pearly")
    report = desk.broker.follow(["ib-pearly"], until_final=False, seconds=10)["ib-pearly"]
    assert (report.state, report.perm_id != 0, report.filled) == (OrderState.WORKING, True, 0)
    assert report.messages[0].startswith("399 ")
    desk.simulator.advance(by="12 hours")
    report = desk.broker.follow(["ib-pearly"], until_final=True, seconds=10)["ib-pearly"]
    assert report.state is OrderState.FILLED


@pytest.mark.parametrize("start", [CLOSED])
def test_a_cancelled_order_is_told_by_the_broker_also_in_a_later_session(
    gateway: IbGateway, simulator: Launched
) -> None:
    """An order id lasts over the sessions of its client, so that what a dead process left can be cancelled."""
    with gateway.session() as broker:
        Desk(broker, simulator, broker.instruments([AAPL])[AAPL]).place("ib-pone", "ib-ptwo")
        broker.follow(["ib-pone", "ib-ptwo"], until_final=False, seconds=10)
    with gateway.session() as broker:
        broker.order_reports(simulator.account)
        reports = broker.cancel(["ib-pone", "ib-ptwo"], seconds=10)
    assert {report.state for report in reports.values()} == {OrderState.CANCELLED}
    assert {one["status"] for one in simulator.state(messages=False)["orders"]} == {"Cancelled"}


def test_cancelling_what_has_filled_tells_of_the_fill(desk: Desk) -> None:
    desk.place("ib-pfast")
    desk.broker.follow(["ib-pfast"], until_final=True, seconds=10)
    report = desk.broker.cancel(["ib-pfast"], seconds=10)["ib-pfast"]
    assert (report.state, report.filled) == (OrderState.FILLED, 10)


def test_an_order_that_is_not_this_client_s_cannot_be_cancelled(desk: Desk) -> None:
    with pytest.raises(BrokerFault, match="not this client's to cancel"):
        desk.broker.cancel(["ib-pnone"], seconds=10)


def test_a_what_if_tells_margins_and_places_nothing(desk: Desk) -> None:
    """Half of the value is the initial margin; the ids that come after it are free all the same."""
    margin = desk.what_if(quantity=Decimal(100))
    assert margin is not None
    assert margin.initial_before == 0
    assert 0 < margin.initial_after < margin.equity_after
    assert desk.recorded == []
    desk.place("ib-pafter")
    assert (
        desk.broker.follow(["ib-pafter"], until_final=True, seconds=10)["ib-pafter"].state
        is OrderState.FILLED
    )


def test_a_what_if_that_the_broker_refuses_has_no_answer(desk: Desk) -> None:
    assert desk.what_if(adaptive_priority="Sometime") is None


@pytest.mark.parametrize("start", [CLOSED])
def test_following_to_the_end_gives_up_with_its_seconds(desk: Desk) -> None:
    desk.place("ib-pearly")
    begun = time.monotonic()
    report = desk.broker.follow(["ib-pearly"], until_final=True, seconds=0.3)["ib-pearly"]
    assert report.state is OrderState.WORKING
    assert 0.25 < time.monotonic() - begun < stretched(2)


def test_an_order_beyond_the_margin_is_rejected_with_the_brokers_words(desk: Desk) -> None:
    """The status is Inactive; what makes it final is the message 201 after it."""
    desk.place("ib-pgreed", quantity=1_000_000)
    report = desk.broker.follow(["ib-pgreed"], until_final=True, seconds=10)["ib-pgreed"]
    assert report.state is OrderState.REJECTED
    assert report.messages[0].startswith("201 Order rejected")


def test_an_order_that_does_not_pass_validation_is_rejected_without_an_echo(desk: Desk) -> None:
    desk.place("ib-pwrong", account="DU0000000")
    report = desk.broker.follow(["ib-pwrong"], until_final=False, seconds=10)["ib-pwrong"]
    assert (report.state, report.perm_id) == (OrderState.REJECTED, 0)
    assert desk.recorded == []


def test_ids_are_above_every_one_that_the_gateway_knows(gateway: IbGateway, desk: Desk) -> None:
    desk.place("ib-pfirst")
    used = desk.broker.follow(["ib-pfirst"], until_final=True, seconds=10)["ib-pfirst"].order_id
    assert used is not None
    assert all(order_id > used for order_id in desk.broker.next_order_ids(3))


def test_ids_are_never_given_out_twice(desk: Desk) -> None:
    ids = desk.broker.next_order_ids(5) + desk.broker.next_order_ids(5)
    assert len(set(ids)) == 10


def test_an_order_is_found_by_its_reference_in_a_later_session(
    gateway: IbGateway, simulator: Launched
) -> None:
    with gateway.session() as broker:
        desk = Desk(broker, simulator, broker.instruments([AAPL])[AAPL])
        desk.place("ib-pdone")
        desk.broker.follow(["ib-pdone"], until_final=True, seconds=10)
    with gateway.session() as later:
        (report,) = later.order_reports(simulator.account)
        (execution,) = later.executions(simulator.account)
    assert (report.order_ref, report.state, report.filled) == ("ib-pdone", OrderState.FILLED, 10)
    assert (execution.order_ref, execution.quantity, execution.commission) == ("ib-pdone", 10, Decimal(1))


@pytest.mark.parametrize("start", [CLOSED])
def test_a_live_order_of_an_earlier_session_is_told_and_followed(
    gateway: IbGateway, simulator: Launched
) -> None:
    with gateway.session() as broker:
        Desk(broker, simulator, broker.instruments([AAPL])[AAPL]).place("ib-pheld")
        placed = broker.follow(["ib-pheld"], until_final=False, seconds=10)["ib-pheld"]
    with gateway.session() as later:
        (report,) = later.order_reports(simulator.account)
        assert (report.state, report.perm_id) == (OrderState.WORKING, placed.perm_id)
        simulator.advance(by="12 hours")
        followed = later.follow(["ib-pheld"], until_final=True, seconds=10)["ib-pheld"]
        assert (followed.state, followed.filled) == (OrderState.FILLED, 10)


def test_the_brokers_open_orders_are_those_of_every_client(gateway: IbGateway, simulator: Launched) -> None:
    other = IbGateway("127.0.0.1", simulator.port, 7)
    with other.session() as broker:
        Desk(broker, simulator, broker.instruments([AAPL])[AAPL]).place("other")
        broker.follow(["other"], until_final=True, seconds=10)
    with gateway.session() as ours:
        assert [report.order_ref for report in ours.order_reports(simulator.account)] == ["other"]
        assert [execution.order_ref for execution in ours.executions(simulator.account)] == ["other"]


def test_an_order_that_cannot_leave_is_told_before_anything_else_is_sent(desk: Desk) -> None:
    """Placing does not wait for the order to leave; whoever asks next learns that it has not."""
    desk.simulator.stop()
    with pytest.raises(BrokerFault):
        desk.broker.current_time()
    lost = an_order("ib-plost", "run-1"), 99, desk.simulator.account, desk.aapl
    desk.broker.place(*lost)
    with pytest.raises(BrokerFault, match="lost"):
        desk.broker.follow(["ib-plost"], until_final=False, seconds=5)
    with pytest.raises(BrokerFault, match="lost"):
        desk.broker.place(*lost)


def test_a_hundred_orders_exceed_no_limit_if_each_is_allowed(desk: Desk) -> None:
    refs = [f"ib-p{index:03}" for index in range(100)]
    ids = desk.broker.next_order_ids(100)
    for ref, order_id in zip(refs, ids, strict=True):
        desk.broker.allow_messages(1)
        desk.broker.place(
            an_order(ref, "run-1", quantity=Decimal(1)), order_id, desk.simulator.account, desk.aapl
        )
    reports = desk.broker.follow(refs, until_final=True, seconds=20)
    assert {report.state for report in reports.values()} == {OrderState.FILLED}
    assert [order["orderRef"] for order in desk.recorded] == refs
