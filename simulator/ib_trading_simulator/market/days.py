"""One trading day's open, high, low, close and volume, completed where the record is silent.

Decides the construction of what was not recorded. The record always wins: a recorded figure is served digit
for digit. How a day runs from its open to its close is path.py's business.

The construction, from figures in [0, 1) drawn by (seed, contract, day), with
    sigma = root mean square of the last 20 recorded daily returns, within 0.4 % and 6 % (1.5 % if unknown):
    open    = previous close + 0..60 % of the day's recorded move +- a quarter of sigma (the gap)
    high    = max(open, close) + 0..0.8 sigma                    low = min(open, close) - 0..0.8 sigma
    volume  = a contract's own 2 to 12 million shares x 0.6..1.4 x (1 + a third a sigma moved, 3 at most)
Constructed prices lie on the tick. Only + - * / and the square root are used, which IEEE 754 rounds the same
everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from math import sqrt

from ib_trading_simulator.market.contracts import Contract
from ib_trading_simulator.market.draws import uniforms
from ib_trading_simulator.market.records import Record

LOOKBACK = 20
LEAST_SIGMA, GREATEST_SIGMA, UNKNOWN_SIGMA = 0.004, 0.06, 0.015


@dataclass(frozen=True, slots=True)
class DayFigures:
    """`open`, `high`, `low`, `volume` are the record where it has them, `close` always is."""

    day: date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    sigma: float


def to_ticks(price: Decimal, tick: Decimal, rounding: str = ROUND_HALF_EVEN) -> int:
    """`price` as a whole number of ticks, at least one."""
    return max(1, int((price / tick).to_integral_value(rounding)))


def figures_of(record: Record, index: int, contract: Contract, seed: int) -> DayFigures:
    """The completed figures of the recorded day at `index`."""
    day, close = record.days[index], record.close(index)
    sigma = volatility(record, index)
    gap, noise, above, below, busy = uniforms(f"{seed}/{contract.con_id}/{day}/figures", 5)
    tick = contract.min_tick
    before = record.close(index - 1) if index else close
    last, previous = float(close / tick), float(before / tick)

    high, low = record.figure("high", index), record.figure("low", index)
    opening = record.figure("open", index)
    if opening is None:
        ticks = previous + 0.6 * gap * (last - previous) + 0.5 * (noise - 0.5) * sigma * previous
        opening = max(1, round(ticks)) * tick
        opening = min(opening, high) if high is not None else opening
        opening = max(opening, low) if low is not None else opening
    reach = 0.8 * sigma * previous
    if high is None:
        high = (to_ticks(max(opening, close), tick, ROUND_CEILING) + round(above * reach)) * tick
    if low is None:
        low = min(max(1, _floor(min(opening, close), tick) - round(below * reach)) * tick, opening, close)
    volume = record.figure("volume", index)
    if volume is None:
        volume = _volume(contract, seed, busy, abs(last - previous) / (previous * sigma))
    return DayFigures(day, opening, high, low, close, volume, sigma)


def volatility(record: Record, index: int) -> float:
    """Root mean square of the daily returns up to and not including the day at `index`, bounded."""
    closes = record.approximate_closes
    first = max(1, index - LOOKBACK)
    returns = [closes[n] / closes[n - 1] - 1.0 for n in range(first, index)]
    if not returns:
        return UNKNOWN_SIGMA
    total = 0.0
    for change in returns:  # in this order, not sum(): Python 3.12 made sum() of floats more precise
        total += change * change
    return min(GREATEST_SIGMA, max(LEAST_SIGMA, sqrt(total / len(returns))))


def _floor(price: Decimal, tick: Decimal) -> int:
    return to_ticks(price, tick, ROUND_FLOOR)


def _volume(contract: Contract, seed: int, busy: float, sigmas: float) -> Decimal:
    (size,) = uniforms(f"{seed}/{contract.con_id}/volume", 1)
    usual = 2_000_000 + 10_000_000 * size
    lots = usual * (0.6 + 0.8 * busy) * (1.0 + min(3.0, sigmas) / 3.0) / 100.0
    return Decimal(100 * int(lots))
