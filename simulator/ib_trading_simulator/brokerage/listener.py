"""Who hears what happens at the broker: the words between broker.py and whoever passes its news on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ib_trading_simulator.brokerage.executions import Execution
from ib_trading_simulator.brokerage.orders import Order


class Listener(Protocol):
    """Who is told what happens, in the order in which a real gateway would tell it."""

    def order_changed(self, order: Order, *, final: bool = False) -> None:
        """openOrder and orderStatus; `final` repeats them with the commission, as after the last fill."""

    def status_changed(self, order: Order) -> None:
        """orderStatus alone."""

    def executed(self, execution: Execution) -> None: ...

    def commission_reported(self, execution: Execution) -> None: ...

    def noticed(self, order: Order, code: int, text: str) -> None:
        """An error or warning about an order, to its owner."""

    def holdings_changed(self, account: str, con_id: int) -> None: ...

    def quotes_moved(self, con_ids: Iterable[int]) -> None: ...


class NoListener:
    """A listener that hears nothing: what a broker has until a gateway listens."""

    def order_changed(self, order: Order, *, final: bool = False) -> None: ...

    def status_changed(self, order: Order) -> None: ...

    def executed(self, execution: Execution) -> None: ...

    def commission_reported(self, execution: Execution) -> None: ...

    def noticed(self, order: Order, code: int, text: str) -> None: ...

    def holdings_changed(self, account: str, con_id: int) -> None: ...

    def quotes_moved(self, con_ids: Iterable[int]) -> None: ...
