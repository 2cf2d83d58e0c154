"""The price's way through one trading day, minute by minute.

Decides the path between a day's figures (days.py): it starts at the open, ends at the close, stays within low
and high and touches both. Prices here are whole ticks. Quotes are made from it by market.py, bars by
history.py.

The construction: a Brownian bridge (uniform steps, so no library's logarithm can differ) from the open's tick
to the close's, scaled to the day's range, folded back where it would leave the range, its extremes moved onto
high and low. Volume is spread in a U shape. The displayed spread is drawn once a day, 1 to 2 basis points and
at least one tick; displayed sizes once a minute, 100 to 2000 in round lots.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate
from math import sqrt

from ib_trading_simulator.market.days import DayFigures, to_ticks
from ib_trading_simulator.market.draws import octets, uniforms

LOT = 100


@dataclass(frozen=True, slots=True)
class Mark:
    """From second `second` of the session on, the price is `ticks`, because the control port set it."""

    second: float
    ticks: int


@dataclass(frozen=True, slots=True)
class Spread:
    """What one day's bid and ask keep between them, in ticks: `width`, of it `below` under the price."""

    width: int
    below: int

    def bid(self, ticks: int) -> int:
        """The bid around a price: on the tick, and at least one tick."""
        return max(1, ticks - self.below)

    def ask(self, ticks: int) -> int:
        return self.bid(ticks) + self.width


@dataclass(frozen=True, slots=True)
class DayPath:
    """`prices` has one entry a minute and the closing print last; the other columns one entry a minute.

    Minute k opens at prices[k] and ends at closes[k], which is where minute k + 1 opens. `volume_before[k]`
    is what was traded before minute k; its last entry is the day's volume. `high_before` and `low_before` run
    likewise, from the second minute on. `depth` holds three bytes a minute: what is displayed at bid, ask and
    last.
    """

    prices: Sequence[int]
    highs: Sequence[int]
    lows: Sequence[int]
    closes: Sequence[int]
    volume_before: Sequence[int]
    high_before: Sequence[int]
    low_before: Sequence[int]
    depth: bytes
    spread: Spread
    marks: tuple[Mark, ...] = ()

    @property
    def minutes(self) -> int:
        return len(self.closes)

    def price_at(self, second: float) -> int:
        """The price in ticks `second` seconds into the session; the closing print at its end."""
        minute = min(int(second // 60), self.minutes)
        for mark in reversed(self.marks):
            if minute < self.minutes and mark.second <= second and mark.second // 60 == minute:
                return mark.ticks
        return self.prices[minute]

    def sizes(self, minute: int) -> tuple[int, int, int]:
        """Shares displayed at the bid and at the ask, and of the last trade, in `minute`."""
        bid, ask, last = self.depth[3 * minute : 3 * minute + 3]
        return LOT * (1 + (20 * bid >> 8)), LOT * (1 + (20 * ask >> 8)), LOT * (1 + (5 * last >> 8))

    def range_at(self, second: float) -> tuple[int, int]:
        """High and low of the session so far: all finished minutes and the present price."""
        minute, price = min(int(second // 60), self.minutes), self.price_at(second)
        seen = (price, self.prices[min(minute, self.minutes - 1)])
        if minute:
            seen += (self.high_before[minute], self.low_before[minute])
        return max(seen), min(seen)

    def marked(self, mark: Mark) -> DayPath:
        """This path with the price held at `mark` from then on; the closing print stays the record's."""
        minute, end = int(mark.second // 60), self.minutes
        prices, closes = array("q", self.prices), array("q", self.closes)
        highs, lows = array("q", self.highs), array("q", self.lows)
        if mark.second == 60 * minute:
            prices[minute] = mark.ticks
            highs[minute] = lows[minute] = mark.ticks
        for k in range(minute, end):
            if k > minute:
                prices[k] = highs[k] = lows[k] = mark.ticks
            closes[k] = mark.ticks if k < end - 1 else prices[end]
            highs[k] = max(highs[k], mark.ticks, closes[k])
            lows[k] = min(lows[k], mark.ticks, closes[k])
        return replace(
            self,
            prices=prices,
            highs=highs,
            lows=lows,
            closes=closes,
            high_before=_before(highs, max),
            low_before=_before(lows, min),
            marks=(*self.marks, mark),
        )


def day_spread(opening: int, key: str) -> Spread:
    """The spread of the day named `key` that opens at `opening` ticks."""
    basis_points, side = uniforms(f"{key}/spread", 2)
    width = max(1, round(opening * (1.0 + basis_points) / 10_000.0))
    return Spread(width, width // 2 if side < 0.5 else width - width // 2)


def day_path(figures: DayFigures, minutes: int, tick: Decimal, key: str) -> DayPath:
    """The path of a day; `key` names seed, contract and day, and alone decides what is drawn."""
    draws = uniforms(f"{key}/path", 3 * minutes)
    steps, wicks, trades = (draws[n * minutes : (n + 1) * minutes] for n in range(3))
    low, high = to_ticks(figures.low, tick), to_ticks(figures.high, tick)
    prices = _bridge(to_ticks(figures.open, tick), to_ticks(figures.close, tick), low, high, steps)
    closes = prices[1:]
    # A minute's high and low reach beyond its first and last price by up to half of a minute's usual move.
    reach = 0.5 * figures.sigma * prices[0] / sqrt(minutes)
    highs, lows = array("q"), array("q")
    for first, last, wick in zip(prices, closes, wicks, strict=False):
        highs.append(min(high, max(first, last) + round(wick * reach)))
        lows.append(max(low, min(first, last) - round((1.0 - wick) * reach)))
    return DayPath(
        prices=prices,
        highs=highs,
        lows=lows,
        closes=closes,
        volume_before=_spread_out(int(figures.volume), trades),
        high_before=_before(highs, max),
        low_before=_before(lows, min),
        depth=octets(f"{key}/depth", 3 * minutes),
        spread=day_spread(prices[0], key),
    )


def _before(column: Sequence[int], extreme: Callable[[int, int], int]) -> array[int]:
    """The running extreme of a column, moved on by one: entry k covers minutes 0 to k - 1."""
    return array("q", (column[0], *accumulate(column, extreme)))


def _bridge(first: int, last: int, low: int, high: int, steps: Sequence[float]) -> array[int]:
    """len(steps) + 1 prices in ticks from `first` to `last` within [low, high], touching both."""
    count = len(steps)
    walk = list(accumulate((step - 0.5 for step in steps), initial=0.0))
    drift = walk[-1] / count
    bridge = [position - k * drift for k, position in enumerate(walk)]
    width = max(bridge) - min(bridge)
    scale = (high - low) / width if width else 0.0
    slope = (last - first) / count
    prices = array("q", (first,))
    for k in range(1, count):
        prices.append(_fold(first + slope * k + scale * bridge[k], low, high))
    prices.append(last)
    if count > 2:
        inner = range(1, count)
        if max(prices) < high:
            prices[max(inner, key=prices.__getitem__)] = high
        if min(prices) > low:
            prices[min(inner, key=prices.__getitem__)] = low
    return prices


def _fold(price: float, low: int, high: int) -> int:
    """`price` in whole ticks, mirrored at the edge it crossed."""
    if price > high:
        price = 2.0 * high - price
    elif price < low:
        price = 2.0 * low - price
    return min(high, max(low, round(price)))


def _spread_out(volume: int, draws: Sequence[float]) -> array[int]:
    """Running volume before each minute, more of it at the open and the close; ends on exactly `volume`."""
    count = len(draws)
    weights = []
    for k, draw in enumerate(draws):
        from_noon = 2.0 * k / count - 1.0
        weights.append((1.0 + 2.0 * from_noon * from_noon) * (0.5 + draw))
    running = list(accumulate(weights, initial=0.0))
    total = running[-1]
    return array("q", (*(int(volume * part / total) for part in running[:-1]), volume))
