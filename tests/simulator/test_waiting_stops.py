"""Which waiting orders a price triggers, and where trailing stops stand: against the plainest reckoning there is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading_simulator.brokerage.trigger import Trigger
from ib_trading_simulator.brokerage.waiting_stops import Waiting, WaitingStops
from ib_trading_simulator.market.quote import Quote

CONTRACT = 1
ZERO = Decimal(0)
# Few, so that prices, stops and best prices meet exactly.
PRICES = st.integers(990, 1010).map(lambda dimes: Decimal(dimes) / 10)
DISTANCES = st.integers(1, 15).map(lambda dimes: Decimal(dimes) / 10)


def quote_at(price: Decimal) -> Quote:
    return Quote(
        at=datetime(2019, 1, 2, 15, tzinfo=UTC),
        bid=price,
        ask=price,
        bid_size=Decimal(100),
        ask_size=Decimal(100),
        last=price,
        last_size=Decimal(100),
        open=price,
        high=price,
        low=price,
        previous_close=price,
        volume=ZERO,
    )


ORDERS = st.builds(
    Waiting,
    sign=st.sampled_from([1, -1]),
    trigger=st.sampled_from(Trigger),
    stop=PRICES,
) | st.builds(
    lambda distance, **more: Waiting(**more, **distance),
    sign=st.sampled_from([1, -1]),
    trigger=st.sampled_from(Trigger),
    stop=st.none() | PRICES,
    distance=DISTANCES.map(lambda amount: {"amount": amount})
    | DISTANCES.map(lambda percent: {"percent": percent}),
)


@dataclass(slots=True)
class Plain:
    """One order, followed by itself."""

    order: Waiting
    stop: Decimal | None
    best: Decimal | None = None

    def see(self, price: Decimal) -> bool:
        sign = self.order.sign
        if self.order.trails:
            self.best = price if self.best is None else min(self.best * sign, price * sign) * sign
            distance = self.order.amount
            if distance is None:
                assert self.order.percent is not None
                distance = self.best * self.order.percent / 100
            trailed = self.best + distance * sign
            self.stop = trailed if self.stop is None else min(self.stop * sign, trailed * sign) * sign
        assert self.stop is not None
        return price * sign >= self.stop * sign


EVENTS = st.lists(PRICES | ORDERS | st.integers(0, 20), min_size=1, max_size=60)


@given(events=EVENTS)
def test_each_order_triggers_and_trails_as_if_it_were_alone(
    events: list[Decimal | Waiting | int],
) -> None:
    """Orders come, prices pass, orders are cancelled (the number chooses one), in any order."""
    stops, plain, number = WaitingStops(), dict[int, Plain](), 0
    for event in events:
        match event:
            case Waiting():
                number += 1
                stops.add(CONTRACT, number, event)
                plain[number] = Plain(event, event.stop)
            case Decimal():
                triggered = stops.see(CONTRACT, quote_at(event))
                assert triggered == [perm_id for perm_id, order in plain.items() if order.see(event)]
                for perm_id in triggered:
                    assert stops.stop(perm_id) == plain[perm_id].stop, "where it was reached"
                    stops.remove(perm_id)
                    del plain[perm_id]
            case _ if plain:
                gone = sorted(plain)[event % len(plain)]
                stops.remove(gone)
                del plain[gone]
        assert {perm_id: stops.stop(perm_id) for perm_id in plain} == {
            perm_id: order.stop for perm_id, order in plain.items()
        }


@given(order=ORDERS, prices=st.lists(PRICES, min_size=1, max_size=40))
def test_a_trailing_stop_never_moves_away_from_the_market(order: Waiting, prices: list[Decimal]) -> None:
    """Up for a sale, down for a purchase, or not at all."""
    stops = WaitingStops()
    stops.add(CONTRACT, 1, order)
    before = stops.stop(1)
    for price in prices:
        if stops.see(CONTRACT, quote_at(price)):
            return
        now = stops.stop(1)
        assert now is not None
        assert before is None or now * order.sign <= before * order.sign
        before = now


def test_an_order_that_is_changed_waits_for_its_new_stop_only() -> None:
    stops, order = WaitingStops(), Waiting(-1, Trigger.LAST, Decimal(100))
    stops.add(CONTRACT, 1, order)
    stops.add(CONTRACT, 2, replace(order, stop=Decimal(50)))
    stops.remove(1)
    stops.add(CONTRACT, 1, replace(order, stop=Decimal(90)))
    assert stops.see(CONTRACT, quote_at(Decimal(95))) == []
    assert stops.see(CONTRACT, quote_at(Decimal(90))) == [1]


def test_a_closed_market_triggers_nothing() -> None:
    """What is left of the day before is no trade."""
    stops = WaitingStops()
    stops.add(CONTRACT, 1, Waiting(-1, Trigger.LAST, Decimal(100)))
    closed = replace(quote_at(Decimal(90)), bid=None, ask=None)
    assert stops.see(CONTRACT, closed) == []
    assert stops.see(CONTRACT, quote_at(Decimal(90))) == [1]


def test_bid_and_ask_trigger_on_the_side_that_is_reached_last() -> None:
    """A sale when the ask is at its stop, a purchase when the bid is: the spread alone triggers neither."""
    around = replace(quote_at(Decimal(100)), bid=Decimal(99), ask=Decimal(101))
    stops = WaitingStops()
    stops.add(CONTRACT, 1, Waiting(-1, Trigger.BID_ASK, Decimal(100)))
    stops.add(CONTRACT, 2, Waiting(1, Trigger.BID_ASK, Decimal(100)))
    assert stops.see(CONTRACT, around) == []
    assert stops.see(CONTRACT, replace(around, ask=Decimal(100))) == [1]
    assert stops.see(CONTRACT, replace(around, bid=Decimal(100))) == [2]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("distance", [{"amount": Decimal(2)}, {"percent": Decimal(2)}])
def test_a_trailing_stop_is_reached_exactly_at_its_distance(sign: int, distance: dict[str, Decimal]) -> None:
    stops = WaitingStops()
    stops.add(CONTRACT, 1, Waiting(sign, Trigger.LAST, None, **distance))
    assert stops.see(CONTRACT, quote_at(Decimal(100))) == []
    assert stops.see(CONTRACT, quote_at(100 + sign * Decimal("1.99"))) == []
    assert stops.see(CONTRACT, quote_at(100 + sign * Decimal(2))) == [1]
