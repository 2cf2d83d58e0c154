"""Cross-sectional momentum: hold what has risen most over the past year, the last month left out.

The signal is that of C. Asness, T. Moskowitz and L. H. Pedersen, "Value and Momentum Everywhere", Journal of Finance 68
(2013), 929-985, section I.B: the return of the past twelve months without the most recent one, in which prices tend to
turn (12-1). They rank all assets and hold winners against losers; here the best third is held, in equal parts, and
nothing is sold short. Ranked once a month, by the first call of each: the memory knows which month it was.
"""

from __future__ import annotations

from typing import Annotated

from ib_trading.strategies import (
    KEEP,
    Decision,
    History,
    Parameters,
    Strategy,
    StrategyView,
    between,
    stocks,
)

MONTH = 21
"""Trading days in a month; twelve are a year."""


class Momentum(Strategy):
    """The best of a dozen funds by their return of the past year without the last month, chosen monthly."""

    class Parameters(Parameters, frozen=True):
        """How many of the instruments are held."""

        held: Annotated[int, between(1, 12)] = 4

    name = "momentum"
    instruments = stocks(
        "SPY", "QQQ", "IWM", "EFA", "EEM", "AGG", "TLT", "LQD", "GLD", "USO", "XLE", "VNQ",
    )  # fmt: skip
    history = (History("1 day", 12 * MONTH + 1),)

    def decide(self, view: StrategyView) -> Decision:
        month = f"{view.local(self.instruments[0]):%Y-%m}"
        if view.memory == month:
            return Decision(KEEP)
        closes = {spec: view.bars(spec).close for spec in self.instruments}
        # Counted from the end: a return from twelve months ago to one month ago.
        returns = {spec: close[-1 - MONTH] / close[-1 - 12 * MONTH] - 1 for spec, close in closes.items()}
        # Of equal ones the first by its symbol, so that no order of a dictionary decides.
        best = sorted(returns, key=lambda spec: (-returns[spec], spec.symbol))[: self.parameters.held]
        notes = {spec.symbol: f"{returns[spec]:+.1%}" for spec in self.instruments}
        return Decision({spec: 1 / len(best) for spec in best}, notes, memory=month)
