"""The broker's own client library, as a user of it would write it, trading against the simulator.

The three distributions of that library (9.81, stable, latest) share this code: their callbacks differ in trailing
arguments only, which are taken as they come.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.order import Order
from ibapi.wrapper import EWrapper

SECONDS = 10.0


class Client(EWrapper, EClient):
    """Puts every answer into a queue of its kind."""

    def __init__(self) -> None:
        EClient.__init__(self, self)
        self.answers: dict[str, queue.Queue[Any]] = {}
        self.errors: list[tuple[int, str]] = []

    def of(self, kind: str) -> Any:
        """The next answer of `kind`; queue.Empty if there is none in time."""
        return self._queue(kind).get(timeout=SECONDS)

    def _queue(self, kind: str) -> queue.Queue[Any]:
        return self.answers.setdefault(kind, queue.Queue())

    def nextValidId(self, orderId: int) -> None:  # noqa: N803  the library's names
        self._queue("id").put(orderId)

    def error(self, *said: Any) -> None:
        numbers = [one for one in said if isinstance(one, int)]
        texts = [one for one in said if isinstance(one, str)]
        self.errors.append((numbers[-1] if numbers else 0, texts[0] if texts else ""))

    def contractDetails(self, reqId: int, contractDetails: Any) -> None:  # noqa: N803
        self._queue("details").put(contractDetails)

    def tickPrice(self, reqId: int, tickType: int, price: float, attrib: Any) -> None:  # noqa: N803
        self._queue(f"tick {tickType}").put(price)

    def orderStatus(self, orderId: int, status: str, filled: Any, *more: Any) -> None:  # noqa: N803
        self._queue(f"{orderId} {status}").put(float(filled))

    def execDetails(self, reqId: int, contract: Any, execution: Any) -> None:  # noqa: N803
        self._queue("execution").put(execution)

    def position(self, account: str, contract: Any, position: Any, avgCost: float) -> None:  # noqa: N803
        self._queue("position").put((contract.symbol, float(position)))


@contextmanager
def connected(port: int) -> Generator[tuple[Client, int]]:
    """A connected client and its next order id."""
    client = Client()
    client.connect("127.0.0.1", port, clientId=7)
    reader = threading.Thread(target=client.run, name="reader")
    reader.start()
    try:
        yield client, client.of("id")
    finally:
        client.disconnect()
        reader.join(SECONDS)


def apple() -> Contract:
    contract = Contract()
    contract.symbol, contract.secType, contract.exchange, contract.currency = "AAPL", "STK", "SMART", "USD"
    return contract


def order(action: str, quantity: int, kind: str, limit: float = 0.0) -> Order:
    one = Order()
    one.action, one.totalQuantity, one.orderType, one.tif, one.orderRef = (
        action,
        quantity,
        kind,
        "DAY",
        "theirs",
    )
    if kind == "LMT":
        one.lmtPrice = limit
    # Attributes that the older library sets by default and the broker no longer takes.
    for name in ("eTradeOnly", "firmQuoteOnly"):
        if hasattr(one, name):
            setattr(one, name, False)
    return one


def trades(port: int) -> Client:
    """Details, a quote, a fill, executions, positions, a resting order and its cancellation: the whole way."""
    with connected(port) as (client, first_id):
        client.reqContractDetails(1, apple())
        assert client.of("details").contract.conId == 265598
        client.reqMktData(2, apple(), "", True, False, [])
        bid, ask = client.of("tick 1"), client.of("tick 2")
        assert 0 < bid < ask
        client.placeOrder(first_id, apple(), order("BUY", 10, "MKT"))
        assert client.of(f"{first_id} Filled") == 10
        execution = client.of("execution")
        assert (execution.orderRef, float(execution.shares), execution.price) == ("theirs", 10, ask)
        client.reqPositions()
        assert client.of("position") == ("AAPL", 10)
        client.placeOrder(first_id + 1, apple(), order("BUY", 5, "LMT", round(bid / 2, 2)))
        client.of(f"{first_id + 1} Submitted")
        _cancel(client, first_id + 1)
        client.of(f"{first_id + 1} Cancelled")
        return client


def _cancel(client: Client, order_id: int) -> None:
    """The call's second argument is a text in some versions, an object in later ones, and not there in the oldest."""
    try:
        from ibapi.order_cancel import OrderCancel
    except ImportError:
        client.cancelOrder(order_id)
    else:
        client.cancelOrder(order_id, OrderCancel())
