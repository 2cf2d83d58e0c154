"""Which order properties go together, and the order that a net trade becomes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.instruments import PriceStep
from ib_trading.core.netting import NetTrade
from ib_trading.core.order import DecidedOrder
from ib_trading.core.order_for_trade import planned_order
from ib_trading.core.order_kind import OrderType, Side, TimeInForce
from ib_trading.core.order_prices import limit_price
from ib_trading.core.order_properties import (
    OrderProperties,
    check_combination,
)
from ib_trading.core.refusals import PropertiesRefused
from tests.core.builders import STOCK

START = datetime(2024, 6, 3, 19, 45, tzinfo=UTC)
FOREX = replace(STOCK, sec_type="CASH", local_symbol="EUR.USD", order_types=frozenset({"MKT", "LMT", "MOC"}))
TAKES_ALL = replace(STOCK, order_types=frozenset({"MKT", "LMT", "MOC", "ALGO"}))
STOP = {"stop_offset_bps": Decimal(50)}
TRAILING = {"trailing_offset_bps": Decimal(50)}


def trade(quantity: str) -> NetTrade:
    return NetTrade(1, Decimal(quantity), {"alpha": Decimal(quantity)})


def planned(quantity: str = "5", instrument: Any = TAKES_ALL, **properties: Any) -> DecidedOrder:
    return planned_order(trade(quantity), instrument, OrderProperties(**properties), "Patient", Decimal(100))


def test_the_default_order_is_market_for_the_day_with_adaptive() -> None:
    assert planned() == DecidedOrder(
        con_id=1,
        local_symbol="AAA",
        action=Side.BUY,
        quantity=Decimal(5),
        order_type=OrderType.MARKET,
        tif=TimeInForce.DAY,
        adaptive_priority="Patient",
        source={"alpha": Decimal(5)},
    )


def test_a_negative_trade_is_a_sale_of_a_positive_quantity() -> None:
    sale = planned("-5")
    assert (sale.action, sale.quantity, sale.source, sale.signed) == (
        Side.SELL,
        5,
        {"alpha": Decimal(-5)},
        -5,
    )


@pytest.mark.parametrize(
    ("properties", "instrument", "priority"),
    [
        ({}, TAKES_ALL, "Patient"),
        ({"order_type": OrderType.LIMIT}, TAKES_ALL, "Patient"),
        ({"adaptive_priority": "Urgent"}, TAKES_ALL, "Urgent"),
        ({"adaptive_priority": None}, TAKES_ALL, None),
        ({"order_type": OrderType.MARKET_ON_CLOSE}, TAKES_ALL, None),
        ({"tif": TimeInForce.GTC}, TAKES_ALL, None),
        ({"tif": TimeInForce.OPG}, TAKES_ALL, None),
        ({"order_type": OrderType.LIMIT, "outside_rth": True}, TAKES_ALL, None),
        ({}, FOREX, None),
    ],
)
def test_adaptive_is_added_only_where_the_broker_takes_it(
    properties: dict[str, Any], instrument: Any, priority: str | None
) -> None:
    """MKT or LMT, DAY, regular hours, on contracts whose order types list it."""
    assert planned(instrument=instrument, **properties).adaptive_priority == priority


@pytest.mark.parametrize(
    ("properties", "key"),
    [
        ({"limit_offset_bps": Decimal(1)}, "limitOffsetBps"),
        ({"order_type": OrderType.LIMIT, "limit_offset_bps": Decimal(10_000)}, "limitOffsetBps"),
        ({"order_type": OrderType.LIMIT, "limit_offset_bps": Decimal("NaN")}, "limitOffsetBps"),
        ({"order_type": OrderType.STOP}, "stopOffsetBps"),
        ({"order_type": OrderType.STOP, "stop_offset_bps": Decimal(0)}, "stopOffsetBps"),
        ({"order_type": OrderType.STOP, "stop_offset_bps": Decimal(-5)}, "stopOffsetBps"),
        ({"order_type": OrderType.STOP_LIMIT, "stop_offset_bps": Decimal(10_000)}, "stopOffsetBps"),
        ({"order_type": OrderType.LIMIT, "stop_offset_bps": Decimal(5)}, "stopOffsetBps"),
        ({"order_type": OrderType.TRAIL, "stop_offset_bps": Decimal(5)}, "stopOffsetBps"),
        ({"order_type": OrderType.TRAIL}, "trailingOffsetBps"),
        ({"order_type": OrderType.TRAIL_LIMIT, "trailing_offset_bps": Decimal("NaN")}, "trailingOffsetBps"),
        ({"order_type": OrderType.STOP, **STOP, "trailing_offset_bps": Decimal(5)}, "trailingOffsetBps"),
        ({"order_type": OrderType.STOP, **STOP, "limit_offset_bps": Decimal(5)}, "limitOffsetBps"),
        ({"order_type": OrderType.STOP_LIMIT, **STOP, "limit_offset_bps": Decimal(-5)}, "limitOffsetBps"),
        ({"order_type": OrderType.STOP, **STOP, "tif": TimeInForce.OPG}, "tif"),
        ({"order_type": OrderType.STOP, **STOP, "outside_rth": True}, "outsideRth"),
        ({"order_type": OrderType.TRAIL, **TRAILING, "outside_rth": True}, "outsideRth"),
        ({"order_type": OrderType.STOP, **STOP, "adaptive_priority": "Normal"}, "adaptivePriority"),
        ({"order_type": OrderType.MARKET_ON_CLOSE, "tif": TimeInForce.GTC}, "tif"),
        ({"order_type": OrderType.MARKET_ON_CLOSE, "tif": TimeInForce.OPG}, "tif"),
        ({"order_type": OrderType.MARKET_ON_CLOSE, "good_after": START}, "goodAfterTime"),
        ({"tif": TimeInForce.OPG, "good_after": START}, "goodAfterTime"),
        ({"order_type": OrderType.MARKET_ON_CLOSE, "outside_rth": True}, "outsideRth"),
        ({"order_type": OrderType.LIMIT, "tif": TimeInForce.OPG, "outside_rth": True}, "outsideRth"),
        ({"outside_rth": True}, "outsideRth"),
        ({"order_type": OrderType.MARKET_ON_CLOSE, "adaptive_priority": "Normal"}, "adaptivePriority"),
        ({"tif": TimeInForce.GTC, "adaptive_priority": "Normal"}, "adaptivePriority"),
        ({"tif": TimeInForce.OPG, "adaptive_priority": "Normal"}, "adaptivePriority"),
        (
            {"order_type": OrderType.LIMIT, "outside_rth": True, "adaptive_priority": "Urgent"},
            "adaptivePriority",
        ),
    ],
)
def test_a_combination_that_the_broker_does_not_take_is_refused_by_its_key(
    properties: dict[str, Any], key: str
) -> None:
    with pytest.raises(PropertiesRefused) as refused:
        check_combination(OrderProperties(**properties))
    assert refused.value.key == key


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {
            "order_type": OrderType.LIMIT,
            "limit_offset_bps": Decimal(-5),
            "tif": TimeInForce.GTC,
            "outside_rth": True,
        },
        {"order_type": OrderType.LIMIT, "tif": TimeInForce.OPG},
        {"order_type": OrderType.MARKET_ON_CLOSE},
        {"order_type": OrderType.STOP, **STOP, "tif": TimeInForce.GTC, "good_after": START},
        {"order_type": OrderType.STOP_LIMIT, **STOP, "outside_rth": True},
        {"order_type": OrderType.TRAIL, **TRAILING, "adaptive_priority": None},
        {
            "order_type": OrderType.TRAIL_LIMIT,
            **TRAILING,
            "limit_offset_bps": Decimal(0),
            "outside_rth": True,
        },
        {"good_after": START, "adaptive_priority": "Urgent"},
        {"tif": TimeInForce.GTC, "adaptive_priority": None},
    ],
)
def test_what_the_broker_takes_passes(properties: dict[str, Any]) -> None:
    check_combination(OrderProperties(**properties))


@pytest.mark.parametrize(
    ("properties", "instrument", "key"),
    [
        ({"order_type": OrderType.MARKET_ON_CLOSE}, FOREX, "orderType"),
        ({"order_type": OrderType.MARKET_ON_CLOSE}, STOCK, "orderType"),
        ({"order_type": OrderType.STOP_LIMIT, **STOP}, STOCK, "orderType"),
        ({"adaptive_priority": "Urgent"}, FOREX, "adaptivePriority"),
    ],
)
def test_what_a_contract_does_not_take_is_refused(
    properties: dict[str, Any], instrument: Any, key: str
) -> None:
    """Forex has no closing auction; AAA's details list no MOC; forex takes no algo."""
    with pytest.raises(PropertiesRefused) as refused:
        planned(instrument=instrument, **properties)
    assert refused.value.key == key


def test_the_start_is_shown_in_utc_and_in_the_exchange_s_time() -> None:
    order = planned(good_after=START)
    assert (order.good_after, order.good_after_at_exchange) == (
        START,
        "2024-06-03 15:45:00 America/New_York",
    )


NICKELS = replace(
    TAKES_ALL, price_steps=(PriceStep(Decimal(0), Decimal("0.01")), PriceStep(Decimal(50), Decimal("0.05")))
)


@pytest.mark.parametrize(
    ("action", "price", "offset", "expected"),
    [
        (Side.BUY, "100", "5", "100.05"),
        (Side.SELL, "100", "5", "99.95"),
        (Side.BUY, "100.03", "0", "100.00"),
        (Side.SELL, "100.03", "0", "100.05"),
        (Side.BUY, "49.999", "0", "49.99"),
        (Side.SELL, "49.999", "0", "50.00"),
        (Side.BUY, "100", "-100", "99.00"),
    ],
)
def test_a_limit_is_a_multiple_of_the_market_rule_s_tick_at_its_price(
    action: Side, price: str, offset: str, expected: str
) -> None:
    """Above 50 the tick is 0.05. A purchase is rounded down and a sale up."""
    assert limit_price(NICKELS, action, Decimal(price), Decimal(offset)) == Decimal(expected)


@given(st.decimals("0.02", "5000", places=4), st.decimals(-500, 500, places=1), st.sampled_from(list(Side)))
def test_rounding_never_pays_more_nor_takes_less_than_the_offset_allows(
    price: Decimal, offset: Decimal, action: Side
) -> None:
    sign = 1 if action is Side.BUY else -1
    limit = limit_price(NICKELS, action, price, offset)
    assert sign * (limit - price * (1 + sign * offset / 10_000)) <= 0
    assert limit % Decimal("0.01") == 0


@pytest.mark.parametrize("price", ["0.001", "0"])
def test_a_limit_that_rounds_to_nothing_is_refused(price: str) -> None:
    with pytest.raises(PropertiesRefused, match="no price above 0"):
        limit_price(NICKELS, Side.BUY, Decimal(price), Decimal(0))


def test_without_a_tick_there_is_no_limit() -> None:
    with pytest.raises(PropertiesRefused, match="no tick"):
        limit_price(replace(STOCK, price_steps=()), Side.BUY, Decimal(100), Decimal(0))


def test_a_limit_without_an_offset_is_the_price_itself() -> None:
    instrument = replace(TAKES_ALL, price_steps=(PriceStep(Decimal(0), Decimal("0.001")),))
    assert planned(instrument=instrument, order_type=OrderType.LIMIT).limit_price == 100


def test_a_tick_of_nothing_is_no_tick() -> None:
    instrument = replace(TAKES_ALL, price_steps=(PriceStep(Decimal(0), Decimal(0)),))
    with pytest.raises(PropertiesRefused, match="told no tick"):
        limit_price(instrument, Side.BUY, Decimal(100), Decimal(0))


def refused_words(**properties: Any) -> str:
    with pytest.raises(PropertiesRefused) as refused:
        check_combination(OrderProperties(**properties))
    return refused.value.reason


def test_a_refusal_lists_what_would_be_taken_by_name() -> None:
    """The same words in every process."""
    assert refused_words(tif=TimeInForce.GTC, adaptive_priority="Normal") == (
        "Adaptive goes with LMT or MKT and DAY; use null for no algo"
    )
    assert (
        refused_words(limit_offset_bps=Decimal(1))
        == "belongs to orderType LMT or STP LMT or TRAIL LIMIT, not MKT"
    )
    assert refused_words(stop_offset_bps=Decimal(1)) == "belongs to orderType STP or STP LMT, not MKT"
    assert (
        refused_words(trailing_offset_bps=Decimal(1)) == "belongs to orderType TRAIL or TRAIL LIMIT, not MKT"
    )
    assert refused_words(order_type=OrderType.STOP, **STOP, tif=TimeInForce.OPG) == (
        "STP goes with DAY or GTC, not OPG"
    )
