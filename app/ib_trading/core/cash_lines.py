"""Decides what of an account's per-currency lines is the money in it.

`TotalCashBalance` is. `CashBalance` may count what an insured bank deposit sweep took yesterday a second time:
2,689,095 beside a total of 1,863,414 in an account worth 1,867,970
(github.com/QuantConnect/Lean.Brokerages.InteractiveBrokers, issues 162 and 200; selling by it sold 80,000 of 50,000).
It counts alone only where no total is told. Where the two differ, the total has to be explained: by what the account is
worth in that currency, or by trades that are not settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ib_trading.core.canonical import plain

Figures = Mapping[tuple[str, str], Decimal]
"""(tag, currency) → figure, in that currency."""

BASE = "BASE"
"""The pseudo-currency under which the broker sums its per-currency figures up."""

TOTAL, RECOGNISED, RATE = "TotalCashBalance", "CashBalance", "ExchangeRate"

ASSETS = (
    "StockMarketValue",
    "OptionMarketValue",
    "FutureOptionValue",
    "FuturesPNL",
    "WarrantValue",
    "IssuerOptionValue",
    "MutualFundValue",
    "MoneyMarketFundValue",
    "CorporateBondValue",
    "TBillValue",
    "TBondValue",
    "Cryptocurrency",
    "AccruedCash",
    "NetDividend",
)
"""What a currency's net liquidation is besides cash: the tags of `updateAccountValue` in
https://interactivebrokers.github.io/tws-api/interfaceIBApi_1_1EWrapper.html and in recorded downloads. FundValue is the
sum of two of them."""

SLACK = Decimal("0.005")
"""Part of a currency's net liquidation that may stay unexplained: prices move between two lines of one download, and
the broker names no list of all that counts. A choice; nobody publishes a bound."""

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class CashLines:
    """`cash` is currency → balance, `doubts` currency → why nobody can say that it is there."""

    cash: Mapping[str, Decimal]
    doubts: Mapping[str, str]


def cash_lines(figures: Figures) -> CashLines:
    """Of an account's download; `cash` is empty where it has no cash line of any currency, which says nothing of what
    is there."""
    told = {
        currency for tag, currency in figures if tag in {TOTAL, RECOGNISED} and currency not in {"", BASE}
    }
    cash, doubts = {}, {}
    for currency in sorted(told):
        total, recognised = figures.get((TOTAL, currency)), figures.get((RECOGNISED, currency))
        cash[currency] = figures[RECOGNISED, currency] if total is None else total
        if total is None or recognised is None or abs(total - recognised) <= CENT:
            continue
        if not (_adds_up(figures, currency, total) or _unsettled(figures, currency, total - recognised)):
            doubts[currency] = (
                f"the broker tells {plain(total)} {currency} as its total cash and {plain(recognised)} as its cash"
                " balance, and neither what the account is worth nor unsettled trades explain the first"
            )
    return CashLines(cash, doubts)


def _adds_up(figures: Figures, currency: str, total: Decimal) -> bool:
    """Whether `total` and everything else in that currency are what the account is worth in it."""
    worth = figures.get(("NetLiquidationByCurrency", currency))
    if worth is None:
        return False
    rest = sum((figures.get((tag, currency), Decimal(0)) for tag in ASSETS), Decimal(0))
    return abs(worth - rest - total) <= max(abs(worth) * SLACK, CENT)


def _unsettled(figures: Figures, currency: str, difference: Decimal) -> bool:
    """Whether trades that are not settled are at least as much; they are told in base currency, for all together."""
    base = next((of for tag, of in figures if tag == "NetLiquidation" and of), "")
    settled, total = figures.get(("SettledCash", base)), figures.get(("TotalCashValue", base))
    rate = Decimal(1) if currency == base else figures.get((RATE, currency))
    if settled is None or total is None or rate is None:
        return False
    return abs(difference * rate) <= abs(total - settled)
