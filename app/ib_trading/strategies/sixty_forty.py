"""Sixty per cent shares, forty per cent bonds, put right when one of them has drifted out of its band.

The rule is that of G. Daryanani, "Opportunistic Rebalancing: A New Paradigm for Wealth Managers", Journal of Financial
Planning 21 (January 2008), 48-61: look often, trade seldom. An asset is out of its band when its weight has moved by
20 % of its target, 12 points of 60 and 8 of 40; then all go back to their targets. (The study brings what is out of its
band only half of the way back, and leaves what is not where it is.)
"""

from __future__ import annotations

from typing import Annotated

from ib_trading.strategies import KEEP, Decision, Parameters, Strategy, StrategyView, between, etf

SHARES, BONDS = etf("SPY"), etf("AGG")


class SixtyForty(Strategy):
    """60 % SPY and 40 % AGG; trades when a weight is out of its band."""

    class Parameters(Parameters, frozen=True):
        """`shares` is their weight; `band` how far a weight may drift, as a fraction of itself."""

        shares: Annotated[float, between(0, 1)] = 0.6
        band: Annotated[float, between(0.01, 1)] = 0.2

    name = "sixty_forty"
    instruments = (SHARES, BONDS)

    def decide(self, view: StrategyView) -> Decision:
        targets = {SHARES: self.parameters.shares, BONDS: 1 - self.parameters.shares}
        weights = {spec: view.holding(spec).weight for spec in targets}
        known = {spec: weight for spec, weight in weights.items() if weight is not None}
        notes = {spec.symbol: round(weight, 4) for spec, weight in known.items()}
        drifted = any(
            abs(weight - targets[spec]) > self.parameters.band * targets[spec]
            for spec, weight in known.items()
        )
        # What has no price has no weight: nobody knows whether it has drifted.
        return Decision(targets if drifted and len(known) == len(targets) else KEEP, notes)
