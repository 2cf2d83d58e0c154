"""What an account is worth at given prices, in the broker's own account values.

A position is valued at the middle of a two-sided quote, else at the last price, else at the previous close:
that is `mark`. Decides the figures; margin.py has the margin rule, account.py the holdings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from ib_trading_simulator.brokerage.account import NOTHING, Holdings, Position
from ib_trading_simulator.brokerage.margin import INITIAL, Margin, of_cash, of_position
from ib_trading_simulator.market.contracts import Contract
from ib_trading_simulator.market.quote import Quote

# The account values that are sums of money in the base currency, in the order in which they are sent.
SUMS = (
    "AccruedCash",
    "AvailableFunds",
    "BuyingPower",
    "EquityWithLoanValue",
    "ExcessLiquidity",
    "FullAvailableFunds",
    "FullExcessLiquidity",
    "FullInitMarginReq",
    "FullMaintMarginReq",
    "GrossPositionValue",
    "InitMarginReq",
    "LookAheadAvailableFunds",
    "LookAheadExcessLiquidity",
    "LookAheadInitMarginReq",
    "LookAheadMaintMarginReq",
    "MaintMarginReq",
    "NetLiquidation",
    "PreviousDayEquityWithLoanValue",
    "RegTEquity",
    "RegTMargin",
    "SMA",
    "SettledCash",
    "TotalCashValue",
)

# What is kept per currency.
LEDGER = (
    "CashBalance",
    "TotalCashBalance",
    "StockMarketValue",
    "NetLiquidationByCurrency",
    "UnrealizedPnL",
    "RealizedPnL",
)

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class PositionValue:
    """A position with its contract, at a price; money in the contract's currency, pounds where pence are quoted."""

    position: Position
    contract: Contract
    price: Decimal
    market_value: Decimal

    @property
    def unrealized(self) -> Decimal:
        return self.market_value - self.position.cost


@dataclass(frozen=True, slots=True)
class Valuation:
    """An account valued at one moment; sums in `base`."""

    account: str
    base: str
    cash: dict[str, Decimal]
    positions: tuple[PositionValue, ...]
    # Units of `base` for one of a currency.
    rate_of: Callable[[str], Decimal]

    @property
    def total_cash(self) -> Decimal:
        return sum((self.rate_of(currency) * cash for currency, cash in self.cash.items()), NOTHING)

    @property
    def position_value(self) -> Decimal:
        return sum((self._in_base(held, held.market_value) for held in self.positions), NOTHING)

    @property
    def gross_position_value(self) -> Decimal:
        return sum((abs(self._in_base(held, held.market_value)) for held in self.positions), NOTHING)

    @property
    def net_liquidation(self) -> Decimal:
        return self.total_cash + self.position_value

    @property
    def unrealized(self) -> Decimal:
        return sum((self._in_base(held, held.unrealized) for held in self.positions), NOTHING)

    @property
    def realized(self) -> Decimal:
        return sum((self._in_base(held, held.position.realized) for held in self.positions), NOTHING)

    @property
    def margin(self) -> Margin:
        needs = (of_position(self._in_base(held, held.market_value)) for held in self.positions)
        cash = {currency: self.rate_of(currency) * amount for currency, amount in self.cash.items()}
        return sum(needs, of_cash(cash, self.base))

    def _in_base(self, held: PositionValue, amount: Decimal) -> Decimal:
        return amount * self.rate_of(held.contract.currency)


def mark(quote: Quote) -> Decimal:
    """The price a position is valued at; 0 where nothing was ever quoted."""
    if quote.bid is not None and quote.ask is not None:
        return (quote.bid + quote.ask) / 2
    return quote.last or quote.previous_close or NOTHING


def value(
    account: str,
    base: str,
    holdings: Holdings,
    contract_of: Callable[[int], Contract],
    price_of: Callable[[int], Decimal],
    rate_of: Callable[[str], Decimal],
) -> Valuation:
    """Values holdings; positions that are closed (quantity 0) are kept, for their realised profit."""
    valued = []
    for position in holdings.positions.values():
        contract = contract_of(position.con_id)
        price = contract.money(price_of(position.con_id)) if position.quantity else NOTHING
        valued.append(PositionValue(position, contract, price, position.quantity * price))
    return Valuation(account, base, holdings.cash, tuple(valued), rate_of)


def sums(valuation: Valuation, previous_equity: Decimal) -> dict[str, Decimal]:
    """The values named in SUMS, unrounded. For stocks equity with loan value is net liquidation."""
    need = valuation.margin
    equity = valuation.net_liquidation
    available = equity - need.initial
    excess = equity - need.maintenance
    amounts = {
        "AccruedCash": NOTHING,
        "AvailableFunds": available,
        # What can be bought with what is available, at the margin rule's initial rate.
        "BuyingPower": max(available, NOTHING) / INITIAL,
        "EquityWithLoanValue": equity,
        "ExcessLiquidity": excess,
        "GrossPositionValue": valuation.gross_position_value,
        "InitMarginReq": need.initial,
        "MaintMarginReq": need.maintenance,
        "NetLiquidation": equity,
        "PreviousDayEquityWithLoanValue": previous_equity,
        "RegTEquity": equity,
        "RegTMargin": need.initial,
        "SMA": available,
        "SettledCash": valuation.total_cash,
        "TotalCashValue": valuation.total_cash,
    }
    for ahead in ("Full", "LookAhead"):
        amounts |= {f"{ahead}AvailableFunds": available, f"{ahead}ExcessLiquidity": excess}
        amounts |= {f"{ahead}InitMarginReq": need.initial, f"{ahead}MaintMarginReq": need.maintenance}
    return amounts


def ledger(valuation: Valuation) -> Iterator[tuple[str, str, str]]:
    """(key, value, currency) of the part of the account that is kept per currency, `BASE` last."""
    currencies = dict.fromkeys([*valuation.cash, *(held.contract.currency for held in valuation.positions)])
    totals = dict.fromkeys(LEDGER, NOTHING)
    for currency in currencies:
        held = tuple(one for one in valuation.positions if one.contract.currency == currency)
        cash = valuation.cash.get(currency, NOTHING)
        stock = sum((one.market_value for one in held), NOTHING)
        rate = valuation.rate_of(currency)
        amounts = {
            "CashBalance": cash,
            "TotalCashBalance": cash,
            "StockMarketValue": stock,
            "NetLiquidationByCurrency": cash + stock,
            "UnrealizedPnL": sum((one.unrealized for one in held), NOTHING),
            "RealizedPnL": sum((one.position.realized for one in held), NOTHING),
        }
        totals = {key: totals[key] + amount * rate for key, amount in amounts.items()}
        yield from _ledger_lines(currency, amounts, rate)
    yield from _ledger_lines("BASE", totals, Decimal(1))


def _ledger_lines(
    currency: str, amounts: dict[str, Decimal], rate: Decimal
) -> Iterator[tuple[str, str, str]]:
    yield "Currency", currency, currency
    for key, amount in amounts.items():
        yield key, money(amount), currency
    yield "ExchangeRate", format(rate.normalize(), "f"), currency


def money(amount: Decimal) -> str:
    """To the cent, as the broker writes account values."""
    return str(amount.quantize(_CENT))


def lines(valuation: Valuation, previous_equity: Decimal) -> tuple[tuple[str, str, str], ...]:
    """Every account value as (key, value, currency), in the order of a full account download."""
    amounts = sums(valuation, previous_equity)
    equity = amounts["NetLiquidation"]
    cushion = amounts["ExcessLiquidity"] / equity if equity else NOTHING
    leverage = amounts["GrossPositionValue"] / equity if equity else NOTHING
    return (
        ("AccountCode", valuation.account, ""),
        ("AccountReady", "true", ""),
        ("AccountType", "INDIVIDUAL", ""),
        ("Cushion", f"{cushion:.6f}", ""),
        ("DayTradesRemaining", "-1", ""),
        ("Leverage-S", f"{leverage:.2f}", ""),
        *((key, money(amounts[key]), valuation.base) for key in SUMS),
        *ledger(valuation),
    )
