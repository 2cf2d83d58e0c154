"""A stand-in for IB Gateway: its TCP protocol, an account, recorded prices, and a control port.

`python -m simulator --help` runs it; `simulator.launch.Launched` runs it from a test. It imports nothing of
this repository but itself and nothing outside the standard library. README.md says what it does and what it
does not.
"""
