"""Intraday mean reversion: buy what has fallen far within hours, sell it back at its mean, stay out at night.

That returns of half an hour tend to be taken back by the next ones is found by S. Heston, R. Korajczyk and R. Sadka,
"Intraday Patterns in the Cross-section of Stock Returns", Journal of Finance 65 (2010), 1369-1407. Far is what J.
Bollinger calls so (Bollinger on Bollinger Bands, 2001): below the mean of the last 20 closes by more than twice their
standard deviation, which is taken over all of them (divided by 20, not 19).

Between the lower band and the mean nothing is decided: what is held stays, what is not is not bought. In the last
half-hour of a session everything is sold. The stocks share the capital, also with those that are not held.
"""

from __future__ import annotations

from typing import Annotated

from ib_trading.strategies import KEEP, Decision, History, Parameters, Strategy, StrategyView, between, stocks

HALF_HOUR = "30 mins"
BARS = 20


class MeanReversion(Strategy):
    """Long below the lower Bollinger band of 30-minute bars, out at their mean and before the close."""

    class Parameters(Parameters, frozen=True):
        """`width` is how many standard deviations the band lies below the mean."""

        width: Annotated[float, between(0.5, 5)] = 2.0

    name = "mean_reversion"
    instruments = stocks("AAPL", "AMD", "BAC", "JPM", "MSFT", "XOM")
    history = (History(HALF_HOUR, BARS),)

    def decide(self, view: StrategyView) -> Decision:
        targets, notes = {}, {}
        for spec in self.instruments:
            session, closes = view.session(spec), view.bars(spec, HALF_HOUR).close[-BARS:]
            far = (closes[-1] - closes.mean()) / max(closes.std(), 1e-9)
            notes[spec.symbol] = round(far, 2)
            if session is None or session.minutes_to_close <= 30 or far >= 0:
                targets[spec] = 0
            else:
                targets[spec] = 1 / len(self.instruments) if far < -self.parameters.width else KEEP
        return Decision(targets, notes)
