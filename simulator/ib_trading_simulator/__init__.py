"""A stand-in for IB Gateway: its TCP protocol, an account, recorded prices, and a control port.

The command `ib-trading-simulator` and `python -m ib_trading_simulator` run it; `ib_trading_simulator.launch.Launched`
runs it from a test. It imports nothing but itself and the standard library. README.md, beside this package's
folder, says what it does and what it does not.
"""
