"""A strategy that decides by chance, for trying out the machinery: never for money."""

from __future__ import annotations

import random
from collections.abc import Mapping

from ib_trading.strategies import ContractSpec, Strategy, StrategyView, stocks


class Dummy(Strategy):
    """Spreads its capital at random over a few large stocks, long only.

    Its chance comes from the snapshot's seed, which is the broker day's: within a day it decides the same every
    time, and any past run can be explained.
    """

    name = "dummy"
    instruments = stocks("JNJ", "JPM", "KO", "MSFT", "PG", "XOM")

    def weights(self, view: StrategyView) -> Mapping[ContractSpec, float]:
        chance = random.Random(view.seed)  # noqa: S311  a strategy's dice, not a secret
        shares = [chance.random() for _ in self.instruments]
        return {spec: share / sum(shares) for spec, share in zip(self.instruments, shares, strict=True)}
