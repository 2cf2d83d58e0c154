"""The process that strategies are imported and called in, and how the service speaks with it.

`python -m ib_trading.host FD FOLDER…` runs it, on a socket that the service has made. It has no broker, no store, no
credentials. Each question is answered in a process forked for it, which ends with its answer: whatever a strategy does
to it is that strategy's failure alone (docs/decisions/0073-strategies-in-a-process-of-their-own.md).
"""
