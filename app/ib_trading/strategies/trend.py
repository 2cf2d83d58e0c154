"""Time-series momentum: hold what has risen over the past year, each position sized by its volatility.

The rule is that of T. Moskowitz, Y. H. Ooi and L. H. Pedersen, "Time series momentum", Journal of Financial Economics
104 (2012), 228-250: the sign of an instrument's own past twelve-month return gives the direction (section 3.2), the
position is the target volatility of 40 % divided by the ex-ante volatility (equation 5), and that is the square root
of the exponentially weighted variance of daily returns with a centre of mass of 60 days, annualised with 261 days
(equation 1); positions are averaged over the instruments.

Two departures, both to the cautious side: what has fallen is not held instead of sold short (the study trades
futures; shorting single stocks costs borrowing fees), and the weights together never exceed the capital.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from ib_trading.strategies import ContractSpec, Strategy, StrategyView, stocks

LOOKBACK_DAYS = 252
"""Trading days in the twelve months whose return gives the direction."""
TARGET_VOLATILITY = 0.40
CENTRE_OF_MASS_DAYS = 60
DAYS_A_YEAR = 261


class Trend(Strategy):
    """Long what rose in the last year, out of what fell; an instrument with too little history is not held."""

    name = "trend"
    instruments = stocks(
        "AAPL", "AMD", "BAC", "BBY", "CVX", "GE", "HD", "JNJ", "JPM", "KO",
        "LLY", "MRK", "MSFT", "PEP", "PFE", "PG", "RRC", "UNH", "WMT", "XOM",
    )  # fmt: skip
    history_days = LOOKBACK_DAYS + 1

    def weights(self, view: StrategyView) -> Mapping[ContractSpec, float]:
        count = len(self.instruments)
        wanted = {spec: _position(view.closes.get(spec, ())) / count for spec in self.instruments}
        gross = sum(wanted.values())
        return {spec: weight / max(1.0, gross) for spec, weight in wanted.items()}


def _position(closes: Sequence[float]) -> float:
    """The instrument's position as a multiple of its share of the capital; `closes` daily, oldest first."""
    if len(closes) <= LOOKBACK_DAYS:
        return 0.0
    past_year = closes[-1] / closes[-1 - LOOKBACK_DAYS] - 1
    volatility = ex_ante_volatility(closes)
    return TARGET_VOLATILITY / volatility if past_year > 0 and volatility > 0 else 0.0


def ex_ante_volatility(closes: Sequence[float]) -> float:
    """Annualised volatility of daily returns, the more recent the heavier (equation 1 of the paper)."""
    returns = [later / earlier - 1 for earlier, later in pairwise(closes)]
    decay = CENTRE_OF_MASS_DAYS / (CENTRE_OF_MASS_DAYS + 1)
    weights = [decay**age for age in reversed(range(len(returns)))]
    total = math.fsum(weights)
    mean = math.fsum(w * r for w, r in zip(weights, returns, strict=True)) / total
    variance = math.fsum(w * (r - mean) ** 2 for w, r in zip(weights, returns, strict=True)) / total
    return math.sqrt(DAYS_A_YEAR * variance)
