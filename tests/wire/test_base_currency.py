"""An account whose base currency is not the stocks', over the real wire: sized through the listed pair, paid on credit
in the stocks' currency, and swept home by cash-balancer."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest

from ib_trading_simulator.launch import Launched
from tests.service import START, ServiceUnderTest

CAPITAL = 1_000_000 * Decimal("0.9") * Decimal("0.2")
"""Net liquidation × overall × the part of `dummy`, in the base currency."""


def exact(text: str) -> Any:
    """An answer with its figures as they were written."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def cash(simulator: Launched) -> dict[str, Decimal]:
    told = simulator.state(messages=False)["accounts"][simulator.account]["cash"]
    return {currency: Decimal(amount) for currency, amount in told.items()}


def last_order(simulator: Launched) -> tuple[str, str, str]:
    order = simulator.state(messages=False)["orders"][-1]
    return order["symbol"], order["action"], order["status"]


@pytest.mark.parametrize(
    ("base", "pair", "inverted", "home"),
    [("CHF", "USD.CHF", False, "BUY"), ("EUR", "EUR.USD", True, "SELL")],
)
def test_dollar_stocks_in_another_base_currency(
    tmp_path: Path, base: str, pair: str, inverted: bool, home: str
) -> None:
    """One dollar is the price of USD.CHF in francs, but one through the price of EUR.USD in euros. Taken the wrong
    way round, either account would hold a fifth more or less than was meant."""
    options = ("--clock", "virtual", "--start", START, "--base-currency", base, "--cash", f"{base}=1000000")
    with Launched.start(*options) as simulator:
        simulator.set_price(pair, "0.90")
        service = ServiceUnderTest.over(tmp_path, simulator.port)
        reply = service.post("/allocation", {"strategies": ["dummy"]}, Idempotency_Key="1")
        assert reply.status == 200, reply.text
        told = exact(reply.text)
        assert (told["baseCurrency"], told["netLiquidation"]) == (base, 1_000_000)

        rate = told["fx"]["USD"]
        assert (rate["source"], rate["asOf"]) == (pair, START)
        assert abs(rate["rate"] - (1 / Decimal("0.90") if inverted else Decimal("0.90"))) < Decimal("0.001")
        targets = {
            symbol: (
                CAPITAL * weight / (told["prices"][str(told["contractIds"][symbol])]["price"] * rate["rate"])
            ).quantize(Decimal(1), ROUND_HALF_EVEN)
            for symbol, weight in told["signals"]["dummy"].items()
        }
        assert told["targetPositions"]["dummy"] == targets

        # Filled and booked; nobody had dollars, so that they are owed now.
        spent = sum(order["filled"] * order["averagePrice"] + order["commission"] for order in told["orders"])
        assert cash(simulator) == {base: 1_000_000, "USD": -spent}
        assert exact(service.get("/summary").text)["holdings"] == {"dummy": targets, "unassigned": {}}

        swept = service.post("/cash-balancer", Idempotency_Key="2")
        assert swept.status == 200, swept.text
        assert last_order(simulator) == (pair, home, "Filled")
        after = cash(simulator)
        assert abs(after["USD"]) < 1
        assert abs(Decimal(1_000_000) - spent * rate["rate"] - after[base]) < 100

        # The conversion is cash: the holdings are as before, and nothing is pending.
        summary = exact(service.get("/summary").text)
        assert summary["holdings"] == {"dummy": targets, "unassigned": {}}
        assert summary["fillsNotYetApplied"] == {}
