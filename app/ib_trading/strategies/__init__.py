"""What a strategy is written with, in one place: `from ib_trading.strategies import Strategy, stocks`.

Decides which names an author may rely on; what they mean stands where they are defined. The two strategies that come
with the service are in this folder.
"""

from ib_trading.strategies.strategy import ContractSpec, Strategy, StrategyView, stocks

__all__ = ["ContractSpec", "Strategy", "StrategyView", "stocks"]
