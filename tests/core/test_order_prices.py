"""Where stops and their limits stand, and that rounding neither moves them away from the market nor onto it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ib_trading.core.canonical import canonical_json
from ib_trading.core.instruments import PriceStep
from ib_trading.core.netting import NetTrade
from ib_trading.core.order import DecidedOrder
from ib_trading.core.order_for_trade import planned_order
from ib_trading.core.order_kind import PRICES, OrderType, Side
from ib_trading.core.order_prices import limit_price, stop_price
from ib_trading.core.order_properties import OrderProperties, PropertiesRefused, check_combination
from tests.core.builders import STOCK

NICKELS = replace(
    STOCK,
    order_types=frozenset(kind.in_contract_details for kind in OrderType),
    price_steps=(PriceStep(Decimal(0), Decimal("0.01")), PriceStep(Decimal(50), Decimal("0.05"))),
)
OFFSETS: dict[OrderType, dict[str, Any]] = {
    OrderType.STOP: {"stop_offset_bps": Decimal(200)},
    OrderType.STOP_LIMIT: {"stop_offset_bps": Decimal(200), "limit_offset_bps": Decimal(50)},
    OrderType.TRAIL: {"trailing_offset_bps": Decimal(150)},
    OrderType.TRAIL_LIMIT: {"trailing_offset_bps": Decimal(150), "limit_offset_bps": Decimal(50)},
}


def planned(kind: OrderType, quantity: str = "5", **changes: Any) -> DecidedOrder:
    """An order for AAA at 100; above 50 its tick is 0.05."""
    properties = replace(OrderProperties(order_type=kind, **OFFSETS.get(kind, {})), **changes)
    check_combination(properties)
    trade = NetTrade(1, Decimal(quantity), {"alpha": Decimal(quantity)})
    return planned_order(trade, NICKELS, properties, "Normal", Decimal(100))


def prices(order: DecidedOrder) -> dict[str, str]:
    return {name: str(price) for name in PRICES if (price := getattr(order, name)) is not None}


@pytest.mark.parametrize(
    ("kind", "bought", "sold"),
    [
        (OrderType.STOP, {"stop_price": "102.00"}, {"stop_price": "98.00"}),
        (
            OrderType.STOP_LIMIT,
            {"stop_price": "102.00", "limit_price": "102.50"},
            {"stop_price": "98.00", "limit_price": "97.55"},
        ),
        (
            OrderType.TRAIL,
            {"stop_price": "101.50", "trailing_percent": "1.5"},
            {"stop_price": "98.50", "trailing_percent": "1.5"},
        ),
        (
            OrderType.TRAIL_LIMIT,
            {"stop_price": "101.50", "trailing_percent": "1.5", "limit_offset": "0.50"},
            {"stop_price": "98.50", "trailing_percent": "1.5", "limit_offset": "0.45"},
        ),
    ],
)
def test_a_stop_is_on_the_side_to_which_the_order_trades_and_its_limit_beyond_it(
    kind: OrderType, bought: dict[str, str], sold: dict[str, str]
) -> None:
    """The limit counts from the stop. A purchase is rounded down and a sale up: 97.51 is 97.55."""
    assert (prices(planned(kind)), prices(planned(kind, "-5"))) == (bought, sold)


@pytest.mark.parametrize("kind", list(OrderType))
def test_an_order_has_the_prices_of_its_type_and_no_others(kind: OrderType) -> None:
    order = planned(kind)
    order.check_prices()
    assert set(prices(order)) == kind.prices


@pytest.mark.parametrize("kind", list(OFFSETS))
def test_a_stop_takes_no_algo(kind: OrderType) -> None:
    assert planned(kind).adaptive_priority is None


@pytest.mark.parametrize("quantity", ["5", "-5"])
@pytest.mark.parametrize("kind", [OrderType.STOP, OrderType.TRAIL])
def test_an_offset_of_less_than_a_tick_leaves_no_room_for_a_stop(kind: OrderType, quantity: str) -> None:
    """0.01 % of 100 is a cent, and the tick is five: a stop at the market triggers at once."""
    [key] = OFFSETS[kind]
    with pytest.raises(PropertiesRefused, match="OffsetBps: leaves no room"):
        planned(kind, quantity, **{key: Decimal(1)})


@given(
    st.decimals("0.5", "5000", places=2), st.decimals("0.1", "9999", places=1), st.sampled_from(list(Side))
)
def test_a_stop_is_never_farther_than_its_offset_and_never_at_the_market(
    price: Decimal, offset: Decimal, side: Side
) -> None:
    try:
        stop = stop_price(NICKELS, side, price, "stopOffsetBps", offset)
    except PropertiesRefused:
        assume(False)
        raise
    assert 0 < side.sign * (stop - price) <= price * offset / 10_000
    assert stop % Decimal("0.01") == 0


def test_a_plan_without_stops_is_the_bytes_that_it_was() -> None:
    """The members came later, and stand only in orders that have them."""
    later = (b"stopPrice", b"trailingPercent", b"limitOffset")
    assert not any(name in canonical_json(planned(OrderType.LIMIT)) for name in later)
    assert all(name in canonical_json(planned(OrderType.TRAIL_LIMIT)) for name in later)


def test_without_a_price_there_is_no_stop() -> None:
    trade = NetTrade(1, Decimal(5), {"alpha": Decimal(5)})
    properties = OrderProperties(order_type=OrderType.STOP, stop_offset_bps=Decimal(10))
    with pytest.raises(PropertiesRefused, match="no price for a stop") as refused:
        planned_order(trade, NICKELS, properties, None, None)
    assert refused.value.key == "orderType"


@pytest.mark.parametrize(("side", "stop"), [(Side.BUY, "0.51"), (Side.SELL, "0.49")])
def test_what_costs_less_than_one_has_a_stop_too(side: Side, stop: str) -> None:
    assert stop_price(NICKELS, side, Decimal("0.50"), "stopOffsetBps", Decimal(200)) == Decimal(stop)


def test_an_offset_of_the_whole_price_leaves_no_stop() -> None:
    """A sale at nothing."""
    with pytest.raises(PropertiesRefused, match="leaves no room for a stop"):
        stop_price(NICKELS, Side.SELL, Decimal(100), "stopOffsetBps", Decimal(10_000))


@pytest.mark.parametrize(
    ("kind", "key"),
    [(OrderType.STOP, "stopOffsetBps"), (OrderType.TRAIL, "trailingOffsetBps")],
)
def test_a_stop_without_room_is_refused_by_the_offset_that_was_given(kind: OrderType, key: str) -> None:
    [offset] = OFFSETS[kind]
    with pytest.raises(PropertiesRefused) as refused:
        planned(kind, "5", **{offset: Decimal(1)})
    assert refused.value.key == key


def test_a_limit_without_room_or_tick_is_refused_by_what_can_be_changed() -> None:
    with pytest.raises(PropertiesRefused) as refused:
        limit_price(NICKELS, Side.BUY, Decimal("0.001"), Decimal(0))
    assert refused.value.key == "limitOffsetBps"
    with pytest.raises(PropertiesRefused) as refused:
        limit_price(replace(NICKELS, price_steps=()), Side.BUY, Decimal(100), Decimal(0))
    assert refused.value.key == "orderType"
