"""A gateway that follows a script of frames, so that each silence and each lie is exactly the one that a test names."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Self

from ib_trading.adapters.ib.deadlines import Deadlines
from ib_trading.adapters.ib.session import IbGateway
from ib_trading.core.order_kind import Side
from ib_trading_simulator.messages import outgoing
from ib_trading_simulator.messages.framing import FrameReader, PrefixReader, fields_of, frame
from ib_trading_simulator.messages.table import Table
from tests.adapters.samples import AAPL
from tests.contracts.samples import an_order

VERSION = 176
ACCOUNT = "DU1"
REF = "ib-pabc"
Answer = bytes | Callable[[list[str]], bytes]


def told(table: Table, **values: str | int | Decimal | None) -> bytes:
    return table.encode(VERSION, values)


def error(order_id: int, code: int, text: str) -> bytes:
    return told(outgoing.ERROR, id=order_id, errorCode=code, errorString=text)


def open_order(status: str, perm_id: int = 900, order_id: int = 1) -> bytes:
    return told(
        outgoing.OPEN_ORDER,
        orderId=order_id,
        conId=265598,
        symbol="AAPL",
        localSymbol="AAPL",
        secType="STK",
        action=Side.BUY,
        totalQuantity=100,
        orderType="MKT",
        account=ACCOUNT,
        orderRef=REF,
        clientId=101,
        permId=perm_id,
        status=status,
    )


def completed_order(status: str, *, quantity: int, filled: int) -> bytes:
    """As the gateway tells it: without an order id."""
    return told(
        outgoing.COMPLETED_ORDER,
        conId=265598,
        localSymbol="AAPL",
        action=Side.BUY,
        totalQuantity=quantity,
        orderType="MKT",
        account=ACCOUNT,
        orderRef=REF,
        permId=900,
        status=status,
        filledQuantity=filled,
    )


def order_status(status: str, filled: int = 0, perm_id: int = 900) -> bytes:
    return told(
        outgoing.ORDER_STATUS,
        orderId=1,
        status=status,
        filled=filled,
        remaining=100 - filled,
        avgFillPrice=Decimal("38.7") if filled else 0,
        permId=perm_id,
        clientId=101,
    )


def execution(
    shares: int, exec_id: str, *, request: str = "-1", time: str = "20190102 10:00:00 US/Eastern"
) -> bytes:
    return told(
        outgoing.EXECUTION,
        reqId=request,
        orderId=1,
        conId=265598,
        symbol="AAPL",
        secType="STK",
        localSymbol="AAPL",
        currency="USD",
        execId=exec_id,
        time=time,
        acctNumber=ACCOUNT,
        side="BOT",
        shares=shares,
        price=Decimal("38.7"),
        permId=900,
        clientId=101,
        cumQty=shares,
        avgPrice=Decimal("38.7"),
        orderRef=REF,
    )


def commission(exec_id: str, amount: str = "1.25") -> bytes:
    return told(outgoing.COMMISSION_REPORT, execId=exec_id, commission=amount, currency="USD")


EXECUTIONS_END = 55
NOW = told(outgoing.CURRENT_TIME, time=0)
GREETING = told(outgoing.MANAGED_ACCOUNTS, accountsList=ACCOUNT) + told(outgoing.NEXT_VALID_ID, orderId=1)


class ScriptedGateway:
    """Answers each message by its number as the script says, and with silence where it says nothing.

    One client at a time. An answer of b"" closes the connection.
    """

    def __init__(self, script: dict[int, Answer], version: int = VERSION) -> None:
        self._version = version
        self._script: dict[int, Answer] = {71: GREETING, **script}
        self._server = socket.create_server(("127.0.0.1", 0))
        self._connection: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve)
        self.port: int = self._server.getsockname()[1]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        # Wakes the accept of a gateway that nobody has called.
        self._server.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._server.close()

    def send(self, *frames: bytes) -> None:
        assert self._connection is not None
        self._connection.sendall(b"".join(frames))

    def _serve(self) -> None:
        while True:
            try:
                self._connection, _ = self._server.accept()
            except OSError:
                return
            with self._connection:
                self._converse(self._connection)

    def _converse(self, connection: socket.socket) -> None:
        prefix, frames = PrefixReader(), FrameReader()
        rest = None
        while rest is None:
            rest = prefix.feed(connection.recv(4096))
        received, greeted = rest, False
        while received or not greeted:
            for payload in frames.feed(received):
                if not greeted:
                    greeted = True
                    self.send(frame((str(self._version), "20190102 10:00:00 EST")))
                    continue
                fields = list(fields_of(payload))
                answer = self._script.get(int(fields[0]))
                if answer == b"":
                    return
                if answer is not None:
                    self.send(answer if isinstance(answer, bytes) else answer(fields))
            received = connection.recv(4096)


Talk = Callable[[dict[int, Answer]], tuple[ScriptedGateway, IbGateway]]
DEADLINES = Deadlines(
    answer=0.3, profit=0.3, snapshot=0.3, history=0.3, commissions=0.1, explanation=0.1, shown=0.1, close=0.3
)

ORDER = an_order(REF, "run-1", quantity=Decimal(100)), 1, ACCOUNT, AAPL
