"""What strategies are written with: the base class, what it declares, what it sees, and what it may decide.

`ib_trading.strategies` hands the names out to authors. Nothing of the service itself imports this folder: strategies
run in a process of their own.
"""
