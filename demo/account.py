"""The readable account, for the terminal: signals, targets, orders, fills, positions per strategy, profit, checks.

Decides the words and what of the figures is shown; figures.py decides where they come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from demo.checks import Check
from demo.figures import Part, decisions, filled_orders, gain, holdings, profits
from demo.month import NEW_YORK
from demo.story import CASH, Story, Trading
from demo.terminal import Terminal

_BARS = "▁▂▃▄▅▆▇█"


def tell_account(story: Story, terminal: Terminal) -> None:
    _tell_trading(story, story.first, "The first day", terminal)
    _tell_month(story, terminal)
    _tell_trading(story, story.second, "A month later", terminal)
    _tell_end(story, terminal)


def tell_checks(checks: tuple[Check, ...], terminal: Terminal) -> None:
    terminal.heading("Checked", "against the simulator's own record and the file of recorded closes")
    for check in checks:
        mark = terminal.green("✓") if check.passed else terminal.red("✗ not so:")
        terminal.line(f"  {mark} {check.name}")
        terminal.line(f"    {terminal.dim(check.detail) if check.passed else terminal.red(check.detail)}")


def tell_phases(seconds: Mapping[str, float], terminal: Terminal) -> None:
    terminal.heading("Time")
    rows = [(phase, f"{spent:.2f}") for phase, spent in seconds.items()]
    terminal.table(
        ("phase", "seconds"), (*rows, ("together", f"{sum(seconds.values()):.2f}")), last_is_total=True
    )


def tell_page(page: Path, terminal: Terminal) -> None:
    terminal.line()
    terminal.line(f"The same with charts: {terminal.cyan(str(page))}")


def _tell_trading(story: Story, trading: Trading, title: str, terminal: Terminal) -> None:
    plan = trading.run.document
    at = trading.account.at.astimezone(NEW_YORK)
    terminal.heading(title, f"{at:%A} {at.day} {at:%B %Y, %H:%M} New York")
    capital = ", ".join(f"{name} {amount:,.0f}" for name, amount in plan["capital"].items())
    terminal.line(
        f"  Net liquidation {plan['netLiquidation']:,.2f} {plan['baseCurrency']}, of it for {capital}."
    )
    terminal.line()
    terminal.line("  Signals (weight of the strategy's capital) and targets (shares)")
    strategies = plan["strategies"]
    terminal.table(
        ("symbol", "price", *strategies, "crossed inside", "order"),
        [
            (
                row.symbol,
                price(row.price),
                *(_part(row.parts[name]) for name in strategies),
                shares(row.crossed),
                shares(row.order, signed=True),
            )
            for row in decisions(trading)
        ],
    )
    terminal.line()
    terminal.line("  Orders and fills")
    terminal.table(
        ("symbol", "", "quantity", "status", "fills", "price", "bid", "ask", "commission"),
        [
            (
                row.symbol,
                row.action.lower(),
                shares(row.quantity),
                row.status,
                str(row.fills),
                figure(row.price),
                figure(row.bid),
                figure(row.ask),
                figure(row.commission),
            )
            for row in filled_orders(trading, story.control)
        ],
    )


def _tell_month(story: Story, terminal: Terminal) -> None:
    terminal.heading("The month", "account value at each close, by the simulator's record")
    values = [close.net_liquidation for close in story.closes]
    lowest, highest = min(values), max(values)
    terminal.line(f"  {terminal.cyan(sparkline(values))}  {lowest:,.2f} to {highest:,.2f}")
    steps = list(zip((story.first.account, *story.closes), story.closes, strict=False))
    changes = [(later.net_liquidation - earlier.net_liquidation, later.day) for earlier, later in steps]
    (worst, worst_day), (best, best_day) = min(changes), max(changes)
    terminal.line(f"  Best day {best_day}: {best:+,.2f}. Worst day {worst_day}: {worst:+,.2f}.")


def _tell_end(story: Story, terminal: Terminal) -> None:
    end = story.second.account
    terminal.heading(
        "Who holds what", "the service's ledger by strategy; the simulator's own position beside it"
    )
    rows = holdings(story)
    strategies = list(rows[0].by_strategy) if rows else []
    terminal.table(
        ("symbol", *strategies, "together", "simulator", "price", "value"),
        [
            (
                row.symbol,
                *(shares(row.by_strategy.get(name, Decimal(0))) for name in strategies),
                shares(row.together),
                shares(row.simulator),
                price(row.price),
                figure(row.value),
            )
            for row in rows
        ],
    )
    terminal.heading("Profit and loss", "in USD since the first order, commissions taken off")
    terminal.table(
        ("strategy", "market value", "commissions", "profit"),
        [
            (row.strategy, figure(row.market_value), figure(row.commissions), f"{row.profit:+,.2f}")
            for row in profits(story)
        ],
        last_is_total=True,
    )
    terminal.line()
    terminal.line(
        f"  The account: {CASH:,.2f} at the start, {end.net_liquidation:,.2f} now,"
        f" {gain(story):+,.2f} ({gain(story) / CASH:+.2%}); {end.cash:,.2f} of it in cash."
    )


def _part(part: Part) -> str:
    """0.0812 of the capital, 129 shares wanted: 8.1 % → 129."""
    if not part.weight:
        return "out" if part.held else "·"
    return f"{part.weight:.1%} → {shares(part.target)}"


def shares(quantity: Decimal, *, signed: bool = False) -> str:
    if not quantity:
        return "·"
    return f"{quantity:+,f}" if signed else f"{quantity:,f}"


def figure(amount: Decimal | None) -> str:
    return "·" if amount is None else f"{amount:,.2f}"


def price(amount: Decimal) -> str:
    """A middle between two ticks needs a third decimal."""
    return f"{amount:,.3f}"


def sparkline(values: list[Decimal]) -> str:
    """One bar a value, from the lowest to the highest."""
    lowest, highest = min(values), max(values)
    span = highest - lowest or Decimal(1)
    return "".join(_BARS[int((value - lowest) / span * (len(_BARS) - 1))] for value in values)
