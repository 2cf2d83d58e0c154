"""Decides what a run makes of what is in the account and not its matter: bonds, options without market data, rights,
funds, crypto, futures, fractions that a person bought, and what strategies hold that are not asked.

It is left alone: its details, quotes and rates are not asked for, so that nothing about it stops a trade. What truly
needs its value, the limits on leverage, takes the broker's own figures:

    gross = GrossPositionValue − what the run's own contracts are worth there, never below 0
    net   = NetLiquidation − TotalCashValue − what the run's own contracts are worth there

The broker counts stocks and options in the first (https://interactivebrokers.github.io/tws-api/account_summary.html:
"the sum of the absolute value of all stock and equity option positions"): of a future that somebody else holds, neither
knows more than its profit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

GROSS, CASH = "GrossPositionValue", "TotalCashValue"


@dataclass(frozen=True, slots=True)
class Others:
    """`names` is contract id → local symbol of each position that the run does not look at, `nobodys` those of them
    that no strategy holds. `gross` and `net` are all positions of the account by the broker's figures, in base
    currency; None where it did not tell them."""

    names: Mapping[int, str]
    nobodys: frozenset[int]
    gross: Decimal | None
    net: Decimal | None

    def beyond(self, gross: Decimal, net: Decimal) -> tuple[Decimal, Decimal] | None:
        """(gross, net) of the others, where the run's own contracts are worth `gross` and `net`; None where nobody
        knows."""
        if not self.names:
            return Decimal(0), Decimal(0)
        if self.gross is None or self.net is None:
            return None
        return max(self.gross - gross, Decimal(0)), self.net - net

    @property
    def said(self) -> str:
        """What is left alone, for the plan; "" where there is nothing that no strategy holds."""
        if not self.nobodys:
            return ""
        names = ", ".join(sorted(self.names[con_id] for con_id in self.nobodys))
        return f"left alone, for no strategy holds it: {names}; limits on leverage take it at the broker's own figures"


NOBODY = Others({}, frozenset(), None, None)


def others(
    names: Mapping[int, str], held: frozenset[int], values: Mapping[str, Decimal], net_liquidation: Decimal
) -> Others:
    """Of positions by `names` of which strategies hold those in `held`; `values` are the account's own figures."""
    cash = values.get(CASH)
    net = None if cash is None else net_liquidation - cash
    return Others(names, frozenset(names) - held, values.get(GROSS), net)
