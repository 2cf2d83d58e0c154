"""A strategy that counts its decisions, and trades with each of them."""

from __future__ import annotations

from ib_trading.host.in_process import InProcess
from ib_trading.strategies import Decision, Strategy, StrategyView, stocks


class Counter(Strategy):
    """Now more, now less of three stocks; its memory is how often it has decided, its note which decision this is."""

    name = "counter"
    instruments = stocks("KO", "JNJ", "PG")

    def decide(self, view: StrategyView) -> Decision:
        count = (view.memory or 0) + 1
        weight = 0.2 if count % 2 else 0.3
        return Decision(dict.fromkeys(self.instruments, weight), {"count": count}, memory=count)


def with_counter() -> InProcess:
    """Every strategy that there is, and this one."""
    found = InProcess.discovered()
    return InProcess({**found.kinds, Counter.name: Counter}, found.failures)
