"""How much margin positions need: Regulation T, the plainest rule that the broker applies to stocks.

Initial margin is 50 % of a position's market value, long or short; maintenance is 25 % long and 30 % short
(Regulation T and FINRA rule 4210). The broker's own house and portfolio margins are finer; nothing here
claims to reproduce them.

Currencies that were bought with others need 2.5 % of what is owed for them (leverage 40:1, which is what IBKR
asks of the major pairs at most: "Margin Requirements - Currencies"); a loan in the base currency that paid for
stocks is the stocks' affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

INITIAL = Decimal("0.50")
MAINTENANCE_LONG = Decimal("0.25")
MAINTENANCE_SHORT = Decimal("0.30")

OWED_CURRENCY = Decimal("0.025")


@dataclass(frozen=True, slots=True)
class Margin:
    """Requirements in the account's base currency."""

    initial: Decimal = Decimal(0)
    maintenance: Decimal = Decimal(0)

    def __add__(self, other: Margin) -> Margin:
        return Margin(self.initial + other.initial, self.maintenance + other.maintenance)


def of_position(market_value: Decimal) -> Margin:
    """`market_value` is signed: negative for a short position."""
    rate = MAINTENANCE_LONG if market_value >= 0 else MAINTENANCE_SHORT
    return Margin(abs(market_value) * INITIAL, abs(market_value) * rate)


def of_cash(cash: Mapping[str, Decimal], base: str) -> Margin:
    """`cash` is by currency, valued in the base currency; negative is owed."""
    foreign = [amount for currency, amount in cash.items() if currency != base]
    owed = -sum((amount for amount in foreign if amount < 0), Decimal(0))
    bought = sum((amount for amount in foreign if amount > 0), Decimal(0))
    owed += min(max(-cash.get(base, Decimal(0)), Decimal(0)), bought)
    return Margin(owed * OWED_CURRENCY, owed * OWED_CURRENCY)


def accepts(equity_after: Decimal, before: Margin, after: Margin) -> bool:
    """Whether an order may go ahead: it needs no more margin than before, or there is equity for all of it."""
    return after.initial <= before.initial or equity_after >= after.initial
