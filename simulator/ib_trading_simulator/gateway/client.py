"""One connected client as the gateway sees it: who it is, what it subscribed to, and how to write to it.

Decides nothing; connection.py is the socket underneath.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ib_trading_simulator.brokerage.profit import Profit
from ib_trading_simulator.messages import outgoing
from ib_trading_simulator.messages.table import Table
from ib_trading_simulator.messages.wire import Value

# A request id that belongs to no request.
NO_ID = -1


@dataclass(slots=True, eq=False)
class Client:
    """`write` takes a whole frame. Account subscriptions keep the lines last sent, so that only changes
    follow.
    """

    client_id: int
    version: int
    write: Callable[[bytes], None]
    binds_manual_orders: bool = False
    market_data_type: int = 1
    wants_positions: bool = False
    # The account whose updates it subscribed to, and its lines as last sent: (key, currency) -> value.
    account: str = ""
    account_lines: dict[tuple[str, str], str] = field(default_factory=dict)
    # By request id.
    summaries: dict[int, Summary] = field(default_factory=dict)
    multis: dict[int, Multi] = field(default_factory=dict)
    profits: dict[int, ProfitSubscription] = field(default_factory=dict)
    # Ends the connection; what was written but not sent yet goes out before if the argument says so.
    hang_up: Callable[[bool], None] = lambda _answered: None
    # What stands between a message and the socket, while anything does: (client, table, values, frame).
    sending: Callable[[Client, Table, Mapping[str, object], bytes], None] | None = None

    def send(self, table: Table, **values: Value | tuple[Mapping[str, Value], ...]) -> None:
        written = table.encode(self.version, values)
        if self.sending is None:
            self.write(written)
        else:
            self.sending(self, table, values, written)

    def error(self, request_id: int, code: int, text: str) -> None:
        self.send(outgoing.ERROR, id=request_id, errorCode=code, errorString=text)


@dataclass(slots=True)
class Summary:
    """A subscription to the account summary: tags as asked for, and the lines last sent."""

    tags: tuple[str, ...]
    lines: dict[tuple[str, str, str], str] = field(default_factory=dict)


@dataclass(slots=True)
class ProfitSubscription:
    """A subscription to one account's profit and loss by request id, with the figures last sent."""

    account: str
    told: Profit | None = None


@dataclass(slots=True)
class Multi:
    """A subscription to one account's values by request id."""

    account: str
    model: str
    ledger_only: bool
    lines: dict[tuple[str, str], str] = field(default_factory=dict)
