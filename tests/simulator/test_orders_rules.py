"""Which orders are taken, and with which code the others are refused."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ib_trading_simulator.brokerage.order_rules import Refusal, examine
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
        ({"orderType": "STP"}, 387),
        ({"orderType": "MARKET"}, 321),
        ({"tif": "IOC"}, 111),
        ({"tif": "FOREVER"}, 321),
        ({"orderType": "LMT"}, 321),
        ({"orderType": "LMT", "lmtPrice": "10.005"}, 110),
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
