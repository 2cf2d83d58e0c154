"""`new NAME`: a strategy that trades, and its test, to be changed into one's own.

Decides what a beginning looks like and where it lies. What is there already is never written over.
"""

from __future__ import annotations

import keyword
import re
from pathlib import Path

STRATEGIES, TESTS = Path("app/ib_trading/strategies"), Path("tests/strategies")

STRATEGY = '''\
"""What {name} does, and where the idea comes from: the author, the title, the page."""

from __future__ import annotations

from typing import Annotated

from ib_trading.strategies import Decision, History, Parameters, Strategy, StrategyView, between, etf

SPY = etf("SPY")


class {kind}(Strategy):
    """Long SPY while it stands above its average of some days, else in cash."""

    class Parameters(Parameters, frozen=True):
        """`days` are averaged."""

        days: Annotated[int, between(2, 500)] = 50

    name = "{name}"
    instruments = (SPY,)

    @property
    def history(self) -> tuple[History, ...]:
        return (History("1 day", self.parameters.days),)

    def decide(self, view: StrategyView) -> Decision:
        closes = view.bars(SPY).close
        average = closes[-self.parameters.days :].mean()
        return Decision({{SPY: 1 if closes[-1] > average else 0}}, notes={{"average": round(average, 2)}})
'''

TEST = '''\
"""{kind}: what it holds when prices rise and when they fall."""

from __future__ import annotations

from ib_trading.strategies.{name} import SPY, {kind}
from ib_trading.strategies.testing import view


def held(closes: list[float]) -> object:
    strategy = {kind}()
    return strategy.decide(view(strategy, closes={{SPY: closes}})).targets


def test_it_is_long_above_the_average() -> None:
    assert held([100.0] * 49 + [101.0]) == {{SPY: 1}}


def test_it_is_in_cash_below_the_average() -> None:
    assert held([100.0] * 49 + [99.0]) == {{SPY: 0}}
'''


class NotWritten(ValueError):
    """Why nothing was begun."""


def begin(name: str, root: Path) -> tuple[Path, Path]:
    """Writes the two files below `root`, and returns their paths relative to it."""
    if re.fullmatch("[a-z][a-z0-9_]*", name) is None or keyword.iskeyword(name):
        raise NotWritten(
            f"{name!r} is no name of a module; write small letters, digits and _, such as my_trend"
        )
    kind = "".join(part.capitalize() for part in name.split("_"))
    written = {
        STRATEGIES / f"{name}.py": STRATEGY.format(name=name, kind=kind),
        TESTS / f"test_{name}.py": TEST.format(name=name, kind=kind),
    }
    there = [path for path in written if (root / path).exists()]
    if there:
        raise NotWritten(f"{there[0]} is there already; choose another name")
    for path, text in written.items():
        (root / path).write_text(text, encoding="utf-8")
    strategy, test = written
    return strategy, test
