"""Decides which strategies there are: the built-in ones and those that installed packages offer.

A package offers one by an entry point in the group `ib_trading.strategies` that names a Strategy class.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points

from ib_trading.core.positions import UNASSIGNED
from ib_trading.core.refusals import ConfigurationFault
from ib_trading.strategies.dummy import Dummy
from ib_trading.strategies.strategy import Strategy
from ib_trading.strategies.trend import Trend

ENTRY_POINT_GROUP = "ib_trading.strategies"
BUILT_IN: tuple[type[Strategy], ...] = (Dummy, Trend)


def load_strategies() -> Mapping[str, Strategy]:
    """Name → strategy. ConfigurationFault where two share a name or an entry point is no strategy."""
    found = {kind.name: kind() for kind in BUILT_IN}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        kind = point.load()
        if not (isinstance(kind, type) and issubclass(kind, Strategy)):
            raise ConfigurationFault(f"entry point {point.name} = {point.value} is not a Strategy class")
        if kind.name == UNASSIGNED:
            raise ConfigurationFault(
                f"{point.value} is called {UNASSIGNED}, the ledger's name for what is nobody's"
            )
        if kind.name in found:
            raise ConfigurationFault(
                f"two strategies are called {kind.name}; rename the one in {point.value}"
            )
        found[kind.name] = kind()
    return found
