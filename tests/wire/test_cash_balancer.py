"""cash-balancer over the real wire: what becomes of foreign cash, by the simulator's own record."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ib_trading_simulator.launch import Launched
from tests.service import STACK_FILE, START, ServiceUnderTest


def launched(cash: str) -> Launched:
    return Launched.start("--clock", "virtual", "--start", START, "--cash", cash)


def balances(simulator: Launched) -> dict[str, Decimal]:
    cash: dict[str, Any] = simulator.state(messages=False)["accounts"][simulator.account]["cash"]
    return {currency: Decimal(str(amount)) for currency, amount in cash.items()}


def orders(simulator: Launched) -> list[tuple[Any, ...]]:
    return [
        (one["symbol"], one["action"], one["orderType"], one["status"])
        for one in simulator.state(messages=False)["orders"]
    ]


@pytest.mark.parametrize(
    ("cash", "symbol", "action"),
    [
        ("USD=100000,EUR=5000.5", "EUR.USD", "SELL"),
        ("USD=100000,EUR=-5000.5", "EUR.USD", "BUY"),
        ("USD=100000,CHF=5000.5", "USD.CHF", "BUY"),
        ("USD=100000,CHF=-5000.5", "USD.CHF", "SELL"),
    ],
)
def test_a_foreign_balance_goes_home_in_the_pair_s_own_direction_and_is_nobody_s_holding(
    tmp_path: Path, cash: str, symbol: str, action: str
) -> None:
    currency = cash[11:14]
    with launched(cash) as simulator:
        service = ServiceUnderTest.over(tmp_path, simulator.port)
        dry = service.post("/cash-balancer", {"dryRun": True})
        assert (dry.status, orders(simulator)) == (200, [])
        reply = service.post("/cash-balancer", Idempotency_Key="1")
        assert reply.status == 200, reply.text
        assert reply.body["plan"] == dry.body["plan"]
        assert orders(simulator) == [(symbol, action, "MKT", "Filled")]
        assert abs(balances(simulator)[currency]) < 5
        assert service.services.ledger.holdings() == {}
        again = service.post("/cash-balancer", Idempotency_Key="2")
        assert (again.status, again.body["orders"]) == (200, [])


def test_a_balance_below_the_threshold_stays(tmp_path: Path) -> None:
    """−1 never becomes an order of 1,000."""
    with launched("USD=100000,EUR=-1,CHF=900") as simulator:
        reply = ServiceUnderTest.over(tmp_path, simulator.port).post("/cash-balancer")
        assert (reply.status, orders(simulator)) == (200, [])
        assert {one["currency"]: one["converted"] for one in reply.body["plan"]["balances"]} == {
            "EUR": 0,
            "CHF": 0,
        }


def test_a_threshold_of_its_own(tmp_path: Path) -> None:
    stack_file = STACK_FILE + '    cashBalanceThresholdInBaseCurrency: "10000"\n'
    with launched("USD=100000,EUR=5000") as simulator:
        reply = ServiceUnderTest.over(tmp_path, simulator.port, stack_file=stack_file).post("/cash-balancer")
        assert (reply.status, orders(simulator)) == (200, [])


def test_while_forex_is_closed_nothing_is_converted(tmp_path: Path) -> None:
    """On a Saturday an order would queue until Sunday evening, at whatever the price is then."""
    with launched("USD=100000,EUR=5000") as simulator:
        service = ServiceUnderTest.over(tmp_path, simulator.port)
        simulator.advance(to="2019-06-08T15:00:00Z")
        reply = service.post("/cash-balancer")
        assert (reply.status, orders(simulator)) == (422, [])
