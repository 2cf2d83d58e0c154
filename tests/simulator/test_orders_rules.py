"""Which orders are taken, and with which code the others are refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ib_trading_simulator.brokerage.order_kind import KINDS, OrderKind
from ib_trading_simulator.brokerage.order_rules import examine
from ib_trading_simulator.brokerage.refusal import Refusal
from ib_trading_simulator.brokerage.trigger import Trigger
from ib_trading_simulator.market.contracts import Contract, ContractQuery
from ib_trading_simulator.market.market import Market

PLAIN: dict[str, Any] = {
    "secType": "STK",
    "action": "BUY",
    "totalQuantity": "100",
    "orderType": "MKT",
    "tif": "DAY",
    "transmit": "1",
    "orderRef": "ib-abc",
}
ACCOUNTS = ("DU1",)


@pytest.fixture(scope="module")
def apple() -> Contract:
    (contract,) = Market.load("us-stocks").book.find(ContractQuery(symbol="AAPL", sec_type="STK"))
    return contract


def refusal(apple: Contract, changes: dict[str, Any], accounts: tuple[str, ...] = ACCOUNTS) -> Refusal:
    with pytest.raises(Refusal) as refused:
        examine(PLAIN | changes, apple, accounts)
    return refused.value


def test_a_plain_market_order_is_taken_as_it_is(apple: Contract) -> None:
    acceptance = examine(PLAIN, apple, ACCOUNTS)
    ticket = acceptance.ticket
    assert (ticket.account, ticket.action, ticket.quantity) == ("DU1", "BUY", Decimal(100))
    assert (ticket.order_type, ticket.limit, ticket.tif, ticket.order_ref) == ("MKT", None, "DAY", "ib-abc")
    assert acceptance.warnings == ()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"action": "HOLD"}, 321),
        ({"totalQuantity": "0"}, 434),
        ({"totalQuantity": ""}, 434),
        ({"totalQuantity": "-5"}, 321),
        ({"totalQuantity": "1.5"}, 10243),
        ({"totalQuantity": "many"}, 320),
        ({"orderType": "MIT", "auxPrice": "40"}, 387),
        ({"orderType": "MARKET"}, 321),
        ({"tif": "IOC"}, 111),
        ({"tif": "FOREVER"}, 321),
        ({"orderType": "LMT"}, 321),
        ({"orderType": "LMT", "lmtPrice": "10.005"}, 110),
        ({"orderType": "STP"}, 321),
        ({"orderType": "STP", "auxPrice": "0"}, 321),
        ({"orderType": "STP", "auxPrice": "-1"}, 321),
        ({"orderType": "STP", "auxPrice": "10.005"}, 110),
        ({"orderType": "STP", "auxPrice": "10", "tif": "OPG"}, 111),
        ({"orderType": "STP", "auxPrice": "10", "triggerMethod": "1"}, 321),
        ({"orderType": "STP", "auxPrice": "10", "triggerMethod": "5"}, 321),
        ({"orderType": "STP LMT", "auxPrice": "10"}, 321),
        ({"orderType": "STP LMT", "lmtPrice": "10"}, 321),
        ({"orderType": "TRAIL"}, 321),
        ({"orderType": "TRAIL", "auxPrice": "1", "trailingPercent": "1"}, 321),
        ({"orderType": "TRAIL", "auxPrice": "1", "trailStopPrice": "10.005"}, 110),
        ({"orderType": "TRAIL", "auxPrice": "0.005"}, 110),
        ({"orderType": "TRAIL", "trailingPercent": "100"}, 321),
        ({"orderType": "TRAIL LIMIT", "auxPrice": "1", "lmtPriceOffset": "0.1"}, 321),
        ({"orderType": "TRAIL LIMIT", "auxPrice": "1", "trailStopPrice": "10"}, 321),
        ({"orderType": "MOC", "tif": "GTC"}, 111),
        ({"account": "DU2"}, 321),
        ({"goodAfterTime": "soon"}, 391),
        ({"secType": "BAG"}, 387),
        ({"algoStrategy": "Vwap"}, 442),
        ({"algoStrategy": "Adaptive", "algoParams": ()}, 441),
        ({"algoStrategy": "Adaptive", "algoParams": ({"tag": "adaptivePriority", "value": "Now"},)}, 441),
        ({"algoStrategy": "Adaptive", "algoParams": ({"tag": "priority", "value": "Normal"},)}, 443),
    ],
)
def test_what_the_broker_does_not_take_has_its_code(
    apple: Contract, changes: dict[str, object], code: int
) -> None:
    assert refusal(apple, changes).code == code


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("transmit", "0"),
        ("parentId", "7"),
        ("ocaGroup", "x"),
        ("conditions", ({"condType": "1"},)),
        ("cashQty", "5"),
    ],
)
def test_what_the_simulator_has_not_built_is_refused_by_name_and_not_ignored(
    apple: Contract, name: str, value: object
) -> None:
    refused = refusal(apple, {name: value})
    assert refused.code == 321
    assert name in refused.text
    assert "not built" in refused.text


def test_an_account_has_to_be_named_where_there_are_several(apple: Contract) -> None:
    assert refusal(apple, {}, ("DU1", "DU2")).code == 435


def test_a_blank_time_in_force_becomes_day_with_the_brokers_warning(apple: Contract) -> None:
    acceptance = examine(PLAIN | {"tif": ""}, apple, ACCOUNTS)
    assert acceptance.ticket.tif == "DAY"
    assert [code for code, _ in acceptance.warnings] == [10349]


def test_adaptive_is_taken_with_its_priority(apple: Contract) -> None:
    params = ({"tag": "adaptivePriority", "value": "Patient"},)
    ticket = examine(PLAIN | {"algoStrategy": "Adaptive", "algoParams": params}, apple, ACCOUNTS).ticket
    assert (ticket.algo, ticket.algo_params) == ("Adaptive", (("adaptivePriority", "Patient"),))


def test_good_after_time_is_utc_where_it_is_spelled_with_a_dash(apple: Contract) -> None:
    ticket = examine(PLAIN | {"goodAfterTime": "20190102-15:00:00"}, apple, ACCOUNTS).ticket
    assert ticket.good_after == datetime(2019, 1, 2, 15, tzinfo=UTC)


def test_an_index_takes_no_order() -> None:
    index = Market.load("us-indices").book.all()[0]
    assert refusal(index, {}).code == 387


TRAIL_LIMIT = {"orderType": "TRAIL LIMIT", "auxPrice": "1", "trailStopPrice": "38"}


def test_a_trailing_limit_has_a_limit_or_an_offset_and_not_both(apple: Contract) -> None:
    """In the gateway's words; the order of its questions is its own, too: the stop price first."""
    both = refusal(apple, TRAIL_LIMIT | {"lmtPrice": "37.9", "lmtPriceOffset": "0.1"})
    neither = refusal(apple, TRAIL_LIMIT | {"lmtPrice": "0"})
    assert both.text == neither.text
    assert both.text.endswith("You must specify one value: limit price or limit price offset value.")
    assert refusal(apple, {"orderType": "TRAIL LIMIT"}).text.endswith("Please enter a stop price")


@pytest.mark.parametrize(("action", "limit"), [("SELL", "37.9"), ("BUY", "38.1")])
def test_a_trailing_limits_price_is_its_distance_from_the_stop(
    apple: Contract, action: str, limit: str
) -> None:
    ticket = examine(PLAIN | TRAIL_LIMIT | {"action": action, "lmtPrice": limit}, apple, ACCOUNTS).ticket
    assert ticket.limit_offset == Decimal("0.1")


@pytest.mark.parametrize("order_type", [kind.wire for kind in KINDS.values() if not kind.algorithmic])
def test_no_algorithm_works_what_waits_or_trades_in_an_auction(apple: Contract, order_type: str) -> None:
    prices = {"lmtPrice": "37.9", "auxPrice": "1", "trailStopPrice": "38"}
    algo = {"algoStrategy": "Adaptive", "algoParams": ({"tag": "adaptivePriority", "value": "Normal"},)}
    assert refusal(apple, {"orderType": order_type} | prices | algo).code == 442


@pytest.mark.parametrize(
    ("order_type", "warned"), [("MKT", [2109]), ("STP", []), ("TRAIL", []), ("STP LMT", [])]
)
def test_outside_hours_means_something_to_a_stop(apple: Contract, order_type: str, warned: list[int]) -> None:
    prices = {"lmtPrice": "38", "auxPrice": "38", "outsideRth": "1"}
    acceptance = examine(PLAIN | {"orderType": order_type} | prices, apple, ACCOUNTS)
    assert [code for code, _ in acceptance.warnings] == warned


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.wire)
def test_every_kind_is_listed_by_stocks_as_the_table_spells_it(apple: Contract, kind: OrderKind) -> None:
    assert kind.listed in apple.order_types


def test_what_a_contract_does_not_list_is_refused(apple: Contract) -> None:
    """The list's own spelling counts: `STPLMT`."""
    without = replace(apple, order_types=tuple(each for each in apple.order_types if each != "STPLMT"))
    assert refusal(without, {"orderType": "STP LMT", "auxPrice": "38", "lmtPrice": "38"}).code == 387


def test_stocks_watch_the_last_price_and_currencies_bid_and_ask(apple: Contract) -> None:
    (euro,) = Market.load("us-stocks").book.find(ContractQuery(symbol="EUR", sec_type="CASH"))
    stop = {"orderType": "STP", "auxPrice": "1", "totalQuantity": "20000"}
    assert examine(PLAIN | stop, apple, ACCOUNTS).ticket.trigger is Trigger.LAST
    assert examine(PLAIN | stop, euro, ACCOUNTS).ticket.trigger is Trigger.BID_ASK
