"""Decides what a strategy has earned: what it holds now is worth, plus what its fills took in, less commissions.

In base currency at today's rates, since the ledger's first booking; internal crosses count at their price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ib_trading.core.instruments import Instrument
from ib_trading.core.totals import Totals


@dataclass(frozen=True, slots=True)
class StrategyResult:
    """`market_value` of the present holdings, `profit` since the first booking, `commissions` paid (included)."""

    market_value: Decimal
    profit: Decimal
    commissions: Decimal


_NONE = StrategyResult(Decimal(0), Decimal(0), Decimal(0))


def results(
    totals: Totals,
    instruments: Mapping[int, Instrument],
    prices: Mapping[int, Decimal],
    rates: Mapping[str, Decimal],
) -> dict[str, StrategyResult]:
    """Strategy → result. `prices` contract id → price now, which what is held no more needs not; `rates` currency →
    base. KeyError where one is missing.

    Added up in one sequence, that of the ids and names: a rate such as 1 ÷ 1.1 has no end, and what is rounded differs
    in its last digit by the sequence.
    """
    earned: dict[str, StrategyResult] = {}
    for con_id, by_strategy in sorted(totals.items()):
        instrument = instruments[con_id]
        rate = rates[instrument.currency]
        for strategy, total in sorted(by_strategy.items()):
            before = earned.get(strategy, _NONE)
            value = total.quantity * instrument.value(prices[con_id]) * rate if total.quantity else Decimal(0)
            flow = instrument.value(total.flow) * rate
            paid = sum(
                (amount * rates[name] for name, amount in sorted(total.commissions.items())), Decimal(0)
            )
            earned[strategy] = StrategyResult(
                before.market_value + value, before.profit + value + flow - paid, before.commissions + paid
            )
    return earned
