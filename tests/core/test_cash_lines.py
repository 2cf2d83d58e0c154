"""What of an account's per-currency lines is the money in it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_trading.core.cash_lines import cash_lines


def figures(**told: str) -> dict[tuple[str, str], Decimal]:
    """`TotalCashBalance_USD="5"` and so on."""
    keys = (tuple(name.rsplit("_", 1)) for name in told)
    return {(tag, currency): Decimal(told[f"{tag}_{currency}"]) for tag, currency in keys}


RECORDED = figures(
    NetLiquidation_USD="1867970.59",
    NetLiquidationByCurrency_USD="1867970.59",
    CashBalance_USD="2689095.823",
    TotalCashBalance_USD="1863414.543",
)
"""An account with a deposit sweep (github.com/QuantConnect/Lean.Brokerages.InteractiveBrokers, issue 162)."""


def test_a_sweep_is_not_counted_twice() -> None:
    lines = cash_lines(RECORDED)
    assert (lines.cash, lines.doubts) == ({"USD": Decimal("1863414.543")}, {})


@pytest.mark.parametrize(
    "asset", ["StockMarketValue", "OptionMarketValue", "MoneyMarketFundValue", "TBondValue", "Cryptocurrency"]
)
def test_what_else_the_account_has_in_that_currency_is_no_cash(asset: str) -> None:
    told = RECORDED | figures(NetLiquidationByCurrency_USD="2867970.59") | {(asset, "USD"): Decimal(1000000)}
    assert not cash_lines(told).doubts


def test_a_difference_that_nothing_explains_is_a_doubt_of_that_currency_alone() -> None:
    told = RECORDED | figures(
        NetLiquidationByCurrency_USD="2689095", CashBalance_EUR="50", TotalCashBalance_EUR="50"
    )
    lines = cash_lines(told)
    assert set(lines.doubts) == {"USD"}
    assert "1863414.543 USD as its total cash and 2689095.823 as its cash balance" in lines.doubts["USD"]


@pytest.mark.parametrize(("settled", "explained"), [("40000", True), ("90000", False)])
def test_trades_that_are_not_settled_explain_as_much_as_they_are(settled: str, explained: bool) -> None:
    """20,000 less in one line, 60,000 or 10,000 of which are not settled."""
    told = figures(
        NetLiquidation_USD="500000",
        TotalCashBalance_USD="100000",
        CashBalance_USD="80000",
        TotalCashValue_USD="100000",
        SettledCash_USD=settled,
    )
    lines = cash_lines(told)
    assert (lines.cash["USD"], not lines.doubts) == (100000, explained)


@pytest.mark.parametrize("tag", ["CashBalance", "TotalCashBalance"])
def test_one_line_alone_counts(tag: str) -> None:
    assert cash_lines({(tag, "EUR"): Decimal(7)}).cash == {"EUR": 7}


def test_the_sum_of_all_currencies_is_no_currency() -> None:
    assert not cash_lines(figures(CashBalance_BASE="5", TotalCashBalance_BASE="5")).cash


@given(st.decimals(-(10**9), 10**9, places=2), st.decimals(-(10**9), 10**9, places=2))
def test_the_total_is_the_cash_whatever_the_balance_says(total: Decimal, balance: Decimal) -> None:
    told = {("TotalCashBalance", "USD"): total, ("CashBalance", "USD"): balance}
    lines = cash_lines(told)
    assert lines.cash == {"USD": total}
    assert bool(lines.doubts) == (abs(total - balance) > Decimal("0.01"))
