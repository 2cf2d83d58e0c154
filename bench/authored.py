"""Strategies as authors write them, by arrays and by frames, for the measurement of the process that asks them."""

from __future__ import annotations

from collections.abc import Mapping

from ib_trading.strategies import ContractSpec, History, Strategy, StrategyView, stocks

STOCKS, DAYS = 20, 253


class Ranked(Strategy):
    """Half of its stocks, those that rose most in a year."""

    name = "ranked"
    instruments = stocks(*(f"B{number:04d}" for number in range(STOCKS)))
    history = (History("1 day", DAYS),)

    def decide(self, view: StrategyView) -> Mapping[ContractSpec, float]:
        rise = {}
        for spec in self.instruments:
            close = view.bars(spec).close
            rise[spec] = close[-1] / close[0]
        best = sorted(rise, key=rise.__getitem__)[STOCKS // 2 :]
        return dict.fromkeys(best, 1 / len(best))


class Smoothed(Ranked):
    """Those above their mean of fifty days."""

    name = "smoothed"

    def decide(self, view: StrategyView) -> Mapping[ContractSpec, float]:
        closes = {spec: view.bars(spec).close for spec in self.instruments}
        above = [spec for spec, close in closes.items() if close[-1] > close[-50:].mean()]
        return dict.fromkeys(above, 1 / STOCKS)


class Framed(Smoothed):
    """The same by pandas."""

    name = "framed"

    def decide(self, view: StrategyView) -> Mapping[ContractSpec, float]:
        closes = {spec: view.bars(spec).frame()["close"] for spec in self.instruments}
        above = [spec for spec, close in closes.items() if close.iloc[-1] > close.rolling(50).mean().iloc[-1]]
        return dict.fromkeys(above, 1 / STOCKS)
