"""What a strategy is written with, in one place: `from ib_trading.strategies import Strategy, stocks`.

Decides which names an author may rely on; what they mean stands where they are defined. Every module of this folder
that defines a subclass of Strategy offers it under its `name`: nothing else has to be told of it.
"""

from ib_trading.authoring.contracts import etf, forex, index, stock, stocks
from ib_trading.authoring.decision import KEEP, Contracts, Decision
from ib_trading.authoring.strategy import Parameters, Strategy, between
from ib_trading.authoring.view import NotSeen, StrategyView
from ib_trading.core.instruments import ContractSpec
from ib_trading.core.strategy import History

__all__ = [
    "KEEP",
    "ContractSpec",
    "Contracts",
    "Decision",
    "History",
    "NotSeen",
    "Parameters",
    "Strategy",
    "StrategyView",
    "between",
    "etf",
    "forex",
    "index",
    "stock",
    "stocks",
]
