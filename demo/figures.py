"""The figures of the account: what terminal and page show alike, as rows.

Decides which answer each figure is taken from. Orders, fills and holdings are set beside the simulator's own record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from demo.story import CASH, Story, Trading

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Part:
    """One strategy's part of a decision: `weight` of its capital, and signed shares."""

    weight: Decimal
    held: Decimal
    target: Decimal


@dataclass(frozen=True, slots=True)
class Decision:
    """Why one contract was traded, or not: `order` is signed, `crossed` what the strategies took from each other."""

    symbol: str
    price: Decimal
    parts: Mapping[str, Part]
    crossed: Decimal
    order: Decimal


@dataclass(frozen=True, slots=True)
class FilledOrder:
    """`bid` and `ask` are the simulator's at the instant of the fill, `fills` the number of executions."""

    symbol: str
    action: str
    quantity: Decimal
    status: str
    fills: int
    price: Decimal | None
    bid: Decimal | None
    ask: Decimal | None
    commission: Decimal


@dataclass(frozen=True, slots=True)
class HoldingRow:
    """Who holds what at the end: the service's ledger by strategy, and the simulator's own position."""

    symbol: str
    by_strategy: Mapping[str, Decimal]
    simulator: Decimal
    price: Decimal

    @property
    def together(self) -> Decimal:
        return sum(self.by_strategy.values(), NOTHING)

    @property
    def value(self) -> Decimal:
        return self.simulator * self.price


@dataclass(frozen=True, slots=True)
class ProfitRow:
    strategy: str
    market_value: Decimal
    commissions: Decimal
    profit: Decimal


def decisions(trading: Trading) -> tuple[Decision, ...]:
    """A row for each contract that a strategy wants, holds or trades, by symbol."""
    plan = trading.run.document
    crossed = {
        cross["conId"]: sum((quantity for quantity in cross["quantities"].values() if quantity > 0), NOTHING)
        for cross in plan["internalCrosses"]
    }
    rows = []
    for symbol, con_id in sorted(plan["contractIds"].items()):
        parts = {
            name: Part(
                plan["signals"][name].get(symbol, NOTHING),
                plan["holdings"][name].get(symbol, NOTHING),
                plan["targetPositions"][name].get(symbol, NOTHING),
            )
            for name in plan["strategies"]
        }
        if any(part.weight or part.held or part.target for part in parts.values()):
            order = plan["consolidatedTrades"].get(symbol, NOTHING)
            price = plan["prices"][str(con_id)]["price"]
            rows.append(Decision(symbol, price, parts, crossed.get(con_id, NOTHING), order))
    return tuple(rows)


def filled_orders(trading: Trading, control: Mapping[str, Any]) -> tuple[FilledOrder, ...]:
    """The run's orders by symbol as the service reports them, with the quote at which the simulator filled each."""
    by_ref: dict[str, list[Mapping[str, Any]]] = {}
    for execution in control["executions"]:
        by_ref.setdefault(execution["orderRef"], []).append(execution)
    rows = []
    for order in sorted(trading.run.document["orders"], key=lambda order: order["localSymbol"]):
        executions = by_ref.get(order["orderRef"], [])
        rows.append(
            FilledOrder(
                symbol=order["localSymbol"],
                action=order["action"],
                quantity=order["quantity"],
                status=order["status"],
                fills=len(executions),
                price=order["averagePrice"],
                bid=_figure(executions[0]["bid"]) if executions else None,
                ask=_figure(executions[0]["ask"]) if executions else None,
                commission=order["commission"] or NOTHING,
            )
        )
    return tuple(rows)


def holdings(story: Story) -> tuple[HoldingRow, ...]:
    """Everything held at the end by anybody, by symbol."""
    ledger = story.second.summary.document["holdings"]
    simulator = story.second.account.quantities()
    prices = {holding.symbol: holding.price for holding in story.second.account.holdings}
    symbols = {symbol for held in ledger.values() for symbol in held} | set(simulator)
    return tuple(
        HoldingRow(
            symbol,
            {name: held.get(symbol, NOTHING) for name, held in ledger.items() if held},
            simulator.get(symbol, NOTHING),
            prices.get(symbol, NOTHING),
        )
        for symbol in sorted(symbols)
    )


def profits(story: Story) -> tuple[ProfitRow, ...]:
    """A row a strategy, then all of them together."""
    rows = [
        ProfitRow(name, result["marketValue"], result["commissions"], result["profit"])
        for name, result in sorted(story.second.summary.document["profit"].items())
    ]
    together = ProfitRow(
        "together",
        sum((row.market_value for row in rows), NOTHING),
        sum((row.commissions for row in rows), NOTHING),
        sum((row.profit for row in rows), NOTHING),
    )
    return (*rows, together)


def gain(story: Story) -> Decimal:
    """What the account has gained, by the simulator's record."""
    return story.second.account.net_liquidation - CASH


def _figure(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
