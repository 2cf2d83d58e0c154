"""Accounts as brokers tell them: keys that begin otherwise, cash that is counted twice, no cash at all."""

from __future__ import annotations

import pytest

from ib_trading_simulator.launch import Launched
from tests.service import START, ServiceUnderTest

ACCOUNT = ("--start", START, "--cash", "CHF=1000000,USD=50000", "--base-currency", "CHF")
PLAIN, PREFIXED, SWEPT = ACCOUNT, (*ACCOUNT, "--ledger-prefix"), (*ACCOUNT, "--profile", "sweep")
BOTH = (*PREFIXED, "--profile", "sweep")
DRY = {"dryRun": True}


@pytest.mark.parametrize(
    "simulated", [PLAIN, PREFIXED, SWEPT, BOTH], ids=["plain", "prefixed", "swept", "both"]
)
def test_what_is_there_is_converted_and_no_more(
    simulator: Launched, service: ServiceUnderTest, simulated: tuple[str, ...]
) -> None:
    """With keys that begin with $LEDGER- an account of 50,000 dollars had no cash; with a deposit sweep 72,155 of its
    50,000 were sold."""
    del simulated
    assert service.get("/summary").body["cash"] == {"CHF": 1000000, "USD": 50000}
    told = service.post("/cash-balancer")
    assert (told.status, told.body["consolidatedTrades"]) == (200, {"USD.CHF": -50000}), told.text
    cash = simulator.state(messages=False)["accounts"][simulator.account]["cash"]
    assert float(cash["USD"]) == 0


@pytest.mark.parametrize("simulated", [PREFIXED])
def test_rates_begin_with_it_too(service: ServiceUnderTest, simulated: tuple[str, ...]) -> None:
    """Shares in dollars are sized in francs."""
    del simulated
    told = service.post("/allocation", DRY)
    assert (told.status, bool(told.body["consolidatedTrades"]), "USD" in told.body["fx"]) == (
        200,
        True,
        True,
    ), told.text


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/summary"), ("POST", "/cash-balancer"), ("POST", "/allocation")]
)
def test_no_cash_line_at_all_is_a_fault_and_not_nothing_to_do(
    simulator: Launched, service: ServiceUnderTest, method: str, path: str
) -> None:
    for key in ("CashBalance", "TotalCashBalance"):
        simulator.fault({"do": "omit account value"}, key=key)
    told = service.get(path) if method == "GET" else service.post(path, DRY)
    assert (told.status, "told no cash of account" in told.body["detail"]) == (502, True), told.text


def test_no_cash_line_does_not_trap_a_position(simulator: Launched, service: ServiceUnderTest) -> None:
    simulator.trade("KO", "BUY", 10)
    for key in ("CashBalance", "TotalCashBalance"):
        simulator.fault({"do": "omit account value"}, key=key)
    told = service.post("/close-all")
    assert (told.status, told.body["consolidatedTrades"]) == (200, {"KO": -10}), told.text


@pytest.mark.parametrize("simulated", [SWEPT])
def test_cash_that_nothing_explains_is_not_sold(
    simulator: Launched, service: ServiceUnderTest, simulated: tuple[str, ...]
) -> None:
    """Two figures, and no third that says which of them is there."""
    del simulated
    simulator.fault({"do": "omit account value"}, key="NetLiquidationByCurrency")
    told = service.post("/cash-balancer")
    assert (told.status, "50000 USD as its total cash and 72155" in told.body["detail"]) == (422, True), (
        told.text
    )
    assert not simulator.state(messages=False)["orders"]
