"""MACD with a hedge: long the market after a bullish cross, short it and long volatility after a bearish one.

MACD is G. Appel's: the difference of two exponential averages of the close (12 and 26 bars), and its own average over
9 bars as the signal line; the MACD that rises through its signal line is a bullish cross, one that falls through it a
bearish one (Technical Analysis: Power Tools for Active Investors, 2005, chapter 8). An average of n bars gives the
newest the weight 2 / (n + 1) and begins with the first close.

The hedge is VIXY, which holds the nearest futures on the VIX: what it gains in a fall adds to the short position, and
in quiet times it loses to the roll. As its long and its short side are whole capitals, the account needs leverage 2.

Without a cross everything stays as it is. A cross is a regime other than the one of the last decision, which the memory
knows, and not one between the last two bars: an hourly call would miss half of what happens on bars of 30 minutes.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy

from ib_trading.strategies import KEEP, Decision, History, Parameters, Strategy, StrategyView, between, etf

SPY, VIXY = etf("SPY"), etf("VIXY")
LONG = {SPY: 1, VIXY: 0}
HEDGED = {SPY: -1, VIXY: 1}

Columns = numpy.ndarray[tuple[int], numpy.dtype[numpy.float64]]


class MacdHedge(Strategy):
    """Follows crosses of the MACD of SPY, long or short, and holds VIXY beside a short position."""

    class Parameters(Parameters, frozen=True):
        """Lengths of the averages in bars of `bar_size`."""

        fast: Annotated[int, between(2, 50)] = 12
        slow: Annotated[int, between(3, 100)] = 26
        signal: Annotated[int, between(2, 50)] = 9
        bar_size: Literal["1 day", "30 mins"] = "1 day"

    name = "macd_hedge"
    instruments = (SPY, VIXY)

    @property
    def history(self) -> tuple[History, ...]:
        # After ten times its length the first close weighs a billionth in an average.
        return (History(self.parameters.bar_size, 10 * (self.parameters.slow + self.parameters.signal)),)

    def decide(self, view: StrategyView) -> Decision:
        given = self.parameters
        closes = view.bars(SPY, given.bar_size).close
        macd = average(closes, given.fast) - average(closes, given.slow)
        above = macd - average(macd, given.signal)
        now, before = (regime(above[-1]), view.memory or regime(above[-2]))
        wanted = KEEP if now == before else LONG if now == "bullish" else HEDGED
        return Decision(wanted, {"regime": now, "macd": round(macd[-1], 4)}, memory=now)


def average(values: Columns, length: int) -> Columns:
    """The exponential average at each bar."""
    share, averages = 2 / (length + 1), values.copy()
    for bar in range(1, len(values)):
        averages[bar] = averages[bar - 1] + share * (values[bar] - averages[bar - 1])
    return averages


def regime(above: float) -> str:
    """By how far the MACD lies above its signal line."""
    return "bullish" if above > 0 else "bearish"
