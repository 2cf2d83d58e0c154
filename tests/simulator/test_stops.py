"""Stop, stop-limit and trailing orders at the broker, as their owner would hear of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ib_trading_simulator.brokerage.broker import Broker
from ib_trading_simulator.brokerage.orders import Order, Status, Ticket
from ib_trading_simulator.brokerage.refusal import Refusal
from ib_trading_simulator.brokerage.store import Store
from ib_trading_simulator.brokerage.trigger import Trigger
from tests.simulator.trading import AAPL, CLIENT, CLOSE, OPEN, Ear, broker_at, ticket

MINUTE = timedelta(minutes=1)
ACTIONS = st.sampled_from(["BUY", "SELL"])
# Cents between the market and a stop, on either side; AAPL moves by some sixty on this day.
CENTS = st.integers(-40, 40).map(lambda cents: Decimal(cents) / 100)
DISTANCES = st.integers(1, 60).map(lambda cents: Decimal(cents) / 100)


@pytest.fixture
def trading() -> tuple[Broker, Ear]:
    return broker_at(OPEN + timedelta(minutes=5))


def last(broker: Broker) -> Decimal:
    price = broker.quote(AAPL).last
    assert price is not None
    return price


def stop(broker: Broker, action: str, beyond: str, quantity: int = 100, **more: object) -> Ticket:
    """A stop that much beyond the market: above it for a purchase, below it for a sale."""
    sign = 1 if action == "BUY" else -1
    wanted = last(broker) + sign * Decimal(beyond)
    return ticket(action, quantity, None, order_type="STP", stop=wanted, **more)


def trail(action: str, amount: str, quantity: int = 100, **more: object) -> Ticket:
    return ticket(action, quantity, None, order_type="TRAIL", trail_amount=Decimal(amount), **more)


def own(broker: Broker, order_id: int = 1) -> Order:
    order = broker.orders.of(CLIENT, order_id)
    assert order is not None
    return order


def move(broker: Broker, by: str) -> Decimal:
    """Sets the price, by so much from where it is; what it is then."""
    broker.set_price(AAPL, last(broker) + Decimal(by))
    return last(broker)


class TestTriggering:
    def test_a_stop_is_held_until_it_is_reached_then_submitted_and_filled(
        self, trading: tuple[Broker, Ear]
    ) -> None:
        broker, ear = trading
        broker.place(CLIENT, 1, stop(broker, "SELL", "0.50"))
        assert ear.heard == ["order PreSubmitted"]
        assert own(broker).waits
        ear.heard.clear()
        move(broker, "-0.60")
        assert ear.heard == [
            "order Submitted",
            "execution",
            "order Filled",
            "order Filled with commission",
            "commission",
            "holdings",
            "quotes",
        ]
        assert ear.executions[0].price == broker.quote(AAPL).bid

    @pytest.mark.parametrize("action", ["BUY", "SELL"])
    def test_a_stop_on_the_wrong_side_triggers_at_once(
        self, trading: tuple[Broker, Ear], action: str
    ) -> None:
        broker, ear = trading
        broker.place(CLIENT, 1, stop(broker, action, "-0.50"))
        assert ear.heard[:3] == ["order PreSubmitted", "order Submitted", "execution"]
        assert own(broker).status is Status.FILLED

    def test_the_price_itself_triggers(self, trading: tuple[Broker, Ear]) -> None:
        broker, _ = trading
        broker.place(CLIENT, 1, stop(broker, "BUY", "0.20"))
        reached = move(broker, "0.20")
        assert own(broker).stop == reached
        assert own(broker).triggered

    def test_a_stop_limit_beyond_its_limit_rests_at_it(self, trading: tuple[Broker, Ear]) -> None:
        broker, ear = trading
        wanted = last(broker) - Decimal("0.50")
        broker.place(CLIENT, 1, ticket("SELL", 100, str(wanted), order_type="STP LMT", stop=wanted))
        move(broker, "-2")
        assert own(broker).status is Status.SUBMITTED
        assert not ear.executions
        move(broker, "3")
        assert own(broker).status is Status.FILLED
        assert all(execution.price >= wanted for execution in ear.executions)

    @settings(max_examples=25, deadline=None)
    @given(action=ACTIONS, beyond=CENTS, minute=st.integers(0, 300), trigger=st.sampled_from(Trigger))
    def test_a_stop_never_fills_before_its_trigger(
        self, action: str, beyond: Decimal, minute: int, trigger: Trigger
    ) -> None:
        broker, ear = broker_at(OPEN + minute * MINUTE)
        order = stop(broker, action, str(beyond), trigger=trigger, quantity=10)
        broker.place(CLIENT, 1, order)
        assert order.stop is not None
        while not ear.executions and broker.now < CLOSE - MINUTE:
            quote = broker.quote(AAPL)
            assert quote.last is not None
            assert quote.bid is not None
            assert quote.ask is not None
            near = quote.bid if action == "BUY" else quote.ask
            seen = {
                Trigger.LAST: [quote.last],
                Trigger.BID_ASK: [near],
                Trigger.LAST_OR_BID_ASK: [quote.last, near],
                Trigger.MIDPOINT: [(quote.bid + quote.ask) / 2],
            }[trigger]
            assert not any((price - order.stop) * order.sign >= 0 for price in seen), "it should have filled"
            broker.step(broker.now + MINUTE)
        for execution in ear.executions:
            quote = broker.market.quote(AAPL, execution.at)
            reach = [quote.last, quote.bid if action == "BUY" else quote.ask]
            prices = [price for price in reach if price is not None]
            assert any((price - order.stop) * order.sign >= 0 for price in prices)

    @settings(max_examples=25, deadline=None)
    @given(action=ACTIONS, beyond=CENTS, offset=CENTS, minute=st.integers(0, 300))
    def test_a_stop_limit_never_fills_beyond_its_limit(
        self, action: str, beyond: Decimal, offset: Decimal, minute: int
    ) -> None:
        broker, ear = broker_at(OPEN + minute * MINUTE)
        order = stop(broker, action, str(beyond), quantity=10)
        assert order.stop is not None
        limit = order.stop + offset
        broker.place(CLIENT, 1, ticket(action, 10, str(limit), order_type="STP LMT", stop=order.stop))
        broker.catch_up(CLOSE)
        assert all((execution.price - limit) * order.sign <= 0 for execution in ear.executions)
        assert own(broker).status in {Status.FILLED, Status.CANCELLED}


class TestTrailing:
    def test_a_sale_trails_the_rising_price_and_sells_when_it_falls_back(
        self, trading: tuple[Broker, Ear]
    ) -> None:
        broker, ear = trading
        begun = last(broker)
        broker.place(CLIENT, 1, trail("SELL", "0.50"))
        assert own(broker).stop == begun - Decimal("0.50")
        move(broker, "1")
        assert own(broker).stop == begun + Decimal("0.50")
        move(broker, "-0.40")
        assert own(broker).stop == begun + Decimal("0.50")
        assert not ear.executions
        move(broker, "-0.10")
        assert own(broker).status is Status.FILLED

    def test_a_percentage_is_of_the_best_price(self, trading: tuple[Broker, Ear]) -> None:
        broker, _ = trading
        broker.place(CLIENT, 1, ticket("BUY", order_type="TRAIL", trail_percent=Decimal(2)))
        best = move(broker, "-3")
        move(broker, "0.05")
        assert own(broker).stop == best * Decimal("1.02")

    def test_a_stop_price_of_its_own_holds_until_the_trail_has_passed_it(
        self, trading: tuple[Broker, Ear]
    ) -> None:
        broker, _ = trading
        near = last(broker) - Decimal("0.10")
        broker.place(CLIENT, 1, trail("SELL", "0.50", stop=near))
        assert own(broker).stop == near
        move(broker, "0.30")
        assert own(broker).stop == near
        assert move(broker, "0.30") - Decimal("0.50") == own(broker).stop

    def test_a_trailing_limit_follows_its_stop_and_stands_still_once_triggered(
        self, trading: tuple[Broker, Ear]
    ) -> None:
        broker, ear = trading
        first = last(broker) - Decimal("0.50")
        limited = trail("SELL", "0.50", stop=first, limit_offset=Decimal("0.05"))
        broker.place(CLIENT, 1, replace(limited, order_type="TRAIL LIMIT"))
        move(broker, "1")
        assert own(broker).limit == first + Decimal("0.95")
        move(broker, "-3")
        assert (own(broker).status, ear.executions) == (Status.SUBMITTED, [])
        move(broker, "1")
        assert own(broker).limit == first + Decimal("0.95")

    @settings(max_examples=25, deadline=None)
    @given(action=ACTIONS, amount=DISTANCES, minute=st.integers(0, 300))
    def test_the_stop_never_moves_away_from_the_market(
        self, action: str, amount: Decimal, minute: int
    ) -> None:
        broker, _ = broker_at(OPEN + minute * MINUTE)
        order = trail(action, str(amount), quantity=10)
        broker.place(CLIENT, 1, order)
        before = own(broker).stop
        best = last(broker)
        while own(broker).waits and broker.now < CLOSE - MINUTE:
            assert before is not None
            best = min(best * order.sign, last(broker) * order.sign) * order.sign
            broker.step(broker.now + MINUTE)
            now = own(broker).stop
            assert now is not None
            assert now * order.sign <= before * order.sign
            before = now
        if own(broker).triggered:
            assert own(broker).stop == best + amount * order.sign


class TestTheirLife:
    def test_a_days_stop_ends_with_the_session_and_another_does_not(
        self, trading: tuple[Broker, Ear]
    ) -> None:
        broker, ear = trading
        broker.place(CLIENT, 1, stop(broker, "SELL", "30"))
        broker.place(CLIENT, 2, stop(broker, "SELL", "30", tif="GTC"))
        broker.catch_up(CLOSE + timedelta(days=1))
        assert (own(broker, 1).status, own(broker, 2).status) == (Status.CANCELLED, Status.PRE_SUBMITTED)
        assert "notice 202" in ear.heard

    def test_a_gap_over_night_triggers_at_the_open(self) -> None:
        """Apple closed at 157.92 on 2 January 2019 and opened far below it; here on its adjusted scale."""
        broker, ear = broker_at(CLOSE - MINUTE)
        broker.place(CLIENT, 1, stop(broker, "SELL", "0.50", tif="GTC"))
        broker.catch_up(CLOSE + timedelta(days=1))
        (execution,) = ear.executions[:1]
        assert execution.at == OPEN + timedelta(days=1)
        wanted = own(broker).stop
        assert wanted is not None
        assert execution.price < wanted

    def test_before_the_open_it_is_held_and_warned_about(self) -> None:
        broker, ear = broker_at(OPEN - timedelta(hours=1))
        broker.place(CLIENT, 1, trail("SELL", "0.10"))
        assert ear.heard == ["notice 399", "order PreSubmitted"]
        assert own(broker).stop is None
        broker.catch_up(OPEN)
        assert own(broker).stop == last(broker) - Decimal("0.10")

    def test_until_its_good_after_time_nothing_triggers_it(self, trading: tuple[Broker, Ear]) -> None:
        broker, ear = trading
        later = broker.now + timedelta(minutes=30)
        broker.place(CLIENT, 1, stop(broker, "SELL", "-1", good_after=later))
        broker.catch_up(later - MINUTE)
        assert not ear.executions
        broker.catch_up(later)
        assert own(broker).status is Status.FILLED

    def test_a_cancelled_stop_triggers_no_more(self, trading: tuple[Broker, Ear]) -> None:
        broker, ear = trading
        broker.place(CLIENT, 1, stop(broker, "SELL", "0.50"))
        ear.heard.clear()
        broker.cancel(CLIENT, 1)
        assert ear.heard == ["status Cancelled", "notice 202"]
        move(broker, "-1")
        assert not ear.executions

    def test_a_stop_that_is_changed_waits_for_the_new_one(self, trading: tuple[Broker, Ear]) -> None:
        broker, ear = trading
        broker.place(CLIENT, 1, stop(broker, "SELL", "0.50"))
        broker.place(CLIENT, 1, stop(broker, "SELL", "2"))
        move(broker, "-1")
        assert not ear.executions
        move(broker, "-1")
        assert own(broker).status is Status.FILLED

    def test_another_quantity_leaves_a_trailing_stop_where_it_is(self, trading: tuple[Broker, Ear]) -> None:
        broker, _ = trading
        broker.place(CLIENT, 1, trail("SELL", "0.50"))
        best = move(broker, "1")
        move(broker, "-0.20")
        broker.place(CLIENT, 1, trail("SELL", "0.50", quantity=50))
        assert own(broker).stop == best - Decimal("0.50")

    def test_an_order_cannot_become_one_of_another_kind(self, trading: tuple[Broker, Ear]) -> None:
        broker, _ = trading
        broker.place(CLIENT, 1, stop(broker, "SELL", "0.50"))
        with pytest.raises(Refusal) as refused:
            broker.place(CLIENT, 1, ticket("SELL"))
        assert refused.value.code == 329

    def test_what_it_would_do_is_reckoned_at_the_market(self, trading: tuple[Broker, Ear]) -> None:
        """Recorded: margin of a stop half as high again as the price is that of the price."""
        broker, _ = trading
        market = broker.accounts.preview(ticket("BUY"), broker.now)
        assert broker.accounts.preview(stop(broker, "BUY", "20"), broker.now) == market

    def test_where_a_stop_has_trailed_to_outlives_the_process(self, tmp_path: Path) -> None:
        broker, _ = broker_at(OPEN + timedelta(minutes=5))
        store = Store(tmp_path / "state.sqlite")
        broker.place(CLIENT, 1, trail("SELL", "0.50", tif="GTC"))
        best = move(broker, "1")
        move(broker, "-0.20")
        store.keep(broker)
        again, _ = broker_at(broker.now)
        store.restore(again)
        store.close()
        assert own(again).stop == best - Decimal("0.50")
        again.set_price(AAPL, best - Decimal("0.51"))
        assert own(again).status is Status.FILLED


def test_a_moment_of_many_stops_is_in_the_order_of_their_placing() -> None:
    at: datetime = OPEN + timedelta(minutes=5)
    broker, ear = broker_at(at)
    for number in range(1, 6):
        broker.place(CLIENT, number, stop(broker, "SELL", f"0.{number}0", quantity=1))
    move(broker, "-1")
    assert [execution.order_id for execution in ear.executions] == [1, 2, 3, 4, 5]
