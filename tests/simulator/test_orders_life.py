"""The life of orders at the broker, as its clients would hear of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_trading_simulator.brokerage import manual
from ib_trading_simulator.brokerage.broker import Broker
from ib_trading_simulator.brokerage.orders import Status
from ib_trading_simulator.brokerage.refusal import Refusal
from tests.simulator.trading import AAPL, CLIENT, CLOSE, OPEN, Ear, broker_at, ticket


@pytest.fixture
def trading() -> tuple[Broker, Ear]:
    """A broker with a million, five minutes into a session."""
    return broker_at(OPEN + timedelta(minutes=5))


class TestFills:
    """An order that can trade does so at once, at the bid or the ask of that instant."""

    def test_a_market_order_is_told_in_the_sequence_of_a_real_gateway(
        self, trading: tuple[Broker, Ear]
    ) -> None:
        broker, ear = trading
        broker.place(CLIENT, 1, ticket(quantity=100))
        assert ear.heard == [
            "order PreSubmitted",
            "execution",
            "order Filled",
            "order Filled with commission",
            "commission",
            "holdings",
        ]

    def test_a_partial_fill_says_how_much_is_left_before_the_next_one(
        self, trading: tuple[Broker, Ear]
    ) -> None:
        broker, ear = trading
        displayed = broker.market.quote(AAPL, broker.now).ask_size
        broker.place(CLIENT, 1, ticket(quantity=int(displayed) + 100))
        assert [e.shares for e in ear.executions] == [displayed, 100]
        assert ear.heard[:5] == [
            "order PreSubmitted",
            "execution",
            "order Submitted",
            "commission",
            "holdings",
        ]

    @settings(max_examples=25, deadline=None)
    @given(
        minute=st.integers(0, 389),
        action=st.sampled_from(["BUY", "SELL"]),
        quantity=st.integers(1, 5000),
    )
    def test_every_execution_is_at_the_simulators_own_bid_or_ask(
        self, minute: int, action: str, quantity: int
    ) -> None:
        now = OPEN + timedelta(minutes=minute)
        broker, ear = broker_at(now)
        broker.place(CLIENT, 1, ticket(action, quantity))
        quote = broker.market.quote(AAPL, now)
        wanted = quote.ask if action == "BUY" else quote.bid
        assert {e.price for e in ear.executions} == {wanted}
        assert sum(e.shares for e in ear.executions) == quantity
        assert {(e.bid, e.ask) for e in ear.executions} == {(quote.bid, quote.ask)}


class TestLimits:
    """A limit order rests until the market comes to it, or its day ends."""

    def test_one_that_is_not_met_rests(self, trading: tuple[Broker, Ear]) -> None:
        broker, ear = trading
        broker.place(CLIENT, 1, ticket(limit="1.00"))
        assert ear.heard == ["order PreSubmitted", "order Submitted"]

    def test_one_that_the_market_comes_to_fills_at_the_quote_of_that_moment(
        self, trading: tuple[Broker, Ear]
    ) -> None:
        broker, ear = trading
        bought = broker.market.quote(AAPL, broker.now).ask
        assert bought is not None
        limit = bought - Decimal("0.05")
        broker.place(CLIENT, 1, ticket(limit=str(limit)))
        broker.catch_up(CLOSE)
        (execution,) = ear.executions
        quote = broker.market.quote(AAPL, execution.at)
        before = broker.market.quote(AAPL, execution.at - timedelta(minutes=1))
        assert quote.ask is not None
        assert before.ask is not None
        assert execution.price == quote.ask <= limit < before.ask

    def test_a_day_order_ends_with_its_session(self, trading: tuple[Broker, Ear]) -> None:
        broker, ear = trading
        broker.place(CLIENT, 1, ticket(limit="1.00"))
        broker.catch_up(CLOSE)
        assert broker.orders.orders[broker.orders.next_perm_id - 1].status is Status.CANCELLED
        told = [said for said in ear.heard if said != "quotes"]
        assert told == ["order PreSubmitted", "order Submitted", "status Cancelled", "notice 202"]

    def test_one_that_is_good_till_cancelled_outlives_the_session(self, trading: tuple[Broker, Ear]) -> None:
        broker, _ = trading
        order = broker.place(CLIENT, 1, ticket(limit="1.00", tif="GTC"))
        broker.catch_up(CLOSE + timedelta(days=30))
        assert broker.orders.orders[order.perm_id].live


class TestClosedMarket:
    """What comes while the market is closed waits for it to open."""

    def test_a_market_order_is_warned_of_and_held(self) -> None:
        broker, ear = broker_at(OPEN - timedelta(hours=1))
        broker.place(CLIENT, 1, ticket())
        assert ear.heard == ["notice 399", "order PreSubmitted"]

    def test_it_trades_at_the_first_quote_of_the_next_session(self) -> None:
        broker, ear = broker_at(OPEN - timedelta(hours=1))
        broker.place(CLIENT, 1, ticket())
        broker.catch_up(OPEN)
        (execution,) = ear.executions
        assert (execution.at, execution.price) == (OPEN, broker.market.quote(AAPL, OPEN).ask)

    def test_a_day_order_of_the_evening_lasts_until_the_next_close(self) -> None:
        broker, _ = broker_at(CLOSE + timedelta(hours=1))
        order = broker.place(CLIENT, 1, ticket(limit="1.00"))
        broker.catch_up(CLOSE + timedelta(hours=23))
        assert broker.orders.orders[order.perm_id].live
        broker.catch_up(CLOSE + timedelta(hours=24))
        assert not broker.orders.orders[order.perm_id].live

    def test_an_order_whose_market_never_opens_again_is_held(self) -> None:
        broker, ear = broker_at(datetime(2030, 1, 2, 15, 0, tzinfo=UTC))
        broker.place(CLIENT, 1, ticket())
        broker.catch_up(datetime(2031, 1, 2, 15, 0, tzinfo=UTC))
        assert ear.heard == ["notice 399", "order PreSubmitted"]

    def test_good_after_time_holds_an_order_without_a_warning(self, trading: tuple[Broker, Ear]) -> None:
        broker, ear = trading
        later = broker.now + timedelta(hours=2)
        broker.place(CLIENT, 1, ticket(good_after=later))
        assert ear.heard == ["order PreSubmitted"]
        broker.catch_up(later - timedelta(seconds=1))
        assert not ear.executions
        broker.catch_up(later)
        assert [e.at for e in ear.executions] == [later]


class TestCancelling:
    """What a cancel is answered with."""

    def test_a_resting_order_is_cancelled_and_told_so_with_202(self, trading: tuple[Broker, Ear]) -> None:
        broker, ear = trading
        broker.place(CLIENT, 1, ticket(limit="1.00"))
        ear.heard.clear()
        broker.cancel(CLIENT, 1)
        assert ear.heard == ["status PendingCancel", "status Cancelled", "notice 202"]

    @pytest.mark.parametrize(("order_id", "code"), [(1, 10148), (2, 10147)])
    def test_what_is_done_or_unknown_cannot_be_cancelled(
        self, trading: tuple[Broker, Ear], order_id: int, code: int
    ) -> None:
        broker, _ = trading
        broker.place(CLIENT, 1, ticket())
        with pytest.raises(Refusal) as refused:
            broker.cancel(CLIENT, order_id)
        assert refused.value.code == code

    def test_a_cancelled_order_changes_no_holding(self, trading: tuple[Broker, Ear]) -> None:
        broker, _ = trading
        before = broker.accounts.holdings["DU1"]
        broker.place(CLIENT, 1, ticket(limit="1.00"))
        broker.cancel(CLIENT, 1)
        broker.catch_up(CLOSE + timedelta(days=3))
        assert broker.accounts.holdings["DU1"] == before

    def test_cancel_all_ends_the_orders_of_every_client(self, trading: tuple[Broker, Ear]) -> None:
        broker, _ = trading
        broker.place(1, 1, ticket(limit="1.00"))
        broker.place(2, 1, ticket(limit="1.00"))
        broker.cancel_all()
        assert broker.orders.live() == ()


class TestIds:
    """An order id belongs to a client and is used once."""

    @pytest.mark.parametrize("order_id", [3, 5])
    def test_an_id_not_above_the_highest_used_is_a_duplicate(
        self, trading: tuple[Broker, Ear], order_id: int
    ) -> None:
        broker, _ = trading
        broker.place(CLIENT, 5, ticket())
        with pytest.raises(Refusal, match="103"):
            broker.place(CLIENT, order_id, ticket())

    def test_two_clients_may_use_the_same_id(self, trading: tuple[Broker, Ear]) -> None:
        broker, _ = trading
        first, second = broker.place(1, 5, ticket()), broker.place(2, 5, ticket())
        assert first.perm_id != second.perm_id

    def test_a_live_id_changes_that_order(self, trading: tuple[Broker, Ear]) -> None:
        broker, ear = trading
        order = broker.place(CLIENT, 5, ticket(limit="1.00"))
        broker.place(CLIENT, 5, ticket(limit="2.00", quantity=50))
        (live,) = broker.orders.live()
        assert (live.perm_id, live.ticket.limit, live.ticket.quantity) == (order.perm_id, 2, 50)
        assert ear.heard[-1] == "order Submitted"

    def test_a_change_that_can_trade_does(self, trading: tuple[Broker, Ear]) -> None:
        broker, ear = trading
        broker.place(CLIENT, 5, ticket(limit="1.00"))
        broker.place(CLIENT, 5, ticket(limit="900.00"))
        assert len(ear.executions) == 1

    def test_a_change_may_not_turn_a_purchase_into_a_sale(self, trading: tuple[Broker, Ear]) -> None:
        broker, _ = trading
        broker.place(CLIENT, 5, ticket(limit="1.00"))
        with pytest.raises(Refusal, match="105"):
            broker.place(CLIENT, 5, ticket("SELL", limit="900.00"))


class TestMargin:
    """An order that the account cannot carry is refused, and one that lightens it is not."""

    def test_too_large_an_order_is_rejected_with_201(self) -> None:
        broker, ear = broker_at(OPEN, cash="10000")
        order = broker.place(CLIENT, 1, ticket(quantity=100_000))
        assert (order.status, ear.heard) == (Status.INACTIVE, ["order Inactive", "notice 201"])
        assert not broker.executions

    def test_a_position_can_be_sold_however_little_equity_there_is(self) -> None:
        broker, ear = broker_at(OPEN, cash="2000")
        broker.place(CLIENT, 1, ticket(quantity=100))
        broker.accounts.holdings["DU1"].cash["USD"] -= 3500
        broker.place(CLIENT, 2, ticket("SELL", quantity=100))
        assert [e.side for e in ear.executions] == ["BOT", "SLD"]


def test_a_day_in_which_nobody_has_an_order_is_one_step() -> None:
    broker, _ = broker_at(OPEN)
    assert not broker.step(OPEN + timedelta(days=365))
    assert broker.now == OPEN + timedelta(days=365)


def test_yesterdays_equity_is_yesterdays_holdings_at_yesterdays_close() -> None:
    broker, _ = broker_at(OPEN)
    broker.place(CLIENT, 1, ticket(quantity=100))
    broker.catch_up(CLOSE + timedelta(minutes=1))
    at_the_close = broker.accounts.valuation("DU1", broker.now).net_liquidation
    broker.catch_up(OPEN + timedelta(days=1))
    broker.place(CLIENT, 2, ticket("SELL", quantity=40))
    assert broker.accounts.previous_equity("DU1", broker.now) == at_the_close


def test_a_trade_by_hand_has_no_order_id_and_changes_the_account(trading: tuple[Broker, Ear]) -> None:
    broker, ear = trading
    manual.trade(broker, ticket(quantity=10))
    (execution,) = ear.executions
    assert (execution.client_id, execution.order_id) == (0, 0)
    assert broker.accounts.holdings["DU1"].positions[AAPL].quantity == 10


def test_a_price_that_is_set_fills_what_waited_for_it(trading: tuple[Broker, Ear]) -> None:
    broker, ear = trading
    broker.place(CLIENT, 1, ticket(limit="20.00"))
    broker.set_price(AAPL, Decimal("19.50"))
    assert [e.price <= 20 for e in ear.executions] == [True]


class TestAuctions:
    """Orders that trade at one print of the day, or not at all."""

    def test_an_order_for_the_close_trades_at_the_recorded_close(self, trading: tuple[Broker, Ear]) -> None:
        broker, ear = trading
        broker.place(CLIENT, 1, ticket(quantity=5000, order_type="MOC"))
        broker.catch_up(CLOSE - timedelta(seconds=1))
        assert ear.executions == []
        broker.catch_up(CLOSE)
        (execution,) = ear.executions
        recorded = broker.market.recorded_close(AAPL, CLOSE.date())
        assert recorded is not None
        assert (execution.price, execution.shares) == (round(recorded, 2), 5000)

    def test_an_order_for_the_open_waits_for_the_next_one(self, trading: tuple[Broker, Ear]) -> None:
        broker, ear = trading
        broker.place(CLIENT, 1, ticket(tif="OPG"))
        broker.catch_up(OPEN + timedelta(days=1))
        (execution,) = ear.executions
        assert execution.at == OPEN + timedelta(days=1)
        assert execution.price == broker.market.quote(AAPL, execution.at).open

    def test_a_limit_that_the_open_does_not_meet_ends_the_order(self, trading: tuple[Broker, Ear]) -> None:
        broker, ear = trading
        broker.place(CLIENT, 1, ticket(tif="OPG", limit="1.00"))
        broker.catch_up(OPEN + timedelta(days=1))
        assert (ear.executions, ear.heard[-2:]) == ([], ["status Cancelled", "notice 202"])
