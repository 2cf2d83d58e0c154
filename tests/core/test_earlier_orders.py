"""An order that an earlier version wrote down is what its run's plan says that it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ib_trading.core.earlier_orders import members_in_plan

STOP_LIMIT: dict[str, Any] = {
    "conId": 2,
    "orderType": "STP LMT",
    "tif": "GTC",
    "adaptivePriority": None,
    "leg": "2",
    "goodAfter": "2024-06-03T19:45:00Z",
    "goodAfterAtExchange": "2024-06-03 15:45:00 America/New_York",
    "outsideRth": True,
    "limitPrice": 97.55,
    "stopPrice": 98.10,
}
MARKET: dict[str, Any] = {
    "conId": 1,
    "localSymbol": "AAA",
    "orderType": "MKT",
    "tif": "DAY",
    "adaptivePriority": "Normal",
    "limitPrice": None,
}


def plan(*orders: dict[str, Any]) -> bytes:
    return json.dumps({"orders": orders, "warnings": []}).encode()


def test_of_several_orders_it_is_the_one_on_its_contract() -> None:
    assert members_in_plan(plan(MARKET, STOP_LIMIT), 2) == {
        "order_type": "STP LMT",
        "tif": "GTC",
        "adaptive_priority": None,
        "leg": "2",
        "good_after": "2024-06-03T19:45:00Z",
        "good_after_at_exchange": "2024-06-03 15:45:00 America/New_York",
        "outside_rth": True,
        "limit_price": "97.55",
        "stop_price": "98.1",
    }


def test_a_trailing_stop_has_its_prices_too() -> None:
    trailing = {"conId": 1, "stopPrice": 98, "trailingPercent": 1.5, "limitOffset": 0.45}
    assert members_in_plan(plan(trailing), 1) == {
        "stop_price": "98",
        "trailing_percent": "1.5",
        "limit_offset": "0.45",
    }


def test_what_the_plan_does_not_say_is_left_out_and_what_it_says_is_nothing_stays_nothing() -> None:
    """The journal has its own word for what the plan does not know; a price that is not there is no price of "None"."""
    assert members_in_plan(plan(MARKET), 1) == {
        "order_type": "MKT",
        "tif": "DAY",
        "adaptive_priority": "Normal",
        "limit_price": None,
    }


@pytest.mark.parametrize("told", [None, b"{}", plan(), plan(STOP_LIMIT)])
def test_an_order_that_no_plan_tells_of_counts_as_good_till_cancelled(told: bytes | None) -> None:
    """Nothing is concluded at the end of a day."""
    assert members_in_plan(told, 1) == {"order_type": "MKT", "tif": "GTC", "adaptive_priority": None}
