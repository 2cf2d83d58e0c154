"""What `./nox -s strategy` runs: a strategy begun, described, and tried on recorded prices.

The simulator's record stands in for the market, and the strategy runs in the very host that the service runs it in; no
gateway, no store and no configuration are needed. What is found is said in verdicts; how well it would have traded is
not looked at.
"""
